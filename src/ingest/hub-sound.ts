import { type AudioConfig, sameAudio } from '../media/audio-config.ts';
import type { FragmentData } from '../media/fragment-builder.ts';
import { opusSamples } from '../media/opus.ts';
import type { SlabPool } from '../media/slab-pool.ts';
import { SoundCollector, type SoundRun } from '../media/sound-collector.ts';
import { LeastDelay } from '../time/least-delay.ts';
import type { MediaTimeline } from '../time/media-timeline.ts';
import { DROPPED, SoundTimeline } from '../time/sound-timeline.ts';
import { MEDIA_TICKS_PER_SECOND, type MonoMicros, ticksToMicros } from '../time/units.ts';

/** Pictures whose arrival says when something was seen, as far back as `WallModel` looks. */
const WINDOW_MICROS = 30_000_000;
/** Sound of which nothing has come for so long has stopped. */
const ALIVE_SECONDS = 1;
/** A file describes its tracks at its head, so sound that comes or goes begins a new one: at most so often. */
const CHANGE_TICKS = 10 * MEDIA_TICKS_PER_SECOND;
/** A frame of more is garbage: a second of the best uncompressed sound has 200 kB. */
const MAX_FRAME_BYTES = 1024 * 1024;

/** What a fragment that takes its sound is. */
export interface SoundSpan {
  readonly endTicks: number;
  readonly startTicks: number;
  readonly key: boolean;
  readonly startsRun: boolean;
  /** Nothing of the run comes after it: its sound may still have been on the way, and has not stopped for that. */
  readonly endsRun: boolean;
}

/**
 * The sound of one camera, from its frames to the part of each fragment: puts it on the timeline of the video's run,
 * keeps it until the fragment to which it belongs is cut, and says which fragments are described as having any.
 */
export class HubSound {
  /** What fragments are described with from the last one taken on; the same object as long as nothing changes. */
  described: AudioConfig | undefined;
  /** Frames since the start, and those of them that were not recorded. */
  frames = 0;
  dropped = 0;

  readonly #collector: SoundCollector;
  #config: AudioConfig | undefined;
  /** Announced, and different: it has its turn when the next fragment begins with a key frame. */
  #next: AudioConfig | undefined;
  #timeline: SoundTimeline | undefined;
  #pictures = new LeastDelay(WINDOW_MICROS);
  #running = false;
  #changedTicks = 0;
  /** Run position, in samples, at which the last frame arrived; and up to where sound is written. */
  #heard = 0;
  #written = 0;

  constructor(pool: SlabPool) {
    this.#collector = new SoundCollector(pool);
  }

  /** What is being heard; `undefined` before anything is announced. */
  get config(): AudioConfig | undefined {
    return this.#config;
  }

  /** Another kind of sound waits for a key frame. */
  get pending(): boolean {
    return this.#next !== undefined;
  }

