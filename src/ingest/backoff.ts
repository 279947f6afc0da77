const FIRST_MICROS = 1_500_000;
/** A camera that comes back is recorded again within this time, and so is a whole city after a power cut. */
const LONGEST_MICROS = 25_000_000;
/** It answers, and not with video: a person has to change something. */
const LONGEST_ANSWERED_MICROS = 60_000_000;
/** Cameras lock an account after a handful of wrong passwords (C9), and a person has to change something anyhow. */
const CREDENTIALS_MICROS = 300_000_000;
/** Shares of a wait by which it is cut at most: the first one is to be short for most and spread for all. */
const FIRST_CUT = 0.8;
const CUT = 0.5;

/**
 * How long to wait before the next attempt: at most 1.5 s at first, doubled each time. Each wait is cut by a random
 * share, so that the cameras behind a switch that came back don't all knock at once.
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
    if (cause === 'credentials') return this.#cut(CREDENTIALS_MICROS, CUT);
    const longest = cause === 'not-found' || cause === 'protocol' ? LONGEST_ANSWERED_MICROS : LONGEST_MICROS;
    const wait = Math.min(this.#next, longest);
    this.#next = Math.min(longest, wait * 2);
    return this.#cut(wait, wait === FIRST_MICROS ? FIRST_CUT : CUT);
  }

  /** It works: the next failure is a first one. */
  reset(): void {
    this.#next = FIRST_MICROS;
  }

  #cut(wait: number, share: number): number {
    return Math.round(wait * (1 - this.#random() * share));
  }
}
