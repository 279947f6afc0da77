import type { CodedUnit } from '../media/coded-unit.ts';
import type { VideoConfig } from '../media/video-config.ts';
import {
  MEDIA_TICKS_PER_SECOND,
  type MediaTicks,
  mediaTicks,
  type MonoMicros,
  type WallMicros,
} from '../time/units.ts';
import { MotionGate } from './gate.ts';
import { SliceHead } from './slice-head.ts';
import type { WatchOutbox } from './watch-outbox.ts';
import type { WatchedFrames, WatchedPicture, WatchReason } from './watched-picture.ts';

/**
 * Where key frames are further apart, whoever passes may be gone before the next one. A little above four seconds, which
 * many cameras have, so that none is now this and now that.
 */
const LONG_GROUP_TICKS = 4.25 * MEDIA_TICKS_PER_SECOND;
/** A larger key frame is not kept when it is passed over: 217 cameras of 4 Mbit/s keep 25 MB in all. */
const MOST_KEPT_BYTES = 1 << 20;

export interface TapOptions {
  readonly cameraNo: number;
  readonly frames: WatchedFrames;
  readonly outbox: WatchOutbox;
  /** Number of its first stream, above those of any tap that the camera had before. */
  readonly firstStream: number;
  readonly gate?: MotionGate;
}

/**
 * One a watched camera: is shown every picture that is received, feeds the gate with what it costs to code, and copies
 * those that are worth it. Whoever shows it pictures never waits for anything here. It is called for every picture, and
 * allocates for those that it copies.
 */
export class PictureTap {
  readonly #options: TapOptions;
  /** `undefined` where every picture is wanted. */
  readonly #gate: MotionGate | undefined;
  #stream: number;
  #config: VideoConfig | undefined;
  #head: SliceHead | undefined;
  #keyTicks: number | undefined;
  /** Of the last picture that was handed over; grows with each, also where they are shown in another order. */
  #handedTicks: number | undefined;
  /**
   * The key frame that was passed over last, as far as it may still be wanted: what comes into view just before one shows
   * in the group that it begins, and may be gone with the key frame after the next. 0 bytes: none.
   */
  #kept = Buffer.alloc(0);
  #keptBytes = 0;
  #keptTicks = 0;
  #keptAt = 0 as WallMicros;
  /** Why pictures are handed over until the next key frame; `undefined`: they are not. */
  #following: WatchReason | undefined;
  /** Pictures of which it is not known for sure yet when they were taken. */
  #held: { readonly picture: WatchedPicture; readonly ticks: MediaTicks }[] | undefined;

  constructor(options: TapOptions) {
    this.#options = options;
    this.#gate = options.frames === 'all' ? undefined : (options.gate ?? new MotionGate());
    this.#stream = options.firstStream - 1;
  }

  /** Another stream begins, or its parameter sets change, with the key frame that is shown next. */
  begin(config: VideoConfig): void {
    this.#stream++;
    // Its bytes may lie in memory shared with other things, all of which would be sent along.
    this.#config = { ...config, decoderConfig: Uint8Array.from(config.decoderConfig) };
    this.#head = this.#gate && new SliceHead(config);
    this.#keyTicks = undefined;
    this.#handedTicks = undefined;
    this.#following = undefined;
    this.#keptBytes = 0;
  }

  /** Times are guesses until `settle`: what is to be handed over waits for it. */
  hold(): void {
    this.settle();
    this.#held = [];
  }

  /** @param wallAt when pictures were taken by their ticks; left out: as it was said of them */
  settle(wallAt?: (ticks: MediaTicks) => WallMicros): void {
    for (const { picture, ticks } of this.#held ?? []) {
      this.#options.outbox.add(wallAt ? { ...picture, at: wallAt(ticks) } : picture);
    }
    this.#held = undefined;
  }

  /**
   * A whole picture was received.
   * @param ticks on the timeline of its stream
   */
  picture(unit: CodedUnit, key: boolean, ticks: number, at: WallMicros, now: MonoMicros): void {
    try {
      if (key) this.#keyFrame(unit, ticks, at, now);
      else this.#between(unit, ticks, at);
    } catch {
      // There is no such case; if there is one after all, it must not reach what records.
      this.#options.outbox.drop();
      this.lost();
    }
  }

  /** A picture is missing: those up to the next key frame may lean on it. */
  lost(): void {
    this.#following = undefined;
  }

  /** What the detector saw in the key frame that was last handed over. */
  seen(moving: boolean, now: MonoMicros): void {
    this.#gate?.seen(moving, now);
  }

  #between(unit: CodedUnit, ticks: number, at: WallMicros): void {
    this.#gate?.picture(unit.unitBytes, this.#head?.quantiserOf(unit));
    if (this.#following && !this.#handOver(unit, false, ticks, at, this.#following)) this.lost();
  }

  #keyFrame(unit: CodedUnit, ticks: number, at: WallMicros, now: MonoMicros): void {
    const { cameraNo, frames, outbox } = this.#options;
    const groupTicks = ticks - (this.#keyTicks ?? ticks);
    this.#keyTicks = ticks;
    this.#following = undefined;
    const reason = this.#gate?.keyFrame(now, unit.unitBytes, this.#head?.quantiserOf(unit)) ?? 'always';
    if (reason === 'quiet') {
      outbox.pass({ cameraNo, at });
      this.#keep(unit, ticks, at);
      return;
    }
    if (reason === 'busy') this.#handOverKept();
    this.#keptBytes = 0;
    if (this.#handOver(unit, true, ticks, at, reason)) {
      // Where it is only time to look, one picture says whether the gate is right.
      const long = frames === 'auto' && groupTicks > LONG_GROUP_TICKS && reason !== 'floor';
      if (frames === 'all' || long) this.#following = reason;
    }
  }

  #keep(unit: CodedUnit, ticks: number, at: WallMicros): void {
    this.#keptBytes = 0;
    if (unit.unitBytes > MOST_KEPT_BYTES) return;
    // Room for a somewhat larger one, so that there is seldom a new one to be made.
    if (unit.unitBytes > this.#kept.length) this.#kept = Buffer.allocUnsafeSlow(unit.unitBytes * 1.25);
    this.#keptBytes = unit.peek(0, this.#kept.subarray(0, unit.unitBytes));
    this.#keptTicks = ticks;
    this.#keptAt = at;
  }

  /** The group that it began was no quiet one. */
  #handOverKept(): void {
    if (this.#keptBytes === 0) return;
    const kept = this.#kept.subarray(0, this.#keptBytes);
    const unit: CodedUnit = {
      unitBytes: kept.length,
      peek: (offset, target) => kept.copy(target, 0, offset),
    };
    this.#handOver(unit, true, this.#keptTicks, this.#keptAt, 'earlier');
  }

  /** False: there was no room for it. */
  #handOver(unit: CodedUnit, key: boolean, ticks: number, at: WallMicros, reason: WatchReason): boolean {
    const { cameraNo, outbox } = this.#options;
    const config = this.#config;
    const sample = config && outbox.reserve(unit.unitBytes);
    if (!sample) return false;
    unit.peek(0, sample);
    const before = this.#handedTicks;
    this.#handedTicks = before === undefined ? ticks : Math.max(before + 1, ticks);
    const elapsedTicks = this.#handedTicks - (before ?? ticks);
    const picture = { cameraNo, at, elapsedTicks, key, stream: this.#stream, config, sample, reason };
    if (this.#held) this.#held.push({ picture, ticks: mediaTicks(ticks) });
    else outbox.add(picture);
    return true;
  }
}
