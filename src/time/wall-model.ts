import { ClockFit, type ClockRate } from './clock-fit.ts';
import { type MediaTicks, ticksToMicros, type WallMicros, wallMicros } from './units.ts';

/** The wall time of recorded media runs at most this much faster or slower than the camera's clock. */
export const MAX_SLEW_PPM = 500;
/** The least-delayed frame is looked for in the last one to two of these, counted in media time. */
const WINDOW_MICROS = 30_000_000;
/** A model that is off by more has lost its camera. */
const DIVERGED_MICROS = 1_000_000;
/** A frame cannot come before it was taken, but it can be late: that is believed after half an hour. */
const LATE_WINDOWS = 60;
const NONE = Number.MAX_SAFE_INTEGER;

/**
 * When, by our clock, was a frame taken? The camera's timestamps say exactly how far frames are apart but not
 * when; arrivals say when, plus a delay that is never negative. So the least-delayed frame of the last minute
 * is the best witness, and the model follows it: wall = start + media + correction, where the correction goes
 * towards the least delay by at most 500 ppm and so never steps. Integer arithmetic throughout; nothing
 * accumulates, so thirty days at 20 ppm drift end with the error of one window (about a millisecond).
 *
 * Until `settle` the correction may still jump: nothing has been written yet, and the first frames of a
 * connection are often the most delayed ones (a camera may begin with seconds of stored video).
 */
export class WallModel {
  readonly #startWall: number;
  #correction = 0;
  #settled = false;
  /** Least delay in the current and in the previous window. */
  #windowMin = NONE;
  #previousMin = NONE;
  #windowStart = 0;
  /** Media time up to which the allowance for slewing was given, and the part of it (in 10^-6 µs) not yet used. */
  #slewedTo = 0;
  #allowance = 0;
  readonly #fit = new ClockFit();
  #lateWindows = 0;
  #diverged = false;

  /** @param startWall arrival of the frame at media time zero */
  constructor(startWall: WallMicros) {
    this.#startWall = startWall;
  }

  /** A frame of media time `media` arrived at `arrival`. */
  observe(media: MediaTicks, arrival: WallMicros): void {
    const mediaMicros = ticksToMicros(media);
    const delay = arrival - this.#startWall - mediaMicros;
    this.#fit.add(arrival, -delay);
    if (mediaMicros - this.#windowStart >= WINDOW_MICROS) {
      this.#previousMin = this.#windowMin;
      this.#judge();
      this.#windowMin = NONE;
      this.#windowStart = mediaMicros;
    }
    if (delay < this.#windowMin) this.#windowMin = delay;
    const target = Math.min(this.#windowMin, this.#previousMin);
    if (!this.#settled) {
      this.#correction = target;
      this.#slewedTo = mediaMicros;
      return;
    }
    const elapsed = mediaMicros - this.#slewedTo;
    if (elapsed <= 0) return;
    this.#slewedTo = mediaMicros;
    const allowance = this.#allowance + elapsed * MAX_SLEW_PPM;
    const most = Math.floor(allowance / 1_000_000);
    this.#allowance = allowance - most * 1_000_000;
    const wanted = target - this.#correction;
    this.#correction += Math.max(-most, Math.min(most, wanted));
  }

  /** From here on the correction only slews: a time taken from the model has been written down. */
  settle(): void {
    this.#settled = true;
  }

  /** Wall time of a media time near the last one observed. */
  wallAt(media: MediaTicks): WallMicros {
    return wallMicros(this.#startWall + ticksToMicros(media) + this.#correction);
  }

  /** How fast the camera's media clock runs against ours; `null` in the first eight minutes. */
  get rate(): ClockRate | null {
    return this.#fit.rate;
  }

  /** The camera's clock is so far out of tune that slewing cannot follow it: a new run has to begin. */
  get diverged(): boolean {
    return this.#diverged;
  }

  /** Microseconds by which the model now differs from the least-delayed frame of the last window. */
  get errorMicros(): number {
    return Math.min(this.#windowMin, this.#previousMin) - this.#correction;
  }

  #judge(): void {
    if (!this.#settled) return;
    const error = this.#previousMin - this.#correction;
    this.#lateWindows = error > DIVERGED_MICROS ? this.#lateWindows + 1 : 0;
    if (error < -DIVERGED_MICROS || this.#lateWindows >= LATE_WINDOWS) this.#diverged = true;
  }
}
