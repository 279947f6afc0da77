import type { GapCause } from '../catalog/catalog.ts';
import type { MediaSink } from '../media/access-unit-sink.ts';
import type { AudioConfig } from '../media/audio-config.ts';
import { FragmentBuilder, MAX_FRAGMENT_SAMPLES } from '../media/fragment-builder.ts';
import type { ParameterSets, SetKind } from '../media/parameter-sets.ts';
import type { SlabPool } from '../media/slab-pool.ts';
import type { VideoConfig } from '../media/video-config.ts';
import type { ClockRate } from '../time/clock-fit.ts';
import { MediaTimeline } from '../time/media-timeline.ts';
import { SenderClock } from '../time/sender-clock.ts';
import {
  MEDIA_TICKS_PER_SECOND,
  type MonoMicros,
  mediaTicks,
  type WallMicros,
  wallMicros,
} from '../time/units.ts';
import { WallModel } from '../time/wall-model.ts';
import type { PictureTap } from '../watch/picture-tap.ts';
import type { FragmentSink } from './fragment.ts';
import { FragmentOutlet } from './fragment-outlet.ts';
import { HubSound } from './hub-sound.ts';
import { StreamSets } from './stream-sets.ts';

/** A fragment of more bytes is cut even inside a group of pictures. */
const MAX_FRAGMENT_BYTES = 32 * 1024 * 1024;
/** After the buffer budget ran out, a camera starts again when this share of it is free. */
const FREE_SHARE_TO_START = 0.1;

/** What happened to the frames of a camera, in totals since it was created. */
export interface HubCounters {
  frames: number;
  framesDamaged: number;
  timestampsRepaired: number;
  /** Length of the last whole group of pictures. */
  gopTicks: number;
}

/**
 * One a camera: turns its access units into fragments with exact times and gives them to the recorder. Decides
 * where fragments end: before a key frame, or after `fragmentTicks` when none comes.
 *
 * A run begins at the first key frame after `begin` and lasts until `end`; whatever happens in between (bad
 * timestamps, new parameter sets, lost packets) it goes on.
 */
export class CameraHub implements MediaSink {
  readonly counters: HubCounters = { frames: 0, framesDamaged: 0, timestampsRepaired: 0, gopTicks: 0 };
  arrivalWall = 0 as WallMicros;
  arrivalMono = 0 as MonoMicros;

  readonly senderClock = new SenderClock();

  readonly #pool: SlabPool;
  readonly #builder: FragmentBuilder;
  readonly #sink: FragmentSink;
  readonly #fragmentTicks: number;
  readonly #minimumTicks: number;
  /** The camera's sound may be recorded; made when there is any. */
  readonly #wantsSound: boolean;
  readonly #tap: PictureTap | undefined;
  readonly #outlet: FragmentOutlet;
  readonly #sets = new StreamSets();
  #timeline = new MediaTimeline();
  #wall: WallModel | undefined;
  #startsRun = false;
  #fragmentKey = false;
  #fragmentWall = 0 as WallMicros;
  #lastKeyTicks = 0;
  #restart = false;
  #waitForMemory = false;
  /** When the access unit being collected arrived. */
  #unitWall = 0 as WallMicros;
  #unitMono = 0 as MonoMicros;

  constructor(options: {
    readonly pool: SlabPool;
    readonly sink: FragmentSink;
    /** Longest fragment. */
    readonly fragmentTicks: number;
    /** Sound may be recorded, if there is any; otherwise it is dropped here, whatever a source sends. */
    readonly audio?: boolean;
    /** Is shown what is recorded; `undefined`: nobody looks. */
    readonly tap?: PictureTap | undefined;
  }) {
    this.#pool = options.pool;
    this.#builder = new FragmentBuilder(options.pool);
    this.#sink = options.sink;
    this.#outlet = new FragmentOutlet(options.sink);
    this.#fragmentTicks = options.fragmentTicks;
    this.#wantsSound = options.audio ?? false;
    this.#tap = options.tap;
    this.#minimumTicks = Math.min(MEDIA_TICKS_PER_SECOND, options.fragmentTicks / 2);
  }

