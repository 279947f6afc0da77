import type { GapCause } from '../catalog/catalog.ts';
import type { VideoSink } from '../media/access-unit-sink.ts';
import { FragmentBuilder, MAX_FRAGMENT_SAMPLES } from '../media/fragment-builder.ts';
import { ParameterSets } from '../media/parameter-sets.ts';
import type { SlabPool } from '../media/slab-pool.ts';
import type { VideoConfig } from '../media/video-config.ts';
import { MediaTimeline } from '../time/media-timeline.ts';
import { MEDIA_TICKS_PER_SECOND, type MonoMicros, mediaTicks, type WallMicros } from '../time/units.ts';
import { WallModel } from '../time/wall-model.ts';
import type { FragmentSink } from './fragment.ts';

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
export class CameraHub implements VideoSink {
  readonly counters: HubCounters = {
    frames: 0,
    framesDamaged: 0,
    timestampsRepaired: 0,
    gopTicks: 0,
  };
  arrivalWall = 0 as WallMicros;
  arrivalMono = 0 as MonoMicros;

  readonly #pool: SlabPool;
  readonly #builder: FragmentBuilder;
  readonly #sink: FragmentSink;
  readonly #fragmentTicks: number;
  readonly #minimumTicks: number;
  #sets = new ParameterSets('h264');
  #setsChanged = false;
  #config: VideoConfig | undefined;
  #timeline = new MediaTimeline();
  #wall: WallModel | undefined;
  #startsRun = false;
  #fragmentKey = false;
  #fragmentWall = 0 as WallMicros;
  #lastKeyTicks = 0;
  #restart = false;
  #waitForMemory = false;

  constructor(options: {
    readonly pool: SlabPool;
    readonly sink: FragmentSink;
    /** Longest fragment. */
    readonly fragmentTicks: number;
  }) {
    this.#pool = options.pool;
    this.#builder = new FragmentBuilder(options.pool);
    this.#sink = options.sink;
    this.#fragmentTicks = options.fragmentTicks;
    this.#minimumTicks = Math.min(MEDIA_TICKS_PER_SECOND, options.fragmentTicks / 2);
  }

  /** A run is being recorded. */
  get running(): boolean {
    return this.#wall !== undefined;
  }

  /** What the stream is, once a key frame has been seen. */
  get config(): VideoConfig | undefined {
    return this.#config;
  }

  /** It waits for memory: the buffers of all cameras of this thread are full. */
  get overloaded(): boolean {
    return this.#waitForMemory;
  }

  /** How fast the camera's media clock runs against ours, from the current run; `null` before it is known. */
  get clockDriftPpm(): number | null {
    return this.#wall?.driftPpm ?? null;
  }

  /** Parameter sets are known: what is missing for a run to start is a key frame. */
  get hasParameterSets(): boolean {
    return this.#sets.complete;
  }

  begin(sets: ParameterSets): void {
    this.#builder.clear();
    this.#sets = sets;
    this.#setsChanged = true;
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
    if (this.#sets.put(source.subarray(start, end))) this.#setsChanged = true;
  }

  abandonAccessUnit(): void {
    this.counters.framesDamaged++;
    this.#builder.discard();
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
    if (!key || !this.#sets.complete) return false;
    if (this.#waitForMemory) {
      const free = this.#pool.budgetBytes - this.#pool.takenBytes;
      if (free < this.#pool.budgetBytes * FREE_SHARE_TO_START) return false;
      this.#waitForMemory = false;
    }
    this.#config = this.#sets.config();
    if (!this.#config) return false;
    this.#setsChanged = false;
    this.#timeline = new MediaTimeline();
    this.#wall = new WallModel(this.arrivalWall);
    this.#startsRun = true;
    this.#restart = false;
    this.#fragmentKey = true;
    this.#lastKeyTicks = 0;
    this.#builder.startAt(0);
    return true;
  }

  #place(timestamp: number, key: boolean): void {
    const builder = this.#builder;
    const ticks = this.#placeNext(timestamp);
    const elapsed = ticks - builder.startTicks;
    const changed = key ? this.#takeChangedConfig() : undefined;
    if (builder.count > 0) {
      const due = key
        ? changed !== undefined || elapsed >= this.#minimumTicks
        : (elapsed >= this.#fragmentTicks || builder.payloadBytes >= MAX_FRAGMENT_BYTES) &&
          ticks > builder.latestTicks;
      if (due || builder.count === MAX_FRAGMENT_SAMPLES) {
        this.#emit(ticks);
        this.#fragmentKey = key;
      }
    }
    if (changed) this.#config = changed;
    if (key) {
      if (ticks > this.#lastKeyTicks) this.counters.gopTicks = ticks - this.#lastKeyTicks;
      this.#lastKeyTicks = ticks;
    }
    builder.commit(ticks, key);
  }

  /** New parameter sets take effect at a key frame: a fragment holds samples of one configuration only. */
  #takeChangedConfig(): VideoConfig | undefined {
    if (!this.#setsChanged) return undefined;
    this.#setsChanged = false;
    const config = this.#sets.config();
    if (!config || !this.#config) return undefined;
    return Buffer.compare(config.decoderConfig, this.#config.decoderConfig) === 0 ? undefined : config;
  }

  #placeNext(timestamp: number): number {
    const timeline = this.#timeline;
    const before = timeline.repaired;
    const ticks = timeline.place(timestamp, this.arrivalMono);
    this.counters.timestampsRepaired += timeline.repaired - before;
    if (!this.#restart) this.#wall?.observe(ticks, this.arrivalWall);
    return ticks;
  }

  /** Ends the fragment before the access unit being collected, which is at `nextTicks`. */
  #emit(nextTicks: number | undefined): void {
    const wall = this.#wall;
    const config = this.#config;
    if (!wall || !config || this.#builder.count === 0) return;
    const data = this.#builder.cut(nextTicks);
    if (this.#startsRun) {
      wall.settle();
      this.#fragmentWall = wall.wallAt(mediaTicks(data.startTicks));
    }
    const wallStart = this.#fragmentWall;
    this.#fragmentWall = wall.wallAt(mediaTicks(data.endTicks));
    const startsRun = this.#startsRun;
    this.#startsRun = false;
    this.#sink.fragment({
      data,
      config,
      wallStart,
      wallEnd: this.#fragmentWall,
      key: this.#fragmentKey,
      startsRun,
    });
  }

  #endRun(cause: GapCause): void {
    if (!this.#wall) return;
    this.#emit(undefined);
    this.#wall = undefined;
    this.#restart = false;
    // A run that never got as far as a fragment has left nothing behind.
    if (!this.#startsRun) this.#sink.runEnded(this.#fragmentWall, cause);
    this.#startsRun = false;
  }
}
