import type { RtspAnswer } from './connection.ts';
import { succeeded } from './dialogue.ts';
import { failure, type RtspFailure } from './failure.ts';
import { headerValue } from './headers.ts';
import { parseSession, type RtspSession } from './session-header.ts';
import { parseTransport, type RtspTransport } from './transport.ts';

/** What a camera says to SETUP. */
export type SetUpAnswer =
  | {
      readonly kind: 'granted';
      readonly session: RtspSession | undefined;
      readonly transport: RtspTransport | undefined;
    }
  | RtspFailure
  | OtherTransport;

/** It might work if the camera were asked once more, from DESCRIBE on, for that transport (F10). */
export interface OtherTransport {
  readonly kind: 'again';
  readonly transport: 'tcp' | 'udp';
  /** Why this one does not work. */
  readonly reason: RtspFailure;
  /** The camera has said so, and will say so again: the next viewing begins with the other one. */
  readonly certain: boolean;
}

const UNSUPPORTED_TRANSPORT = 461;

/** What has nothing to do with the transport: password, name, room. Else cameras say 461, or whatever comes to them. */
const UNRELATED_STATUS: ReadonlySet<number> = new Set([401, 403, 404, 410, 453, 454, 503]);

export function readSetUpAnswer(answer: RtspAnswer, asked: 'tcp' | 'udp'): SetUpAnswer {
  const { status, headers } = answer.head;
  const other = asked === 'tcp' ? 'udp' : 'tcp';
  const success = succeeded('SETUP', answer);
  if (success.kind === 'failure') {
    if (UNRELATED_STATUS.has(status)) return success;
    return { kind: 'again', transport: other, reason: success, certain: status === UNSUPPORTED_TRANSPORT };
  }
  const session = parseSession(headerValue(headers, 'session') ?? '');
  const transport = parseTransport(headerValue(headers, 'transport') ?? '');
  if (transport?.lower === other || transport?.isMulticast) {
    const words = transport.isMulticast ? 'multicast' : other.toUpperCase();
    const reason = failure(
      'protocol',
      `the camera sends by ${words}, although asked for ${asked.toUpperCase()}`,
    );
    return { kind: 'again', transport: other, reason, certain: true };
  }
  return { kind: 'granted', session, transport };
}
