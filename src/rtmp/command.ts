import { type AmfValue, decodeAmf0 } from './amf0.ts';
import { problem, type RtmpProblem } from './problem.ts';

/** What a client asks, as far as it matters to a server that nobody plays from. */
export type RtmpCommand =
  | { readonly kind: 'connect'; readonly transaction: number; readonly app: string }
  | { readonly kind: 'create-stream'; readonly transaction: number }
  | { readonly kind: 'publish'; readonly name: string }
  | { readonly kind: 'play' }
  /** The publisher says that it is done. */
  | { readonly kind: 'end' }
  /** Announcements (`releaseStream`, `FCPublish`) and answers that nothing depends on. */
  | { readonly kind: 'other' };

/**
 * A command message: its name, a transaction number, an object, arguments (Adobe RTMP 1.0, section 7.2).
 * @param amf3 it begins with a byte that says which AMF follows, and 0 is the only one in use
 */
export function parseCommand(payload: Buffer, amf3: boolean): RtmpCommand | RtmpProblem {
  if (amf3 && payload[0] !== 0) return problem('protocol', 'it sends a command in AMF3');
  const values = decodeAmf0(amf3 ? payload.subarray(1) : payload);
  if (!values) return problem('protocol', 'it sends a command that is no AMF0');
  const [command, transaction, object, argument] = values;
  switch (command) {
    case 'connect': {
      const app = object instanceof Map ? (object as ReadonlyMap<string, AmfValue>).get('app') : undefined;
      if (typeof app !== 'string') return problem('protocol', 'it connects without an application');
      return { kind: 'connect', transaction: numberOf(transaction), app };
    }
    case 'createStream':
      return { kind: 'create-stream', transaction: numberOf(transaction) };
    case 'publish':
      if (typeof argument !== 'string') return problem('protocol', 'it publishes without a name');
      return { kind: 'publish', name: argument };
    case 'play':
    case 'play2':
      return { kind: 'play' };
    case 'FCUnpublish':
    case 'closeStream':
    case 'deleteStream':
      return { kind: 'end' };
    default:
      return typeof command === 'string'
        ? { kind: 'other' }
        : problem('protocol', 'it sends a command without a name');
  }
}

/** A transaction number is echoed: what is none is answered as 0. */
function numberOf(value: AmfValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
