import type { WallMicros } from '../time/units.ts';

/**
 * What happened in a segment, by which it is kept. The order counts: each class is kept at least as long as the one
 * before it.
 *
 * `continuous`: somebody looked at every minute of it, and nothing moved. `motion`: something moved, or nobody looked:
 * not analysed is not the same as no motion. `event`: something was done to the camera.
 */
export const FOOTAGE_CLASSES = ['continuous', 'motion', 'event'] as const;
export type FootageClass = (typeof FOOTAGE_CLASSES)[number];

export const MINUTE_MICROS = 60_000_000;

/** The start of the minute of UTC that a moment is in. */
export const minuteOf = (at: number): number => Math.floor(at / MINUTE_MICROS) * MINUTE_MICROS;

/** [from, to) each, in any order. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Stretches of time, joined where they overlap or touch, so that one search says whether any of them is met. */
export class Stretches {
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  constructor(stretches: readonly Stretch[]) {
    for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from)) {
      const last = this.#to.length - 1;
      const end = this.#to[last];
      if (end !== undefined && from <= end) this.#to[last] = Math.max(end, to);
      else {
        this.#from.push(from);
        this.#to.push(to);
      }
    }
  }

  /** Any of them shares more than a border with [from, to). */
  meets(from: number, to: number): boolean {
    let low = 0;
    let high = this.#to.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#to[middle] as number) > from) high = middle;
      else low = middle + 1;
    }
    const begins = this.#from[low];
    return begins !== undefined && begins < to;
  }
}

/** What is known of a range of a camera's time. */
export interface Evidence {
  readonly moved: Stretches;
  /** Events of every other kind. */
  readonly told: Stretches;
  /** Whole minutes of UTC that somebody looked at. */
  readonly looked: ReadonlySet<number>;
}

/** @param evidence of a range that has all of the segment in it */
export function classOf(
  { start, end }: { readonly start: WallMicros; readonly end: WallMicros },
  { moved, told, looked }: Evidence,
): FootageClass {
  if (told.meets(start, end)) return 'event';
  if (moved.meets(start, end)) return 'motion';
  // More minutes than were looked at at all: not all of them were.
  if ((end - start) / MINUTE_MICROS > looked.size) return 'motion';
  for (let minute = minuteOf(start); minute < end; minute += MINUTE_MICROS) {
    if (!looked.has(minute)) return 'motion';
  }
  return 'continuous';
}
