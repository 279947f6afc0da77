import type { Clock } from '../../time/clock.ts';
import { ClockStepDetector } from '../../time/clock-step.ts';
import { type WallMicros, wallMicros } from '../../time/units.ts';

/** What could not be told for so long is dropped. */
const LONGEST_WAIT_MICROS = 3 * 86_400_000_000;
/** A clock that jumped ahead by more is not believed at once: on its word everything could be dropped. */
const STEP_MICROS = 600_000_000;
const MISTRUST_MICROS = 3_600_000_000;

/** How long a webhook is waited for. */
export class Patience {
  readonly #clock: Clock;
  readonly #steps: ClockStepDetector;
  #mistrustUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#steps = new ClockStepDetector(clock);
  }

  /** What is owed from before that is dropped: nothing, for an hour after the clock was set ahead. */
  endedBefore(): WallMicros {
    const now = this.#clock.mono();
    if (this.#steps.check() > STEP_MICROS) this.#mistrustUntil = now + MISTRUST_MICROS;
    return wallMicros(now < this.#mistrustUntil ? 0 : this.#clock.wall() - LONGEST_WAIT_MICROS);
  }
}
