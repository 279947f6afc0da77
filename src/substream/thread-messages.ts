import type { PulledSpec } from '../ingest/camera-source.ts';
import type { ReceivingSetup, WatchNews } from '../ingest/receiving-messages.ts';
import type { ThreadLoad } from '../time/thread-load.ts';
import type { WatchedFrames } from '../watch/watched-picture.ts';
import type { SubStreamState, SubStreamStatus } from './sub-stream-status.ts';

/** The sub-stream of a camera. */
export interface SubStreamOrder {
  readonly cameraNo: number;
  /** With its password: never to be logged. */
  readonly source: PulledSpec;
  readonly frames: WatchedFrames;
}

/** Given to the thread when it starts. */
export interface SubStreamSetup extends ReceivingSetup {
  readonly streams: readonly SubStreamOrder[];
}

/** What the thread tells, in order. */
export type SubStreamReport =
  | WatchNews
  | {
      readonly kind: 'status';
      readonly streams: readonly { readonly cameraNo: number; readonly status: SubStreamStatus }[];
      readonly load: ThreadLoad;
    }
  | {
      readonly kind: 'changed';
      readonly cameraNo: number;
      readonly state: SubStreamState;
      readonly reason: string;
    };
