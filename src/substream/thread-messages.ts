import type { PulledSpec } from '../ingest/camera-source.ts';
import type { ThreadLoad } from '../time/thread-load.ts';
import type { Sighting, WatchedFrames, WatchReport } from '../watch/watched-picture.ts';
import type { SubStreamState, SubStreamStatus } from './sub-stream-status.ts';

/** The sub-stream of a camera. */
export interface SubStreamOrder {
  readonly cameraNo: number;
  /** With its password: never to be logged. */
  readonly source: PulledSpec;
  readonly frames: WatchedFrames;
}

/** Given to the thread when it starts. */
export interface SubStreamSetup {
  readonly streams: readonly SubStreamOrder[];
  /** Memory for pictures that are being received. */
  readonly bufferBytes: number;
  /** Memory for copies of pictures that the main thread has not taken yet. */
  readonly watchBytes: number;
  /** For media that come by UDP; `undefined`: any. */
  readonly udpPorts: { readonly from: number; readonly to: number } | undefined;
}

/** What the main thread asks of it. */
export type SubStreamCommand =
  | { readonly kind: 'stop' }
  /** It has the last `watch` report. */
  | { readonly kind: 'watch-taken' }
  | { readonly kind: 'seen'; readonly sightings: readonly Sighting[] };

/** What the thread tells, in order. */
export type SubStreamReport =
  /** As that of a recording thread. */
  | { readonly kind: 'watch'; readonly report: WatchReport; readonly shed: number }
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
