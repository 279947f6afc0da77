import type { MediaSink } from '../media/access-unit-sink.ts';
import type { AudioConfig } from '../media/audio-config.ts';
import { ParameterSets } from '../media/parameter-sets.ts';
import type { VideoConfig } from '../media/video-config.ts';
import type { Clock } from '../time/clock.ts';
import { SenderClock } from '../time/sender-clock.ts';
import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';
import type { VideoReport } from './camera-report.ts';

/** Pictures of a stream whose clock is off by so much of the time that passed are counted by ours instead. */
const CLOCK_TOLERANCE = 0.5;
const MICROS_PER_TICK = 1_000_000 / MEDIA_TICKS_PER_SECOND;

/** Where a source writes when nothing is to be kept of it but what it is. */
export class MediaObserver implements MediaSink {
  arrivalWall = 0 as MediaSink['arrivalWall'];
  arrivalMono = 0 as MediaSink['arrivalMono'];
  readonly senderClock = new SenderClock();
  pictures = 0;
  keyPictures = 0;
  damaged = 0;
  /** Parameter sets that came in the stream, and not only in the description. */
  setsInStream = 0;
  /** They were others than the description said. */
  setsChanged = false;
  audio: AudioConfig | undefined;
  /** When the first and the last picture came, on the monotonic clock; -1: none came. */
  firstAt = -1;
  lastAt = -1;

  readonly #clock: Clock;
  #sets = new ParameterSets('h264');
  #described = false;
  #bytes = 0;
  #unitBytes = 0;
  /** Media time of the pictures, unwrapped, from the first one on. */
  #previous = 0;
  #ticks = 0;
  #earliest = 0;
  #latest = 0;
  #reordered = false;
  #lastKey = -1;
  #longestGop = -1;
  #jumps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get config(): VideoConfig | undefined {
    return this.#sets.config();
  }

  /** The description of the session already had the parameter sets. */
  get described(): boolean {
    return this.#described;
  }

  /** Timestamps that went more than ten seconds another way than time. */
  get jumps(): number {
    return this.#jumps;
  }

  /** From the first picture to the last. */
  get watchedMicros(): number {
    return Math.max(0, this.lastAt - this.firstAt);
  }

  begin(sets: ParameterSets): void {
    this.#sets = sets;
    this.#described = sets.complete;
  }

  beginNal(): void {}

  writeByte(): void {
    this.#unitBytes++;
  }

  write(_source: Buffer, start: number, end: number): void {
    this.#unitBytes += end - start;
  }

  endNal(): void {}

  parameterSet(source: Buffer, start: number, end: number): void {
    this.setsInStream++;
    if (this.#sets.put(source.subarray(start, end)) && this.#described) this.setsChanged = true;
  }

  endAccessUnit(timestamp: number, key: boolean): void {
    const now = this.#clock.mono();
    if (this.pictures === 0) this.firstAt = now;
    else this.#advance(timestamp, now);
    this.#previous = timestamp;
    this.lastAt = now;
    this.pictures++;
    this.#bytes += this.#unitBytes;
    this.#unitBytes = 0;
    if (!key) return;
    this.keyPictures++;
    if (this.#lastKey >= 0) this.#longestGop = Math.max(this.#longestGop, this.#ticks - this.#lastKey);
    this.#lastKey = this.#ticks;
  }

  abandonAccessUnit(): void {
    this.damaged++;
    this.#unitBytes = 0;
  }

  beginAudio(config: AudioConfig): void {
    this.audio = config;
  }

  audioFrame(): void {}

  /** `undefined` while no picture has come. */
  report(): VideoReport | undefined {
    if (this.pictures === 0) return undefined;
    const { config } = this;
    const micros = this.#micros();
    const rate = (count: number): number => (micros > 0 ? (count * 1_000_000) / micros : 0);
    return {
      codec: this.#sets.codec,
      codecs: config?.codecs ?? '',
      width: config?.width ?? 0,
      height: config?.height ?? 0,
      framesPerSecond: Math.round(rate(this.pictures - 1) * 100) / 100,
      bitrateBps: Math.round(rate(this.#bytes * 8)),
      keyFrameMicros: this.#longestGop < 0 ? null : Math.round(this.#longestGop * MICROS_PER_TICK),
      reordered: this.#reordered,
    };
  }

  #advance(timestamp: number, now: number): void {
    const delta = (timestamp - this.#previous) | 0;
    const elapsed = (now - this.lastAt) / MICROS_PER_TICK;
    if (Math.abs(delta - elapsed) > 10 * MEDIA_TICKS_PER_SECOND) {
      this.#jumps++;
      this.#ticks += elapsed;
    } else {
      this.#ticks += delta;
    }
    if (this.#ticks < this.#latest) this.#reordered = true;
    this.#earliest = Math.min(this.#earliest, this.#ticks);
    this.#latest = Math.max(this.#latest, this.#ticks);
  }

  /** Length of what came, by the camera's clock unless that is nonsense. */
  #micros(): number {
    const media = (this.#latest - this.#earliest) * MICROS_PER_TICK;
    const watched = this.watchedMicros;
    return Math.abs(media - watched) > watched * CLOCK_TOLERANCE ? watched : media;
  }
}
