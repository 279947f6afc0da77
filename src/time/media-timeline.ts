import { type MediaTicks, type MonoMicros, mediaTicks, microsToTicks } from './units.ts';

/** A timestamp may run this far ahead of or behind the arrival of its frame before it is doubted: 10 s. */
const PLAUSIBLE_TICKS = 900_000;
/** B-frames go back in time by less than this: 1 s. */
const REORDER_TICKS = 90_000;
/** Assumed until two frames have been seen: 25 frames a second. */
const FIRST_FRAME_TICKS = 3_600;

/**
 * Places the frames of one run on a timeline that starts at zero: unwraps the 32-bit RTP timestamp (every
 * 13.25 h at 90 kHz) and never lets a bad one through. A lone outlier is replaced by the expected time; a jump
 * that persists (the camera's clock was set, or it restarted) moves the mapping, so that the timeline goes on
 * without a hole. Which of the two it was is known at the next frame: the first bad frame is always replaced.
 *
 * Arrival time only decides what is plausible; placed times come from the camera, which knows when the frame
 * was taken (RFC 3550 section 5.1).
 */
export class MediaTimeline {
  /** Timestamps that made no sense and were replaced. */
  repaired = 0;

  #started = false;
  /** The last trusted pair and when it arrived. */
  #rtp = 0;
  #ticks = 0;
  #arrival = 0;
  /** The last placed time, trusted or not, and the last plausible distance between two frames. */
  #placed = 0;
  #frameTicks = FIRST_FRAME_TICKS;
  /** A timestamp under suspicion, the place that its frame was given, and its arrival. */
  #suspectRtp = -1;
  #suspectTicks = 0;
  #suspectArrival = 0;

  /**
   * @param rtpTimestamp unsigned 32-bit
   * @param arrival when the frame's first packet was read
   * @returns ticks since the run's first frame; less than the frame before only for B-frames (at most 1 s)
   */
  place(rtpTimestamp: number, arrival: MonoMicros): MediaTicks {
    if (!this.#started) {
      this.#started = true;
      return this.#trust(rtpTimestamp, 0, arrival);
    }
    const delta = (rtpTimestamp - this.#rtp) | 0;
    if (delta === 0) {
      // Two frames at one time (some cameras do): the second a tick later, so that decoding order holds.
      this.repaired++;
      return mediaTicks(++this.#placed);
    }
    if (isPlausible(delta, arrival - this.#arrival)) {
      const afterReplaced = this.#suspectRtp >= 0;
      if (delta > 0 && !afterReplaced) this.#frameTicks = delta;
      const placed = this.#placed;
      const ticks = this.#trust(rtpTimestamp, this.#ticks + delta, arrival);
      // Replaced frames may have been put too late: never two frames at one time, nor further back than B-frames go.
      if (ticks > placed || (!afterReplaced && ticks >= placed - REORDER_TICKS)) return ticks;
      this.#placed = placed + 1;
      return mediaTicks(this.#placed);
    }
    if (this.#suspectRtp >= 0) {
      const sinceSuspect = (rtpTimestamp - this.#suspectRtp) | 0;
      if (sinceSuspect > 0 && isPlausible(sinceSuspect, arrival - this.#suspectArrival)) {
        return this.#trust(
          rtpTimestamp,
          Math.max(this.#suspectTicks + sinceSuspect, this.#placed + 1),
          arrival,
        );
      }
    }
    return this.#replace(rtpTimestamp, arrival);
  }

  /** Where a timestamp of the same clock is on the timeline now; `NaN` before the first frame. Places nothing. */
  ticksOf(rtpTimestamp: number): number {
    return this.#started ? this.#ticks + ((rtpTimestamp - this.#rtp) | 0) : Number.NaN;
  }

  #trust(rtp: number, ticks: number, arrival: number): MediaTicks {
    this.#rtp = rtp;
    this.#ticks = ticks;
    this.#arrival = arrival;
    this.#suspectRtp = -1;
    this.#placed = Math.max(this.#placed, ticks);
    return mediaTicks(ticks);
  }

  #replace(rtp: number, arrival: number): MediaTicks {
    this.repaired++;
    // A frame that should have come long ago is put where it arrived, any other one frame after the last.
    const late = microsToTicks(arrival - this.#arrival) - (this.#placed - this.#ticks);
    this.#placed += late > PLAUSIBLE_TICKS ? late : Math.min(this.#frameTicks, PLAUSIBLE_TICKS);
    this.#suspectRtp = rtp;
    this.#suspectTicks = this.#placed;
    this.#suspectArrival = arrival;
    return mediaTicks(this.#placed);
  }
}

function isPlausible(deltaTicks: number, elapsedMicros: number): boolean {
  if (deltaTicks < -REORDER_TICKS) return false;
  return Math.abs(deltaTicks - microsToTicks(elapsedMicros)) <= PLAUSIBLE_TICKS;
}
