import type { MonoMicros } from '../time/units.ts';

/**
 * Whether the next key frame of a camera is worth decoding, told from what lies between key frames: the sizes of
 * pictures and their quantisers, which cost nothing. Where a scene rests, they hardly vary; what moves has to be coded.
 *
 * Bytes × 2^(QP / 6) is comparable between an encoder that keeps the quality and one that keeps the rate. What is usual
 * is learnt from groups of pictures in which the detector saw nothing. The gate never says that something moves, only
 * that nothing seems to, and it is tested all the time: a picture a floor interval is decoded whatever it says, and
 * when the detector finds motion in one of those, the gate is not asked for a while.
 *
 * In rain, in wind or in a night's noise it knows nothing, and has to know that before somebody has come who proves it:
 * a quiet camera may have to wait for days for its first visitor, and that one must not be missed. A key frame says what
 * it costs to code all of the scene, so an object costs about its share of that, anew in each picture; where the usual
 * varies by more, nobody would stand out, and every key frame is decoded.
 */

export type GateReason =
  /** Too little is known of the camera yet. */
  | 'learning'
  /** The group of pictures was larger than usual. */
  | 'busy'
  /** It is time to look, whatever the sizes say. */
  | 'floor'
  /** Something moved a moment ago. */
  | 'following'
  /** Sizes said "quiet" a while ago, and it was not. */
  | 'mistrust'
  /** Sizes vary so much that somebody would not stand out. */
  | 'noise'
  /** The only one for which nothing is decoded. */
  | 'quiet';

export interface GateOptions {
  /** A picture is decoded at least this often. */
  readonly floorMicros: number;
  /** Before it is believed, it is watched for so long. */
  readonly probationMicros: number;
}

export const DEFAULT_GATE: GateOptions = { floorMicros: 12_000_000, probationMicros: 300_000_000 };

/** Groups that are remembered, in which nothing moved. */
const MEMORY = 60;
const ENOUGH = 10;
/** How far above what is usual a group is suspicious: in spreads, and at least so many doublings of the size. */
const SPREADS = 3;
const LEAST_RISE = 0.12;
/**
 * What has to stand out: this share of the cost of a key frame. Somebody some way off covers two hundredths of the
 * picture, and uncovers as much of what is behind them in a second or two.
 */
const LEAST_OBJECT = 1 / 32;
/** A median absolute deviation of 1 is a standard deviation of so many. */
const MAD_TO_DEVIATION = 1.4826;
const FOLLOW_MICROS = 10_000_000;
const FIRST_MISTRUST_MICROS = 120_000_000;
const LONGEST_MISTRUST_MICROS = 3_600_000_000;
/** The logarithm of complexity, in steps of a thirty-second. */
const STEPS = 32;
const BINS = 40 * STEPS;
const REFERENCE_QP = 26;
const QP_PER_DOUBLING = 6;

/** Of one group: half of its pictures, and all but a tenth, are below (doublings of bytes at QP 26). */
interface GroupComplexity {
  readonly median: number;
  readonly high: number;
  /** Of the key frame at its end. */
  readonly key: number;
}

/** One a camera. Called for every picture: allocates nothing there. */
export class MotionGate {
  readonly #options: GateOptions;
  readonly #bins = new Uint32Array(BINS);
  #pictures = 0;
  readonly #medians: number[] = [];
  readonly #highs: number[] = [];
  /** Of the key frames after those groups. */
  readonly #keys: number[] = [];
  #turn = 0;
  #believedAt = Number.NEGATIVE_INFINITY;
  #decodedAt = Number.NEGATIVE_INFINITY;
  #movedAt = Number.NEGATIVE_INFINITY;
  #mistrustUntil = Number.NEGATIVE_INFINITY;
  #mistrustMicros = FIRST_MISTRUST_MICROS;
  /** Of the picture that was last given to be decoded, until the detector has spoken of it. */
  #pending:
    | {
        readonly group: GroupComplexity | undefined;
        readonly reason: GateReason;
        readonly looksQuiet: boolean;
      }
    | undefined;

  constructor(options: GateOptions = DEFAULT_GATE) {
    this.#options = options;
  }

