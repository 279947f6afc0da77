import type { MessagePort } from 'node:worker_threads';
import type { GapCause } from '../catalog/catalog.ts';
import type { SourceSpec } from '../ingest/camera-source.ts';
import type { CameraState, CameraStatus } from '../ingest/camera-status.ts';
import type { ReceivingCommand, ReceivingSetup, WatchNews } from '../ingest/receiving-messages.ts';
import type { ThreadLoad } from '../time/thread-load.ts';
import type { WatchedFrames } from '../watch/watched-picture.ts';
import type { RecorderEvent } from './recorder-event.ts';

/** Given to a recording thread when it starts. */
export interface ThreadSetup extends ReceivingSetup {
  /** For logs and for the label `thread`. */
  readonly name: string;
  readonly cameras: readonly ThreadCamera[];
  readonly storageRoot: string;
  readonly segmentMicros: number;
  readonly fragmentMicros: number;
  readonly syncMicros: number;
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
  | ReceivingCommand
  /** The line to the RTMP thread, which was started or started again. */
  | { readonly kind: 'rtmp'; readonly port: MessagePort };

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
  | WatchNews
  /** Everything is on disk and reported; the thread ends. */
  | { readonly kind: 'stopped' };
