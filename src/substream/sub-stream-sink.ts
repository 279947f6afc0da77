import type { MediaSink } from '../media/access-unit-sink.ts';
import { FragmentBuilder } from '../media/fragment-builder.ts';
import type { ParameterSets, SetKind } from '../media/parameter-sets.ts';
import type { SlabPool } from '../media/slab-pool.ts';
import type { VideoConfig } from '../media/video-config.ts';
import { MediaTimeline } from '../time/media-timeline.ts';
import type { MonoMicros, WallMicros } from '../time/units.ts';
import type { PictureTap } from '../watch/picture-tap.ts';
import { StreamSets } from '../ingest/stream-sets.ts';

/** Collects one picture of a sub-stream at a time, shows it to the tap, and forgets it. */
export class SubStreamSink implements MediaSink {
  readonly counters = { frames: 0 };
  arrivalWall = 0 as WallMicros;
  arrivalMono = 0 as MonoMicros;

  readonly #tap: PictureTap;
  readonly #builder: FragmentBuilder;
  readonly #sets = new StreamSets();
  #timeline: MediaTimeline | undefined;
  /** When the picture that is being collected began to arrive. */
  #unitWall = 0 as WallMicros;
  #unitMono = 0 as MonoMicros;

  /** @param pool memory for pictures that are being received, of all sub-streams */
  constructor(pool: SlabPool, tap: PictureTap) {
    this.#builder = new FragmentBuilder(pool);
    this.#tap = tap;
  }

  /** A key frame came, and what follows it is shown to the tap. */
  get running(): boolean {
    return this.#timeline !== undefined;
  }

  get missingSets(): readonly SetKind[] {
    return this.#sets.missing;
  }

  get config(): VideoConfig | undefined {
    return this.#sets.config;
  }

  begin(sets: ParameterSets): void {
    this.end();
    this.#sets.begin(sets);
  }

  /** The connection ended. */
  end(): void {
    this.#builder.clear();
    this.#timeline = undefined;
    this.#tap.lost();
  }

  beginNal(): void {
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

  abandonAccessUnit(): void {
    this.#builder.discard();
    this.#tap.lost();
  }

  packetsMissing(): void {
    this.#tap.lost();
  }

  endAccessUnit(timestamp: number, key: boolean): void {
    this.counters.frames++;
    if (this.#builder.refused) this.#tap.lost();
    else this.#show(timestamp, key);
    this.#builder.discard();
  }

  /** Sound is neither asked for nor kept. */
  beginAudio(): void {}

  audioFrame(): void {}

  #show(timestamp: number, key: boolean): void {
    if (key && !this.#beginWith()) return;
    const ticks = this.#timeline?.place(timestamp, this.#unitMono) ?? -1;
    // Not begun yet, or shown before what it began with (J30).
    if (ticks < 0) return;
    this.#builder.endNal();
    this.#tap.picture(this.#builder, key, ticks, this.#unitWall, this.#unitMono);
  }

  /** A key frame is there; false: it is not known how to decode it. */
  #beginWith(): boolean {
    const config = this.#timeline ? this.#sets.next() : this.#sets.first();
    if (config) {
      this.#sets.config = config;
      this.#tap.begin(config);
    } else if (!this.#timeline) return false;
    this.#timeline ??= new MediaTimeline();
    return true;
  }
}