  /**
   * A picture between two key frames.
   * @param qp its quantiser; `undefined` when it could not be read: then sizes count as they are
   */
  picture(bytes: number, qp: number | undefined): void {
    const bin = Math.max(0, Math.min(BINS - 1, Math.round(doublingsOf(bytes, qp) * STEPS)));
    this.#bins[bin] = (this.#bins[bin] as number) + 1;
    this.#pictures++;
  }

  /**
   * A key frame is there, and with it the end of a group: is it worth decoding?
   * @param bytes of the key frame, and `qp` as for `picture`
   */
  keyFrame(now: MonoMicros, bytes: number, qp: number | undefined): GateReason {
    const group = this.#endGroup(doublingsOf(bytes, qp));
    if (this.#believedAt === Number.NEGATIVE_INFINITY) this.#believedAt = now + this.#options.probationMicros;
    const known = this.#medians.length >= ENOUGH;
    const isUsual = known && group !== undefined && this.#isUsual(group);
    const looksQuiet = isUsual && this.#wouldStandOut();
    const reason = this.#reason(now, isUsual, looksQuiet);
    if (reason === 'quiet') {
      if (group) this.#learn(group);
    } else {
      this.#decodedAt = now;
      this.#pending = { group, reason, looksQuiet };
    }
    return reason;
  }

  /** What the detector saw in the key frame that was last decoded. */
  seen(moving: boolean, now: MonoMicros): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (moving) this.#movedAt = now;
    if (!pending) return;
    if (!moving) {
      if (pending.group) this.#learn(pending.group);
    } else if (pending.looksQuiet && pending.reason !== 'following') {
      // It would have been passed over, and nobody was being followed, who by standing still costs nothing.
      const again = now - this.#mistrustUntil < this.#mistrustMicros;
      this.#mistrustMicros = again
        ? Math.min(LONGEST_MISTRUST_MICROS, this.#mistrustMicros * 2)
        : FIRST_MISTRUST_MICROS;
      this.#mistrustUntil = now + this.#mistrustMicros;
    }
  }

  #reason(now: MonoMicros, isUsual: boolean, looksQuiet: boolean): GateReason {
    if (this.#medians.length < ENOUGH) return 'learning';
    if (!isUsual) return 'busy';
    if (now - this.#movedAt < FOLLOW_MICROS) return 'following';
    if (!looksQuiet) return 'noise';
    if (now < this.#believedAt) return 'learning';
    if (now < this.#mistrustUntil) return 'mistrust';
    if (now - this.#decodedAt >= this.#options.floorMicros) return 'floor';
    return 'quiet';
  }

  #isUsual({ median, high }: GroupComplexity): boolean {
    return median <= limitOf(this.#medians) && high <= limitOf(this.#highs);
  }

  /** Whether an object would raise the cost of pictures above all that is usual. */
  #wouldStandOut(): boolean {
    const unseen = 2 ** limitOf(this.#medians) - 2 ** medianOf(this.#medians);
    return unseen <= LEAST_OBJECT * 2 ** medianOf(this.#keys);
  }

  #learn({ median, high, key }: GroupComplexity): void {
    this.#medians[this.#turn] = median;
    this.#highs[this.#turn] = high;
    this.#keys[this.#turn] = key;
    this.#turn = (this.#turn + 1) % MEMORY;
  }

  /** `undefined` for a group without pictures between its key frames. */
  #endGroup(key: number): GroupComplexity | undefined {
    const count = this.#pictures;
    if (count === 0) return undefined;
    let seen = 0;
    let median = -1;
    let high = -1;
    for (let bin = 0; bin < BINS && high < 0; bin++) {
      seen += this.#bins[bin] as number;
      if (median < 0 && seen * 2 >= count) median = bin / STEPS;
      if (seen * 10 >= count * 9) high = bin / STEPS;
    }
    this.#bins.fill(0);
    this.#pictures = 0;
    return { median, high, key };
  }
}

const doublingsOf = (bytes: number, qp: number | undefined): number =>
  Math.log2(Math.max(1, bytes)) + ((qp ?? REFERENCE_QP) - REFERENCE_QP) / QP_PER_DOUBLING;

/** The most that is usual: the median of what is remembered and its spread, which outliers do not move. */
function limitOf(values: readonly number[]): number {
  const middle = medianOf(values);
  const spread = medianOf(values.map((value) => Math.abs(value - middle))) * MAD_TO_DEVIATION;
  return middle + Math.max(LEAST_RISE, SPREADS * spread);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