  /** A run is being recorded. */
  get running(): boolean {
    return this.#wall !== undefined;
  }

  /** What the stream is, once a key frame has been seen. */
  get config(): VideoConfig | undefined {
    return this.#sets.config;
  }

  /** What is heard beside it, once a frame of it was recorded. */
  get audio(): AudioConfig | undefined {
    return this.#outlet.sound?.described;
  }

  /** It waits for memory: the buffers of all cameras of this thread are full. */
  get overloaded(): boolean {
    return this.#waitForMemory;
  }

  /** How fast the camera's clock runs: after its sender reports, or after its timestamps when it sends none. */
  get clockRate(): ClockRate | null {
    return this.senderClock.rate ?? this.#wall?.rate ?? null;
  }

  /** Parameter sets of which none has come; when nothing is missing, a run waits for a key frame. */
  get missingSets(): readonly SetKind[] {
    return this.#sets.missing;
  }

  /** A run that is being recorded ends: nothing of the new stream can be decoded with what came before. */
  begin(sets: ParameterSets): void {
    if (this.running) this.end('no-keyframe');
    this.#builder.clear();
    this.#sets.begin(sets);
    this.#waitForMemory = false;
  }

  /** Writes out what is there and ends the run. */
  end(cause: GapCause): void {
    this.#builder.discard();
    this.#endRun(cause);
    this.#builder.clear();
  }

  /** The machine's clock was stepped: start a new run at the next key frame, so that no frame is lost over it. */
  restartAtKey(): void {
    if (this.running) this.#restart = true;
  }

  beginNal(): void {
    // Not when the access unit ends: that may only show when the next one begins, which may be a second later.
    this.#unitWall = this.arrivalWall;
    this.#unitMono = this.arrivalMono;
    this.#builder.beginNal();
  }

  writeByte(value: number): void {
    this.#builder.writeByte(value);
  }

  write(source: Buffer, start: number, end: number): void {
    this.#builder.write(source, start, end);
  }

  endNal(): void {
    this.#builder.endNal();
  }

  parameterSet(source: Buffer, start: number, end: number): void {
    this.#sets.put(source, start, end, this.running ? this.#builder : undefined);
  }

