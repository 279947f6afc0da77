import type { WallMicros } from '../time/units.ts';
import type { CameraWatch } from './camera-watch.ts';

/** `learning`: looked at, and little is known yet; `blind`: not looked at. */
export const DETECTION_STATES = ['on', 'learning', 'blind'] as const;
export type DetectionState = (typeof DETECTION_STATES)[number];

export interface DetectionStatus {
  readonly state: DetectionState;
  /** For people: why it is blind, or sees less than it should; empty when all is well. */
  readonly reason: string;
  /** When the picture was taken that was looked at last; `null`: none yet. */
  readonly lastLookAt: WallMicros | null;
  /** Looked at, over the last ten seconds. */
  readonly framesPerSecond: number;
}

/** More than twice the rarest look at a quiet camera. */
const BLIND_MILLIS = 30_000;

/** @param now by `performance.now()` */
export function detectionStatus(
  watch: Pick<CameraWatch, 'pictureAt' | 'knownAt' | 'last' | 'problem'>,
  now: number,
  { framesPerSecond, reduced }: { readonly framesPerSecond: number; readonly reduced: boolean },
): DetectionStatus {
  const { pictureAt, knownAt, last, problem } = watch;
  const seen = { lastLookAt: last?.picture.at ?? null, framesPerSecond };
  if (now - pictureAt > BLIND_MILLIS)
    return { state: 'blind', reason: 'No pictures come from this camera.', ...seen };
  if (now - knownAt > BLIND_MILLIS) {
    const reason = problem === '' ? 'No picture was looked at yet.' : `Not looked at: ${problem}.`;
    return { state: 'blind', reason, ...seen };
  }
  const reason = reduced ? 'Only its key frames are looked at: all decoders of whole streams are taken.' : '';
  return { state: last === undefined || last.learning ? 'learning' : 'on', reason, ...seen };
}
