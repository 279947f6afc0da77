import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';

/**
 * From evidence to spans of motion: begins when most of the last samples show it, ends when it was quiet for a while.
 * Plain numbers, one object a camera, nothing allocated for a frame.
 */
export interface Activity {
  /** Whether each of the last samples showed motion: the newest is the lowest bit. */
  recent: number;
  /** Media ticks of the newest sample that did, and of the oldest of those that began the span. */
  lastSeen: number;
  began: number;
  active: boolean;
  /** The average evidence of late while nothing was going on. */
  clutter: number;
  /** When the last samples were taken, media ticks: a ring. */
  readonly times: Float64Array;
  taken: number;
}

/** The least share of the picture that something covers: 0.15 %, a person at the far end of a yard. */
export const LEAST_EVIDENCE = 0.0015;
/** Where rain or far traffic is always some evidence, so many times its average is wanted more, at most that much. */
const CLUTTER_FACTOR = 3;
const CLUTTER_MOST = 0.006;
const CLUTTER_TICKS = 30 * MEDIA_TICKS_PER_SECOND;
/** Two of three samples, or of as many as fit in 0.6 s: a bird or a flash is seen once. */
const LEAST_SAMPLES = 3;
const MOST_SAMPLES = 30;
const CONFIRM_TICKS = 0.6 * MEDIA_TICKS_PER_SECOND;

export const quiet = (): Activity => ({
  ...{ recent: 0, lastSeen: 0, began: 0, active: false, clutter: 0 },
  ...{ times: new Float64Array(MOST_SAMPLES), taken: 0 },
});

/** Nobody looked for a while: what was seen before proves nothing about what is seen now. */
export function forget(activity: Activity): void {
  activity.recent = 0;
  activity.active = false;
}

/** Whether the newest sample showed motion. */
export const moves = ({ recent }: Activity): boolean => (recent & 1) === 1;

/** Someone who stops for a moment has not gone. */
export const HOLD_TICKS = 5 * MEDIA_TICKS_PER_SECOND;

export type ActivityChange = 'began' | 'ended' | undefined;

/**
 * Takes the evidence of a frame at a time on the run's clock, `elapsedTicks` after the one before.
 * After `began`, `activity.began` is when the first of the samples was taken that show it; after `ended`,
 * `activity.lastSeen` is when motion was seen last.
 */
export function follow(
  activity: Activity,
  evidence: number,
  atTicks: number,
  elapsedTicks: number,
): ActivityChange {
  const wanted = LEAST_EVIDENCE + Math.min(CLUTTER_MOST, CLUTTER_FACTOR * activity.clutter);
  const seen = evidence >= wanted;
  // Capped, since what begins now is no clutter.
  const usual = Math.min(evidence, wanted);
  if (!activity.active)
    activity.clutter += (usual - activity.clutter) * Math.min(1, elapsedTicks / CLUTTER_TICKS);
  activity.taken = (activity.taken + 1) % MOST_SAMPLES;
  activity.times[activity.taken] = atTicks;
  const fit = Math.ceil(CONFIRM_TICKS / Math.max(1, elapsedTicks));
  const samples = Math.min(MOST_SAMPLES, Math.max(LEAST_SAMPLES, fit));
  activity.recent = ((activity.recent << 1) | (seen ? 1 : 0)) & ((1 << samples) - 1);
  if (seen) activity.lastSeen = atTicks;
  if (activity.active) {
    if (seen || atTicks - activity.lastSeen < HOLD_TICKS) return undefined;
    activity.active = false;
    return 'ended';
  }
  if (3 * ones(activity.recent) < 2 * samples) return undefined;
  activity.active = true;
  const oldest = 31 - Math.clz32(activity.recent);
  activity.began = activity.times[(activity.taken + MOST_SAMPLES - oldest) % MOST_SAMPLES] as number;
  return 'began';
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