  beginAudio(config: AudioConfig): void {
    if (!this.#wantsSound) return;
    if (!this.#outlet.sound) {
      this.#outlet.sound = new HubSound(this.#pool);
      if (this.running) this.#outlet.sound.startRun();
    }
    this.#outlet.sound.begin(config);
  }

  audioFrame(timestamp: number, source: Buffer, start: number, end: number): void {
    const { sound } = this.#outlet;
    if (!sound) return;
    sound.frame(timestamp, source, start, end, this.arrivalMono, this.#timeline);
    this.#outlet.heard();
  }

  abandonAccessUnit(): void {
    this.counters.framesDamaged++;
    this.#builder.discard();
    this.#tap?.lost();
  }

  packetsMissing(): void {
    this.#tap?.lost();
  }

  endAccessUnit(timestamp: number, key: boolean): void {
    this.counters.frames++;
    if (this.#builder.refused) {
      this.counters.framesDamaged++;
      this.#builder.discard();
      this.#endRun('overload');
      this.#waitForMemory = true;
      return;
    }
    if (this.running && this.#restart && key) {
      this.#emit(this.#placeNext(timestamp));
      this.#endRun('clock-step');
    }
    if (!this.running && !this.#startRun(key)) {
      this.#builder.discard();
      return;
    }
    this.#place(timestamp, key);
  }

  /** False: a run cannot start with this access unit. */
  #startRun(key: boolean): boolean {
    if (!key || this.#sets.missing.length > 0) return false;
    if (this.#waitForMemory) {
      const free = this.#pool.budgetBytes - this.#pool.takenBytes;
      if (free < this.#pool.budgetBytes * FREE_SHARE_TO_START) return false;
      this.#waitForMemory = false;
    }
    const config = this.#sets.first();
    if (!config) return false;
    this.#timeline = new MediaTimeline();
    this.#wall = new WallModel(this.#unitWall);
    this.#outlet.sound?.startRun();
    this.#startsRun = true;
    this.#tap?.begin(config);
    this.#tap?.hold();
    this.#restart = false;
    this.#fragmentKey = true;
    this.#lastKeyTicks = 0;
    this.#builder.startAt(0);
    return true;
  }

  #place(timestamp: number, key: boolean): void {
    const builder = this.#builder;
    const ticks = this.#placeNext(timestamp);
    if (ticks < 0) {
      // Shown before the key frame that the run began with: it leans on pictures that never came (J30).
      builder.discard();
      return;
    }
    this.#outlet.reached(ticks);
    const elapsed = ticks - builder.startTicks;
    // New parameter sets take effect at a key frame: a fragment holds samples of one configuration only.
    const changed = key ? this.#sets.next() : undefined;
    if (builder.count > 0) {
      const due = key
        ? changed !== undefined || this.#outlet.sound?.pending || elapsed >= this.#minimumTicks
        : (elapsed >= this.#fragmentTicks || builder.payloadBytes >= MAX_FRAGMENT_BYTES) &&
          ticks > builder.latestTicks;
      if (due || builder.count === MAX_FRAGMENT_SAMPLES) {
        this.#emit(ticks);
        this.#fragmentKey = key;
        if (key && this.#outlet.sound?.pending) {
          this.#outlet.deliver();
          this.#outlet.sound.activate();
        }
      }
    }
    if (changed) {
      this.#sets.config = changed;
      this.#tap?.begin(changed);
    }
    if (key) {
      if (ticks > this.#lastKeyTicks) this.counters.gopTicks = ticks - this.#lastKeyTicks;
      this.#lastKeyTicks = ticks;
    }
    this.#show(ticks, key);
    builder.commit(ticks, key);
  }

  #show(ticks: number, key: boolean): void {
    if (!this.#tap || !this.#wall) return;
    this.#builder.endNal();
    this.#tap.picture(this.#builder, key, ticks, this.#wall.wallAt(mediaTicks(ticks)), this.#unitMono);
  }

  #placeNext(timestamp: number): number {
    const timeline = this.#timeline;
    const before = timeline.repaired;
    const ticks = timeline.place(timestamp, this.#unitMono);
    this.counters.timestampsRepaired += timeline.repaired - before;
    const wall = this.#wall;
    if (wall && !this.#restart) {
      wall.observe(ticks, this.#unitWall);
      if (wall.diverged) this.#restart = true;
    }
    this.#outlet.sound?.picture(ticks, this.#unitMono);
    return ticks;
  }

  /** Ends the fragment before the access unit being collected, which is at `nextTicks`. */
  #emit(nextTicks: number | undefined): void {
    const wall = this.#wall;
    const { config } = this.#sets;
    if (!wall || !config || this.#builder.count === 0) return;
    const data = this.#builder.cut(nextTicks);
    if (this.#startsRun) {
      wall.settle();
      this.#fragmentWall = wall.wallAt(mediaTicks(data.startTicks));
      this.#tap?.settle((ticks) => wall.wallAt(ticks));
    }
    const wallStart = this.#fragmentWall;
    // One of almost no length can be shorter than what the model has been slewed by meanwhile.
    this.#fragmentWall = wallMicros(Math.max(wallStart, wall.wallAt(mediaTicks(data.endTicks))));
    const startsRun = this.#startsRun;
    this.#startsRun = false;
    const wallEnd = this.#fragmentWall;
    this.#outlet.put({ data, config, wallStart, wallEnd, key: this.#fragmentKey, startsRun });
  }

  #endRun(cause: GapCause): void {
    if (!this.#wall) return;
    this.#emit(undefined);
    this.#outlet.deliver(true);
    this.#outlet.sound?.endRun();
    this.#wall = undefined;
    this.#restart = false;
    // A run that never got as far as a fragment has left nothing behind.
    if (!this.#startsRun) this.#sink.runEnded(this.#fragmentWall, cause);
    this.#startsRun = false;
  }
}
