import type { MessagePort } from 'node:worker_threads';
import type { GapCause } from '../catalog/catalog.ts';
import type { SourceSpec } from '../ingest/camera-source.ts';
import type { CameraState, CameraStatus } from '../ingest/camera-status.ts';
import type { ThreadLoad } from '../time/thread-load.ts';
import type { Sighting, WatchedFrames, WatchReport } from '../watch/watched-picture.ts';
import type { RecorderEvent } from './recorder-event.ts';

/** Given to a recording thread when it starts. */
export interface ThreadSetup {
  /** For logs and for the label `thread`. */
  readonly name: string;
  readonly cameras: readonly ThreadCamera[];
  readonly storageRoot: string;
  readonly segmentMicros: number;
  readonly fragmentMicros: number;
  readonly syncMicros: number;
  /** Memory for frames on their way to disk. */
  readonly bufferBytes: number;
  /** Memory for copies of pictures that the main thread has not taken yet. */
  readonly watchBytes: number;
  /** For media that come by UDP; `undefined`: any. */
  readonly udpPorts: { readonly from: number; readonly to: number } | undefined;
}

export interface ThreadCamera {
  readonly cameraNo: number;
  readonly id: string;
  /** With its password: never to be logged. */
  readonly source: SourceSpec;
  /** Its sound may be recorded; otherwise the camera is not asked for any. */
  readonly audio: boolean;
  /** Which of its pictures the main thread is handed; `undefined`: none. */
  readonly watch: WatchedFrames | undefined;
}

/** What the main thread asks of a recording thread. */
export type ThreadCommand =
  | { readonly kind: 'stop' }
  /** The line to the RTMP thread, which was started or started again. */
  | { readonly kind: 'rtmp'; readonly port: MessagePort }
  /** It has the last `watch` report. */
  | { readonly kind: 'watch-taken' }
  | { readonly kind: 'seen'; readonly sightings: readonly Sighting[] };

/** Memory of a thread for frames on their way to disk. */
export interface BufferUse {
  readonly bytes: number;
  readonly budgetBytes: number;
}

/** What a recording thread tells, in order. */
export type ThreadReport =
  | {
      readonly kind: 'events';
      readonly events: readonly RecorderEvent[];
      readonly writeMicros: readonly number[];
    }
  | {
      readonly kind: 'status';
      readonly cameras: readonly { readonly cameraNo: number; readonly status: CameraStatus }[];
      readonly load: ThreadLoad;
      readonly buffers: BufferUse;
    }
  | {
      readonly kind: 'camera';
      readonly cameraNo: number;
      readonly state: CameraState;
      readonly reason: string;
    }
  | { readonly kind: 'disk'; readonly cameraNo: number; readonly cause: GapCause; readonly problem: string }
  | { readonly kind: 'clock-step'; readonly micros: number }
  /**
   * What motion analysis is given, and how many pictures were dropped before; the next one comes when `watch-taken` was
   * said of it.
   */
  | { readonly kind: 'watch'; readonly report: WatchReport; readonly shed: number }
  /** Everything is on disk and reported; the thread ends. */
  | { readonly kind: 'stopped' };
