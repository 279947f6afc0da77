import type { Clip } from '../../src/simulator/clip.ts';
import type { SoundClip } from '../../src/simulator/sound-clip.ts';
import type { FlvClip } from './flv-clip.ts';

/** A clip in both forms in which it goes out. */
export interface FleetClip {
  readonly rtp: Clip;
  /** Only where cameras push. */
  readonly flv: FlvClip | undefined;
}

/** One camera of the fleet, and what it is going to do. */
export interface FleetCamera {
  readonly path: string;
  readonly index: number;
  readonly clip: FleetClip;
  /** Played for `EVENT_SECONDS` of each `EVENT_EVERY_SECONDS`. */
  readonly event: FleetClip | undefined;
  /** Another size of picture, for the fault of that name. */
  readonly resized: FleetClip | undefined;
  readonly sound: SoundClip | undefined;
  /** Its packets trickle. */
  readonly slow: boolean;
}

const EVENT_SECONDS = 6;
const EVENT_EVERY_SECONDS = 60;
/** Golden ratio: spreads cameras over a circle without two of them meeting. */
const SPREAD = 0.618_033_988_75;

/** Where in its rounds a camera is, from 0 to 1: of no two cameras the same. */
export const phaseOf = (index: number): number => (index * SPREAD) % 1;

/** What a camera plays from the next key frame on. */
export function clipAt(camera: FleetCamera, seconds: number, timesResized: number): FleetClip {
  if (camera.resized && timesResized % 2 === 1) return camera.resized;
  const inRound = (seconds + phaseOf(camera.index) * EVENT_EVERY_SECONDS) % EVENT_EVERY_SECONDS;
  return camera.event && inRound < EVENT_SECONDS ? camera.event : camera.clip;
}
