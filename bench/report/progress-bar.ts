import type { Progress } from '../load/measure.ts';

const WIDTH = 24;
const CLEAR = '\r\u001B[K';

/** A bar on the error stream, for a person who waits; nothing where nobody watches. */
export class ProgressBar {
  readonly #shown = process.stderr.isTTY;
  #what = '';

  /** @param what is measured from now on */
  of(what: string): Progress {
    this.#what = what;
    return (doing, share) => {
      if (!this.#shown) return;
      const full = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
      process.stderr.write(`${CLEAR}${this.#what} [${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${doing}`);
    };
  }

  clear(): void {
    if (this.#shown) process.stderr.write(CLEAR);
  }
}
