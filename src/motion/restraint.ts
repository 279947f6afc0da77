/** Waits grow by this factor. */
const GROWTH = 8;

/**
 * Keeps back what failed: a camera whose pictures bring down whatever looks at them must not do so all the time, since
 * all others wait for it. Times are milliseconds of a clock that never steps.
 */
export class Restraint {
  readonly #allowed: number;
  readonly #firstMillis: number;
  readonly #longestMillis: number;
  #failures = 0;
  #millis = 0;
  #until = 0;

  /** @param allowed failures in a row that have no consequence */
  constructor(allowed: number, firstMillis: number, longestMillis: number) {
    this.#allowed = allowed;
    this.#firstMillis = firstMillis;
    this.#longestMillis = longestMillis;
  }

  isHeld(now: number): boolean {
    return now < this.#until;
  }

  failed(now: number): void {
    this.#failures++;
    if (this.#failures <= this.#allowed) return;
    this.#millis =
      this.#millis === 0 ? this.#firstMillis : Math.min(this.#longestMillis, this.#millis * GROWTH);
    this.#until = now + this.#millis;
  }

  /** Forgiven when it went well for as long as it was held before. */
  succeeded(now: number): void {
    this.#failures = 0;
    if (now - this.#until > this.#millis) this.#millis = 0;
  }
}
