import type { MessagePort } from 'node:worker_threads';
import type { ThreadLoad } from '../time/thread-load.ts';
import type { ListenFailure } from './rtmp-server.ts';
import type { RefusalCause } from './problem.ts';

/** Given to the RTMP thread when it starts. */
export interface RtmpSetup {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  /** With their keys: never to be logged. */
  readonly cameras: readonly { readonly cameraNo: number; readonly id: string; readonly key: string }[];
}

/** What the main thread asks of the RTMP thread. */
export type RtmpCommand =
  /** A recording thread was started; this is the line to it. */
  { readonly kind: 'recorder'; readonly port: MessagePort } | { readonly kind: 'stop' };

/** What the RTMP thread tells. */
export type RtmpReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'cannot-listen'; readonly failure: ListenFailure }
  | { readonly kind: 'published'; readonly cameraId: string; readonly peer: string }
  | RefusalReport
  /** Once a second: counts since the last one. */
  | {
      readonly kind: 'counts';
      readonly refused: Readonly<Partial<Record<RefusalCause, number>>>;
      readonly dropped: readonly { readonly id: string; readonly messages: number }[];
      readonly load: ThreadLoad;
    };

/** Told for some of many; counted for all. */
export interface RefusalReport {
  readonly kind: 'refused';
  readonly cause: RefusalCause;
  readonly reason: string;
  readonly peer: string;
  readonly cameraId: string | undefined;
}
