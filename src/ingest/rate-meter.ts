import type { MonoMicros } from '../time/units.ts';

const STEPS = 10;
const STEP_MICROS = 1_000_000;

/** Bits and frames a second over the last ten seconds, from running totals. */
export class RateMeter {
  /** Ring of totals, one a second; the oldest is overwritten. */
  readonly #at = new Float64Array(STEPS);
  readonly #bytes = new Float64Array(STEPS);
  readonly #frames = new Float64Array(STEPS);
  #count = 0;
  #latest = Number.NEGATIVE_INFINITY;

  bitrateBps = 0;
  framesPerSecond = 0;

  /** May be called as often as one likes; takes note once a second. */
  update(now: MonoMicros, bytes: number, frames: number): void {
    if (now - this.#latest < STEP_MICROS) return;
    this.#latest = now;
    const slot = this.#count % STEPS;
    const oldest = this.#count < STEPS ? 0 : slot;
    if (this.#count > 0) {
      const seconds = (now - (this.#at[oldest] as number)) / 1_000_000;
      this.bitrateBps = Math.round(((bytes - (this.#bytes[oldest] as number)) * 8) / seconds);
      this.framesPerSecond = Math.round(((frames - (this.#frames[oldest] as number)) / seconds) * 100) / 100;
    }
    this.#at[slot] = now;
    this.#bytes[slot] = bytes;
    this.#frames[slot] = frames;
    this.#count++;
  }
}
