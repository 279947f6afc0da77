const FIRST_MICROS = 1_000_000;
const LONGEST_MICROS = 60_000_000;
/** Cameras lock an account after a handful of wrong passwords, and a person has to change something anyhow. */
const CREDENTIALS_MICROS = 300_000_000;

/**
 * How long to wait before the next attempt: 1 s, doubled each time up to a minute. Each wait is cut by up to a half
 * at random, so that the cameras behind a switch that came back don't all knock at once.
 */
export class Backoff {
  readonly #random: () => number;
  #next = FIRST_MICROS;

  /** @param random as `Math.random` */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Microseconds to wait after one more failure. */
  after(cause: string): number {
    if (cause === 'credentials') return Math.round(CREDENTIALS_MICROS * (1 - this.#random() / 2));
    const wait = this.#next;
    this.#next = Math.min(LONGEST_MICROS, wait * 2);
    return Math.round(wait * (1 - this.#random() / 2));
  }

  /** It works: the next failure is a first one. */
  reset(): void {
    this.#next = FIRST_MICROS;
  }
}