  begin(config: AudioConfig): void {
    this.#next = undefined;
    if (this.#config && sameAudio(config, this.#config)) return;
    if (this.#config && this.#running) this.#next = config;
    else this.#change(config);
  }

  /** The fragment before this moment has taken what is its own: the sound that was announced begins. */
  activate(): void {
    if (this.#next) this.#change(this.#next);
    this.#next = undefined;
  }

  startRun(): void {
    this.activate();
    this.#running = true;
    this.#pictures = new LeastDelay(WINDOW_MICROS);
    this.#changedTicks = 0;
    this.#restart();
  }

  endRun(): void {
    this.#running = false;
    this.#restart();
  }

  /** A picture of the run has arrived. */
  picture(ticks: number, arrival: MonoMicros): void {
    const micros = ticksToMicros(ticks);
    this.#pictures.observe(arrival - micros, micros);
  }

  /** As `AudioSink.audioFrame`. Allocates nothing but slabs. */
  frame(
    timestamp: number,
    source: Buffer,
    start: number,
    end: number,
    arrival: MonoMicros,
    video: MediaTimeline,
  ): void {
    const config = this.#config;
    const undelayed = this.#pictures.value;
    if (!this.#running || !config || this.#next || undelayed === undefined) return;
    this.frames++;
    // Half a sample at the end would shift every one behind it.
    const whole = config.bytesPerSample > 0 ? end - ((end - start) % config.bytesPerSample) : end;
    const samples = samplesOf(config, source, start, whole);
    if (samples === 0 || end - start > MAX_FRAME_BYTES) {
      this.dropped++;
      return;
    }
    const { sampleRate } = config;
    this.#timeline ??= new SoundTimeline(config);
    this.#heard = Math.round(((arrival - undelayed) / 1_000_000) * sampleRate);
    const told = config.sharesVideoClock
      ? toSamples(video.ticksOf(videoTimestamp(timestamp, config.clockRate)), sampleRate)
      : Number.NaN;
    const at = this.#timeline.place(timestamp, samples, this.#heard, told);
    // What was written without it cannot have it any more.
    const late = at === DROPPED || at + this.#timeline.offset < this.#written;
    if (late || !this.#collector.add(source, start, whole, at, samples)) this.dropped++;
  }

  /** All that will be heard up to there has come. */
  isHeard(endTicks: number): boolean {
    const end = this.#position(endTicks);
    return !this.#isAlive(end) || (this.#timeline?.end ?? 0) >= end;
  }

  /**
   * Gives a fragment its sound: what begins before its end and was not in the one before. Fragments that begin with a
   * key frame decide whether there is any to be described.
   */
  take(span: SoundSpan): SoundRun | undefined {
    const run = this.#cut(span.endTicks);
    if (span.key && (run || !span.endsRun)) this.#describe(span, run?.config);
    if (!run || run.config === this.described) return run;
    this.dropped += run.samples.count;
    run.release();
    return undefined;
  }

  #describe(span: SoundSpan, heard: AudioConfig | undefined): void {
    if (heard === this.described) return;
    const another = heard !== undefined && this.described !== undefined;
    const soon = span.startTicks - this.#changedTicks < CHANGE_TICKS;
    if (soon && !another && this.#changedTicks > 0) return;
    this.described = heard;
    // A run begins a file of its own in any case.
    this.#changedTicks = span.startsRun ? 0 : span.startTicks;
  }

  #cut(endTicks: number): SoundRun | undefined {
    const timeline = this.#timeline;
    const config = this.#config;
    if (!timeline || !config) return undefined;
    timeline.settle();
    const { offset } = timeline;
    // Heard before the first picture: there is no place for it.
    const early = this.#collector.countBefore(-offset);
    if (early > 0) this.#collector.take(config, early, offset).release();
    const end = this.#position(endTicks);
    const count = this.#collector.countBefore(end - offset);
    if (count === 0) return undefined;
    // Sound that stops is silence up to the end: players wait for what is missing, and the video with it.
    const stopped = !this.#isAlive(end);
    const run = this.#collector.take(config, count, offset, stopped ? end - offset : 0);
    if (stopped) this.#written = end;
    return run;
  }

  #isAlive(end: number): boolean {
    return (
      this.#heard >= end - ALIVE_SECONDS * (this.#config?.sampleRate ?? 0) && this.#timeline !== undefined
    );
  }

  #position(ticks: number): number {
    return toSamples(ticks, this.#config?.sampleRate ?? 1);
  }

  #change(config: AudioConfig): void {
    this.#config = config;
    this.#restart();
  }

  #restart(): void {
    this.#collector.clear();
    this.#timeline = undefined;
    this.#heard = 0;
    this.#written = 0;
  }
}

/** A fragment and its sound, whose memory is given back together. */
export function withSound(data: FragmentData, sound: SoundRun): FragmentData {
  return {
    ...data,
    sound,
    release() {
      data.release();
      sound.release();
    },
  };
}

const toSamples = (ticks: number, sampleRate: number): number =>
  Math.round((ticks * sampleRate) / MEDIA_TICKS_PER_SECOND);

/** The same moment as the video's clock counts it, unsigned 32-bit. */
const videoTimestamp = (timestamp: number, clockRate: number): number =>
  Math.round((timestamp * MEDIA_TICKS_PER_SECOND) / clockRate) >>> 0;

/** Samples that a frame stands for; 0 when it is none. */
function samplesOf(config: AudioConfig, source: Buffer, start: number, end: number): number {
  if (end <= start) return 0;
  if (config.samplesPerFrame > 0) return config.samplesPerFrame;
  if (config.bytesPerSample > 0) return (end - start) / config.bytesPerSample;
  return opusSamples(source, start, end);
}
