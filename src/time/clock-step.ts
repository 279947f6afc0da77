import type { Clock } from './clock.ts';

/** A change of the wall clock against the monotonic one by more than this, between two looks, is a step. */
const STEP_MICROS = 500_000;

/**
 * Notices that somebody set the machine's clock. What NTP slews (at most 500 ppm) stays below the threshold as
 * long as it is asked every few minutes, and is followed by the wall model instead.
 */
export class ClockStepDetector {
  readonly #clock: Clock;
  #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.wall() - clock.mono();
  }

  /** Microseconds by which the wall clock was stepped since the last call; 0 when it was not. */
  check(): number {
    const offset = this.#clock.wall() - this.#clock.mono();
    const change = offset - this.#offset;
    this.#offset = offset;
    return Math.abs(change) > STEP_MICROS ? change : 0;
  }
}
