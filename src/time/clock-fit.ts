/** How fast one clock runs against another. */
export interface ClockRate {
  /** Parts per million by which it is faster. */
  readonly ppm: number;
  /** The truth is within this of it, as far as the observations tell. */
  readonly errorPpm: number;
}

/** The best observation of each of these is kept; doubled when there are too many. */
const FIRST_BUCKET_MICROS = 60_000_000;
const LONGEST_BUCKET_MICROS = 240_000_000;
const MOST_BUCKETS = 32;
/** A rate is told from so many buckets on: eight minutes. */
const BUCKETS_FOR_RATE = 8;
/** How late a clock seems now is looked for in the last buckets: ten when its rate is known, two before. */
const BUCKETS_FOR_LEVEL = 10;
const BUCKETS_BEFORE_RATE = 2;
/** A way through the network that becomes longer by so much looks like a slower clock. */
const PATH_CHANGE_MICROS = 1_000;
/** Of a normal distribution, the standard deviation is so many times the median deviation. */
const DEVIATIONS = 1.4826;
const STANDARD_ERRORS = 3;

/**
 * Compares another clock with ours by what it said and when that came here. What comes late makes that clock seem late,
 * never early: the observations lie below the truth, and the least delayed ones on it. Of each minute or so the best
 * one is kept, up to two hours of them, and the median of the slopes between any two of them is the rate (Theil and Sen):
 * minutes of congestion, outliers and hours without any observation do it no harm.
 *
 * Integers in, microseconds throughout. `add` may be called for every frame: it allocates nothing.
 */
export class ClockFit {
  #count = 0;
  #bucketMicros = FIRST_BUCKET_MICROS;
  #bucketEnd = 0;
  /** The first observation: everything is counted from it, so that nothing is lost to rounding. */
  #atZero = 0;
  #offsetZero = 0;
  /** Best observation of each bucket; the last one is still open. */
  readonly #at = new Float64Array(MOST_BUCKETS);
  readonly #offset = new Float64Array(MOST_BUCKETS);
  #rate: ClockRate | null = null;

  /** Buckets that hold something. */
  get count(): number {
    return this.#count;
  }

  /** `null` in the first eight minutes. */
  get rate(): ClockRate | null {
    return this.#rate;
  }

  /** When the last bucket's observation was made; 0 before the first. */
  get lastAt(): number {
    return this.#count === 0 ? 0 : this.#atZero + (this.#at[this.#count - 1] as number);
  }

  /**
   * @param at by our clock, not before the last one
   * @param offset of the other clock from ours, seen through a delay that is never negative
   */
  add(at: number, offset: number): void {
    if (this.#count === 0) {
      this.#atZero = at;
      this.#offsetZero = offset;
      this.#bucketEnd = at;
    }
    const relativeAt = at - this.#atZero;
    const relative = offset - this.#offsetZero;
    if (at >= this.#bucketEnd) {
      if (this.#count >= BUCKETS_FOR_RATE) this.#rate = this.#fit();
      this.#open(at);
    } else {
      const last = this.#count - 1;
      const drifted = ((relativeAt - (this.#at[last] as number)) * (this.#rate?.ppm ?? 0)) / 1e6;
      if (relative - drifted <= (this.#offset[last] as number)) return;
    }
    this.#at[this.#count - 1] = relativeAt;
    this.#offset[this.#count - 1] = relative;
  }

  /** Where the other clock seems to be at `at`: the least delayed of the last observations, brought forward. */
  levelAt(at: number): number {
    let level = Number.NEGATIVE_INFINITY;
    for (let i = this.#firstRecent(); i < this.#count; i++) level = Math.max(level, this.#broughtTo(at, i));
    return Math.round(this.#offsetZero + level);
  }

  /** By how much the last observations differ from the least delayed one: half of them by less. */
  get spread(): number {
    const at = this.lastAt;
    const recent: number[] = [];
    for (let i = this.#firstRecent(); i < this.#count; i++) recent.push(this.#broughtTo(at, i));
    return recent.length === 0 ? 0 : Math.max(...recent) - median(recent);
  }

  /** Forgets everything but the rate, which holds until a new one is known. */
  clear(): void {
    this.#count = 0;
    this.#bucketMicros = FIRST_BUCKET_MICROS;
  }

  #firstRecent(): number {
    return Math.max(0, this.#count - (this.#rate ? BUCKETS_FOR_LEVEL : BUCKETS_BEFORE_RATE));
  }

  #broughtTo(at: number, i: number): number {
    const elapsed = at - this.#atZero - (this.#at[i] as number);
    return (this.#offset[i] as number) + (elapsed * (this.#rate?.ppm ?? 0)) / 1e6;
  }

  #open(at: number): void {
    if (this.#count === MOST_BUCKETS) {
      if (this.#bucketMicros < LONGEST_BUCKET_MICROS) this.#merge();
      else {
        this.#at.copyWithin(0, 1);
        this.#offset.copyWithin(0, 1);
        this.#count--;
      }
    }
    this.#count++;
    this.#bucketEnd = at + this.#bucketMicros;
  }

  /** Of each two buckets, the better observation. */
  #merge(): void {
    const at = this.#at;
    const offset = this.#offset;
    for (let i = 0; i < MOST_BUCKETS / 2; i++) {
      const isFirst = this.#broughtTo(0, 2 * i) > this.#broughtTo(0, 2 * i + 1);
      const best = 2 * i + (isFirst ? 0 : 1);
      at[i] = at[best] as number;
      offset[i] = offset[best] as number;
    }
    this.#count = MOST_BUCKETS / 2;
    this.#bucketMicros *= 2;
  }

  /** Once a bucket. */
  #fit(): ClockRate {
    const at = this.#at.subarray(0, this.#count);
    const offset = this.#offset.subarray(0, this.#count);
    const slopes: number[] = [];
    for (let i = 0; i < at.length; i++) {
      for (let j = i + 1; j < at.length; j++) {
        const elapsed = (at[j] as number) - (at[i] as number);
        if (elapsed > 0) slopes.push(((offset[j] as number) - (offset[i] as number)) / elapsed);
      }
    }
    const slope = median(slopes);
    const residuals = Array.from(at, (t, i) => (offset[i] as number) - slope * t);
    const middle = median(residuals);
    const scatter = DEVIATIONS * median(residuals.map((residual) => Math.abs(residual - middle)));
    const mean = at.reduce((sum, t) => sum + t, 0) / at.length;
    const lever = Math.sqrt(at.reduce((sum, t) => sum + (t - mean) ** 2, 0));
    const span = (at[at.length - 1] as number) - (at[0] as number);
    const error = (STANDARD_ERRORS * scatter) / lever + PATH_CHANGE_MICROS / span;
    return { ppm: slope * 1e6, errorPpm: error * 1e6 };
  }
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).toSorted();
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}
