import type { MediaPath } from './media-path.ts';
import type { SessionStats, SimulatedCamera } from './simulated-camera.ts';

/** What one PLAY has started: a camera's media on their way to one client. */
export interface PlayedStream {
  readonly firstSequence: number;
  readonly firstTimestamp: number;
  /** Nothing comes any more. */
  readonly over: boolean;
  readonly stats: SessionStats;
  /** Sends what is due; called every few milliseconds. @param now ms of `performance.now()` */
  pace(now: number): void;
  stop(): void;
}

export interface StreamOptions {
  readonly camera: SimulatedCamera;
  readonly path: MediaPath;
  /** Of its `$` frames. */
  readonly channel: number;
  /** Where its sound goes, if the client has set that up. */
  readonly sound: { readonly path: MediaPath; readonly channel: number } | undefined;
  readonly session: number;
  /** When the first frame is due, ms of `performance.now()`. */
  readonly began: number;
}
