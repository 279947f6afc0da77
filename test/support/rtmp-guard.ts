import { MessageChannel } from 'node:worker_threads';
import type { ViewingEnd } from '../../src/rtmp/link-messages.ts';
import type { RtmpProblem } from '../../src/rtmp/problem.ts';
import { RtmpInbox } from '../../src/rtmp/rtmp-inbox.ts';
import { RtmpServer } from '../../src/rtmp/rtmp-server.ts';
import { systemClock } from '../../src/time/clock.ts';
import { monoMicros } from '../../src/time/units.ts';

export const GUARD_KEY = 'the-right-key-of-it';
export const GUARD_CAMERAS = ['gare', 'quai'] as const;

/** One audio or video message as the recorder gets it. */
export interface ReceivedMessage {
  readonly type: number;
  readonly timestamp: number;
  readonly data: Buffer;
}

/** What the recorder of one camera was told. */
export interface Viewing {
  published: number;
  readonly messages: ReceivedMessage[];
  readonly ends: ViewingEnd[];
}

/** Our RTMP server with a recorder behind it that keeps everything. */
export interface Guard {
  readonly port: number;
  readonly server: RtmpServer;
  readonly inbox: RtmpInbox;
  readonly refused: (RtmpProblem & { readonly peer: string; readonly camera: string | undefined })[];
  /** What camera number 1, `gare`, or 2, `quai`, was told. A viewing that ends is followed by the next. */
  view(cameraNo: number): Viewing;
  /** Lets so many seconds pass on the server's clock. */
  pass(seconds: number): void;
  close(): void;
}

export async function startGuard(): Promise<Guard> {
  let passed = 0;
  const refused: Guard['refused'] = [];
  const server = new RtmpServer({
    cameras: GUARD_CAMERAS.map((id, index) => ({ cameraNo: index + 1, id, key: GUARD_KEY })),
    clock: {
      wall: () => systemClock.wall(),
      mono: () => monoMicros(systemClock.mono() + passed),
    },
    observer: {
      refused: (why, peer, camera) => void refused.push({ ...why, peer, camera }),
      published: () => undefined,
    },
  });
  const port = await server.listen('127.0.0.1', 0);
  if (typeof port !== 'number') throw new Error(port.message);
  const { port1, port2 } = new MessageChannel();
  const inbox = new RtmpInbox();
  server.addRecorder(port1);
  inbox.connect(port2);
  return {
    port,
    server,
    inbox,
    refused,
    view(cameraNo) {
      const viewing: Viewing = { published: 0, messages: [], ends: [] };
      const receiver = {
        published: () => void viewing.published++,
        media: (
          { type, timestamp, start, end }: { type: number; timestamp: number; start: number; end: number },
          batch: Buffer,
        ) => void viewing.messages.push({ type, timestamp, data: Buffer.from(batch.subarray(start, end)) }),
        ended: (end: ViewingEnd) => {
          viewing.ends.push(end);
          inbox.open(cameraNo, receiver);
        },
      };
      inbox.open(cameraNo, receiver);
      return viewing;
    },
    pass(seconds) {
      passed += seconds * 1e6;
    },
    close() {
      inbox.disconnect();
      server.close();
    },
  };
}
