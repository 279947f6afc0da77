import type { VideoConfig } from '../media/video-config.ts';
import type { WallMicros } from '../time/units.ts';
import type { GateReason } from './gate.ts';

/**
 * Which pictures of a stream are handed over. `keys`: key frames, if the gate thinks them worth it. `all`: every picture,
 * and the gate is not asked. `auto`: as `keys`, but where key frames are far apart, what follows one that is worth it
 * comes too.
 */
export const WATCHED_FRAMES = ['keys', 'all', 'auto'] as const;
export type WatchedFrames = (typeof WATCHED_FRAMES)[number];

/** A coded picture that motion analysis is given: a copy, so that nothing which happens to it touches recording. */
export interface WatchedPicture {
  readonly cameraNo: number;
  /** When it was taken: of the main stream as the recording says, of a sub-stream when it arrived. */
  readonly at: WallMicros;
  /**
   * Media ticks since the picture of this camera that was handed over before; 0 for the first of a stream. Above 0 for all
   * others, also where pictures come in another order than they are shown in.
   */
  readonly elapsedTicks: number;
  readonly key: boolean;
  /**
   * Another number: another stream, or other parameter sets. Pictures that are no key frames lean only on those of the
   * same one, and none that they lean on is missing between them and the last key frame that was handed over.
   */
  readonly stream: number;
  /** The same object as long as `stream` is the same. */
  readonly config: VideoConfig;
  /** Length-prefixed NAL units, as they stand in a recording. */
  readonly sample: Uint8Array;
  /** Why it is worth decoding; of a picture that is no key frame, why the key frame before it is. */
  readonly reason: WatchReason;
}

/**
 * `always`: every picture of this camera is wanted, whatever the gate would say. `earlier`: a key frame that was passed
 * over, and what came after it says that it should not have been. The gate is told nothing of what is seen in it.
 */
export type WatchReason = Exclude<GateReason, 'quiet'> | 'always' | 'earlier';

/** A key frame that is not worth decoding: looked at in the sense that something was known of it. */
export interface PassedPicture {
  readonly cameraNo: number;
  readonly at: WallMicros;
}

/** What a thread that receives tells of the pictures since it last did, in order. */
export interface WatchReport {
  readonly pictures: readonly WatchedPicture[];
  readonly passed: readonly PassedPicture[];
}

/** What the detector saw in a picture, for the gate that let it through. */
export interface Sighting {
  readonly cameraNo: number;
  readonly moving: boolean;
}
