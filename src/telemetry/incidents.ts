import type { Clock } from '../time/clock.ts';
import type { MonoMicros } from '../time/units.ts';

const INTERVAL_MICROS = 60_000_000;
const MAX_KEYS = 5_000;

/** Logs what may happen again and again: the first time at once, then one line a minute that says how often. */
export class Incidents {
  readonly #clock: Clock;
  readonly #seen = new Map<string, { at: MonoMicros; suppressed: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param key what counts as the same incident
   * @param write writes the line; `times` is how often it happened since the last one
   */
  report(key: string, write: (times: number) => void): void {
    const now = this.#clock.mono();
    const seen = this.#seen.get(key);
    if (seen && now - seen.at < INTERVAL_MICROS) {
      seen.suppressed++;
      return;
    }
    if (!seen && this.#seen.size >= MAX_KEYS) this.#seen.clear();
    this.#seen.set(key, { at: now, suppressed: 0 });
    write((seen?.suppressed ?? 0) + 1);
  }
}
