/** Sound that is off by more than this is put where it belongs, at the price of a gap or of frames left out. */
const JUMP_SECONDS = 0.2;
/** What is off by more than this in every one of so many frames in a row is no jitter: a frame is missing. */
const DRIFT_SECONDS = 0.03;
const DRIFT_FRAMES = 16;
/** A timestamp may be so far from the arrival of its frame before it is doubted. */
const PLAUSIBLE_SECONDS = 2;
/** Sound is judged by the least delayed frame of so long. */
const ARRIVAL_SECONDS = 5;
/** Frames whose time has been recorded already are left out for so long; then their clock has been set back. */
const LONGEST_DROP_SECONDS = 10;
/** Timestamps that must be overruled more often than every so many frames are not believed any more. */
const CORRECTION_FRAMES = 64;
const MAX_CORRECTIONS = 10;

export const DROPPED = -1;

/**
 * Places the frames of sound of one run. Frames have a length, so they are counted: each begins where the one before
 * ended, and jitter in timestamps or on the way does not matter. Timestamps tell when frames are missing; then there is
 * a gap. All in samples.
 *
 * Where the frames are in the run (`offset`) is told by their timestamps if these share the video's clock. If not, RTP
 * timestamps of sound and video have nothing to do with each other (K4), and what was heard when something was seen
 * arrives with it: the least delayed frame of sound belongs to the least delayed picture. Until `settle` that may still
 * change at no cost; then only when it is off by 200 ms, as where two clocks drift apart.
 */
export class SoundTimeline {
  /** Timestamps that were overruled, and frames left out. */
  repaired = 0;

  readonly #rate: number;
  readonly #clockRate: number;
  #shared: boolean;
  #started = false;
  #settled = false;
  /** Where the first frame is in the run. */
  #offset = 0;
  /** Where the next frame goes, counted from the first. */
  #next = 0;
  #timestamp = 0;
  /** Timestamp ticks since the first frame, over all wraps, and what they are corrected by, in samples. */
  #ticks = 0;
  #shift = 0;
  /** Of the last frames in a row: how far timestamps are ahead of the count. */
  #leastAhead = Number.POSITIVE_INFINITY;
  #mostAhead = Number.NEGATIVE_INFINITY;
  #frames = 0;
  #corrections = 0;
  #believed = true;
  /** Least lateness since `#lateFrom`. */
  #leastLate = Number.POSITIVE_INFINITY;
  #lateFrom = 0;
  #dropping = false;
  #dropped = 0;

  constructor(options: {
    readonly sampleRate: number;
    readonly clockRate: number;
    readonly sharesVideoClock: boolean;
  }) {
    this.#rate = options.sampleRate;
    this.#clockRate = options.clockRate;
    this.#shared = options.sharesVideoClock;
  }

  /** Samples from the start of the run to the first frame. */
  get offset(): number {
    return this.#offset;
  }

  /** Where in the run the last frame ends. */
  get end(): number {
    return this.#next + this.#offset;
  }

  /** A place has been written down. */
  settle(): void {
    this.#settled = true;
  }

  /**
   * @param timestamp unsigned 32-bit
   * @param samples length of the frame
   * @param heard where in the run a frame ends that arrives now and was not delayed
   * @param told where the frame begins by the video's clock; only looked at where that is shared
   * @returns samples from the first frame to this one, or `DROPPED`
   */
  place(timestamp: number, samples: number, heard: number, told: number): number {
    if (!this.#started) {
      this.#begin(timestamp, samples, heard, told);
      return 0;
    }
    this.#ticks += (timestamp - this.#timestamp) | 0;
    this.#timestamp = timestamp;
    this.#corrections = Math.max(0, this.#corrections - 1);
    const start = this.#byTimestamp(samples, heard, told);
    if (start === DROPPED) return DROPPED;
    const placed = this.#shared ? start : this.#byArrival(start, samples, heard);
    if (placed !== DROPPED) this.#next = placed + samples;
    return placed;
  }

  #begin(timestamp: number, samples: number, heard: number, told: number): void {
    this.#started = true;
    this.#timestamp = timestamp;
    this.#next = samples;
    // A source that says so and is seconds off does not share it.
    this.#shared &&= Math.abs(told + samples - heard) <= LONGEST_DROP_SECONDS * this.#rate;
    this.#offset = this.#shared ? told : heard - samples;
    this.#settled ||= this.#shared;
  }

  #byTimestamp(samples: number, heard: number, told: number): number {
    const next = this.#next;
    if (!this.#believed) return next;
    const elapsed = this.#shared
      ? told - this.#offset
      : Math.round((this.#ticks * this.#rate) / this.#clockRate);
    const byTimestamp = elapsed + this.#shift;
    const ahead = byTimestamp - next;
    if (Math.abs(ahead) > JUMP_SECONDS * this.#rate) {
      this.#correct();
      const byArrival = heard - samples - this.#offset;
      const plausible = Math.abs(byTimestamp - byArrival) <= PLAUSIBLE_SECONDS * this.#rate;
      if (plausible && ahead > 0) return byTimestamp;
      if (plausible && this.#dropped < LONGEST_DROP_SECONDS * this.#rate) {
        this.#dropped += samples;
        return DROPPED;
      }
      const start = byArrival - next > PLAUSIBLE_SECONDS * this.#rate ? byArrival : next;
      this.#shift += start - byTimestamp;
      this.#dropped = 0;
      return start;
    }
    this.#dropped = 0;
    this.#leastAhead = Math.min(this.#leastAhead, ahead);
    this.#mostAhead = Math.max(this.#mostAhead, ahead);
    if (++this.#frames < DRIFT_FRAMES) return next;
    const least = this.#leastAhead;
    const most = this.#mostAhead;
    this.#restartDrift();
    const drift = DRIFT_SECONDS * this.#rate;
    if (least > drift) {
      this.#correct();
      return next + least;
    }
    if (most < -Math.max(drift, samples)) {
      this.#correct();
      return DROPPED;
    }
    return next;
  }

  #byArrival(start: number, samples: number, heard: number): number {
    const late = heard - (start + samples + this.#offset);
    if (!this.#settled) {
      if (late < 0) this.#offset += late;
      return start;
    }
    // It cannot have been heard before it was: then it is placed too late, and some of it must go.
    if (late < -JUMP_SECONDS * this.#rate) this.#dropping = true;
    else if (late >= 0) this.#dropping = false;
    if (this.#dropping) {
      this.repaired++;
      this.#shift -= samples + start - this.#next;
      return DROPPED;
    }
    this.#leastLate = Math.min(this.#leastLate, late);
    if (start - this.#lateFrom < ARRIVAL_SECONDS * this.#rate) return start;
    const least = this.#leastLate;
    this.#leastLate = Number.POSITIVE_INFINITY;
    this.#lateFrom = start;
    if (least <= JUMP_SECONDS * this.#rate) return start;
    this.repaired++;
    this.#shift += least;
    return start + least;
  }

  #correct(): void {
    this.repaired++;
    this.#corrections += CORRECTION_FRAMES;
    if (this.#corrections > MAX_CORRECTIONS * CORRECTION_FRAMES) this.#believed = false;
    this.#restartDrift();
  }

  #restartDrift(): void {
    this.#frames = 0;
    this.#leastAhead = Number.POSITIVE_INFINITY;
    this.#mostAhead = Number.NEGATIVE_INFINITY;
  }
}
