const NONE = Number.MAX_SAFE_INTEGER;

/**
 * The least of the delays seen lately, as in `WallModel`: what comes over a network is late by an unknown time that is
 * never negative, so the least delayed of many is the best witness. Looks back over one to two windows.
 */
export class LeastDelay {
  readonly #window: number;
  #start = Number.NEGATIVE_INFINITY;
  #least = NONE;
  #before = NONE;

  /** @param window in the unit of `at` */
  constructor(window: number) {
    this.#window = window;
  }

  observe(delay: number, at: number): void {
    if (at - this.#start >= this.#window) {
      this.#before = this.#least;
      this.#least = NONE;
      this.#start = at;
    }
    if (delay < this.#least) this.#least = delay;
  }

  /** `undefined` before anything was seen. */
  get value(): number | undefined {
    const least = Math.min(this.#least, this.#before);
    return least === NONE ? undefined : least;
  }
}
