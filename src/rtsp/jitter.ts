/** More than this between two packets is a new timeline or a broken clock (I14, I15), and says nothing of the network. */
const MAX_DIFFERENCE_SECONDS = 10;

/**
 * How unevenly packets arrive (RFC 3550 section 6.4.1 and appendix A.8), in integers. `update` runs for every packet
 * and allocates nothing.
 */
export class JitterEstimator {
  readonly #clockRate: number;
  #started = false;
  #transit = 0;
  /** Sixteen times the jitter, so that its fraction is not lost to rounding. */
  #scaled = 0;

  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** In ticks of the RTP clock. */
  get ticks(): number {
    return this.#scaled >> 4;
  }

  /** `arrivalMicros` is of a clock that never steps. */
  update(timestamp: number, arrivalMicros: number): void {
    // Whole seconds apart: micros times clock rate would leave the exact integers after a day.
    const seconds = Math.floor(arrivalMicros / 1_000_000);
    const rest = Math.floor(((arrivalMicros - seconds * 1_000_000) * this.#clockRate) / 1_000_000);
    const arrival = (seconds * this.#clockRate + rest) | 0;
    const transit = (arrival - timestamp) | 0;
    const difference = Math.abs((transit - this.#transit) | 0);
    this.#transit = transit;
    if (!this.#started) {
      this.#started = true;
    } else if (difference <= MAX_DIFFERENCE_SECONDS * this.#clockRate) {
      this.#scaled += difference - ((this.#scaled + 8) >> 4);
    }
  }
}
