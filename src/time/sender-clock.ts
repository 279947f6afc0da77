import { ClockFit, type ClockRate } from './clock-fit.ts';
import type { MonoMicros, WallMicros } from './units.ts';

/** A report this far from what was expected is not believed by itself. */
const GATE_MICROS = 500_000;
/** Nor is one that a clock this far out of tune could have brought since the last one believed. */
const GATE_PPM = 1_000;
/** A clock that seems early was set: no delay does that. So many reports in agreement are enough. */
const REPORTS_AHEAD = 3;
/** One that seems late may be delayed, for as long as a network is congested or a burst of old video lasts. */
const REPORTS_BEHIND = 6;
const BEHIND_MICROS = 60_000_000;
/** Assumed until a round trip is known: what is one way longer than this is no network for cameras. */
const UNKNOWN_DELAY_MICROS = 250_000;
/** The first reports of a connection may come with a backlog of video. */
const FIRST_REPORTS = 6;
/** The shortest of so many round trips counts, as ways change. */
const ROUND_TRIPS = 16;
/** By how much a rate may change until it is measured again, or be unknown. */
const RATE_CHANGE_PPM = 5;
const UNKNOWN_RATE_PPM = 500;

/** What is known of a camera's clock. */
export interface ClockReading {
  /** Camera clock minus ours. */
  readonly offsetMicros: number;
  /** The truth is within this of it. */
  readonly offsetErrorMicros: number;
}

/**
 * The clock of a camera, as its RTCP sender reports (RFC 3550 section 6.4.1) tell it: how far it is from ours and how
 * fast it runs, each with an error. Only a measurement: no recording depends on it, as that clock may be wrong by years,
 * be set at any time (I12), or never be told (I11).
 *
 * A report says what the camera's clock showed when it was sent; it came here one delay later. The least delayed ones
 * are the best witnesses (`ClockFit`), and the shortest round trip bounds their delay. Reports far from the others are
 * left out until they agree among themselves: then the clock was set, and counting begins anew.
 *
 * Reports are held against our monotonic clock, so that neither our own clock being set, nor a new connection, nor an
 * hour without reports disturbs it. Pure.
 */
export class SenderClock {
  /** How often the camera's clock was set, as far as seen. */
  steps = 0;

  readonly #fit = new ClockFit();
  readonly #trips: number[] = [];
  #reports = 0;
  #believedAt = 0;
  /** Reports that were not believed and agree with one another: when they came, and what they told. */
  readonly #doubted: { readonly at: number; readonly offset: number }[] = [];

  /** How fast the camera's clock runs against ours; `null` before it is known, which takes eight minutes. */
  get rate(): ClockRate | null {
    return this.#fit.rate;
  }

  /** A report that told `told` arrived at `arrival`. */
  report(told: WallMicros, arrival: MonoMicros): void {
    const offset = told - arrival;
    if (this.#fit.count === 0) {
      this.#believe(arrival, offset);
      return;
    }
    const ahead = offset - this.#fit.levelAt(arrival);
    if (Math.abs(ahead) <= gate(arrival - this.#believedAt)) {
      this.#doubted.length = 0;
      this.#believe(arrival, offset);
      return;
    }
    const last = this.#doubted.at(-1);
    if (last && Math.abs(offset - last.offset) > gate(arrival - last.at)) this.#doubted.length = 0;
    this.#doubted.push({ at: arrival, offset });
    if (!this.#agreed(ahead > 0)) return;
    this.steps++;
    this.#fit.clear();
    this.#reports = 0;
    for (const report of this.#doubted.splice(0)) this.#believe(report.at, report.offset);
  }

  /** The camera answered a request after `micros`. */
  roundTrip(micros: number): void {
    if (!(micros > 0)) return;
    this.#trips.push(micros);
    if (this.#trips.length > ROUND_TRIPS) this.#trips.shift();
  }

  /** `null` before the first report. */
  reading(nowMono: MonoMicros, nowWall: WallMicros): ClockReading | null {
    const fit = this.#fit;
    if (fit.count === 0) return null;
    const trip = this.#trips.length === 0 ? null : Math.min(...this.#trips);
    // One way took nothing at the least and the whole round trip at the most.
    const delay = trip === null ? 0 : trip / 2;
    const delayError = trip === null ? UNKNOWN_DELAY_MICROS : trip / 2;
    const rateError = fit.rate ? Math.max(RATE_CHANGE_PPM, fit.rate.errorPpm) : UNKNOWN_RATE_PPM;
    const drifted = (Math.max(0, nowMono - fit.lastAt) * rateError) / 1e6;
    const first = this.#reports < FIRST_REPORTS ? UNKNOWN_DELAY_MICROS : 0;
    return {
      offsetMicros: Math.round(nowMono + fit.levelAt(nowMono) + delay - nowWall),
      offsetErrorMicros: Math.ceil(delayError + fit.spread + drifted + first),
    };
  }

  #agreed(ahead: boolean): boolean {
    const first = this.#doubted[0];
    const last = this.#doubted.at(-1);
    if (!first || !last) return false;
    if (ahead) return this.#doubted.length >= REPORTS_AHEAD;
    if (this.#doubted.length > REPORTS_BEHIND) this.#doubted.splice(1, 1);
    return this.#doubted.length >= REPORTS_BEHIND && last.at - first.at >= BEHIND_MICROS;
  }

  #believe(at: number, offset: number): void {
    this.#reports++;
    this.#believedAt = at;
    this.#fit.add(at, offset);
  }
}

const gate = (elapsed: number): number => GATE_MICROS + (Math.abs(elapsed) * GATE_PPM) / 1e6;
