import type { GapCause } from '../catalog/catalog.ts';
import type { CameraState, CameraStatus } from '../ingest/camera-status.ts';
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
}

export interface ThreadCamera {
  readonly cameraNo: number;
  readonly id: string;
  /** With its password: never to be logged. */
  readonly url: string;
}

/** What the main thread asks of a recording thread. */
export type ThreadCommand = { readonly kind: 'stop' };

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
      readonly loopDelaySeconds: number;
      readonly bufferedBytes: number;
    }
  | {
      readonly kind: 'camera';
      readonly cameraNo: number;
      readonly state: CameraState;
      readonly reason: string;
    }
  | { readonly kind: 'disk'; readonly cameraNo: number; readonly cause: GapCause; readonly problem: string }
  | { readonly kind: 'clock-step'; readonly micros: number }
  /** Everything is on disk and reported; the thread ends. */
  | { readonly kind: 'stopped' };
