import type { LookedMinute } from '../catalog/motion.ts';
import type { Sighting } from '../watch/watched-picture.ts';
import type { BegunEvent, EndedEvent } from './event-book.ts';

/** Who keeps events. Of a camera, one of each kind is open at most; events of one kind never overlap. */
export interface EventKeeper {
  began(event: BegunEvent): void;
  ended(event: EndedEvent): void;
}

/** What became of a picture that motion was given; each has one of these. */
export const PICTURE_RESULTS = [
  /** Looked at: something moves, nothing does, or too little is known of the camera yet. */
  'moving',
  'still',
  'learning',
  /** A key frame that looked like nothing moves, by its size: not decoded. */
  'passed',
  /** Not looked at: a newer one took its place, or there was no room. */
  'shed',
  'undecodable',
  /** The detector failed on it. */
  'failed',
] as const;
export type PictureResult = (typeof PICTURE_RESULTS)[number];

/** Where pictures are shed, in the order in which they come there. */
export const SHEDDING_STAGES = ['decode', 'detect'] as const;
export type SheddingStage = (typeof SHEDDING_STAGES)[number];

/** Who logs and counts, and where outcomes go. None of these may throw. */
export interface MotionObserver extends EventKeeper {
  /** What came since this was called last: rows of the same minute add up. */
  looked(minutes: readonly LookedMinute[]): void;
  /** Of each picture that was looked at. */
  sighted(sighting: Sighting): void;
  picture(cameraNo: number, result: PictureResult): void;
  shed(stage: SheddingStage): void;
  /** From a picture being handed over to what was seen in it. */
  took(seconds: number): void;
  /** Something was wrong, and motion goes on without it: one incident. */
  problem(what: string, fields: Readonly<Record<string, unknown>>): void;
}
