import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LookedMinute } from '../../src/catalog/motion.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import type { BegunEvent, EndedEvent } from '../../src/motion/event-book.ts';
import type { MotionObserver, PictureResult, SheddingStage } from '../../src/motion/motion-observer.ts';
import { type MotionOptions, MotionService } from '../../src/motion/motion-service.ts';
import { systemClock } from '../../src/time/clock.ts';
import { MEDIA_TICKS_PER_SECOND, wallMicros } from '../../src/time/units.ts';
import type { Sighting, WatchedPicture } from '../../src/watch/watched-picture.ts';
import { type EncodedVideo, encodeGrey } from '../support/video.ts';
import { until } from '../support/vigie.ts';
import { HEIGHT, numbers, render, square, WIDTH } from './scene.ts';

/** What a service told. */
export class Told implements MotionObserver {
  readonly begun: BegunEvent[] = [];
  readonly ends: EndedEvent[] = [];
  readonly minutes: LookedMinute[] = [];
  readonly sightings: Sighting[] = [];
  readonly results = new Map<string, number>();
  readonly sheds = new Map<SheddingStage, number>();
  readonly seconds: number[] = [];
  readonly problems: string[] = [];

  began(span: BegunEvent): void {
    this.begun.push(span);
  }
  ended(span: EndedEvent): void {
    this.ends.push(span);
  }
  looked(minutes: readonly LookedMinute[]): void {
    this.minutes.push(...minutes);
  }
  sighted(sighting: Sighting): void {
    this.sightings.push(sighting);
  }
  picture(cameraNo: number, result: PictureResult): void {
    const key = `${cameraNo} ${result}`;
    this.results.set(key, (this.results.get(key) ?? 0) + 1);
  }
  shed(stage: SheddingStage): void {
    this.sheds.set(stage, (this.sheds.get(stage) ?? 0) + 1);
  }
  took(seconds: number): void {
    this.seconds.push(seconds);
  }
  problem(what: string, fields: Readonly<Record<string, unknown>>): void {
    this.problems.push(`${what}: ${String(fields.reason ?? fields.error)}`);
  }

  /** Pictures of a camera with one of these results; of all results if none is named. */
  count(cameraNo: number, ...wanted: readonly PictureResult[]): number {
    let sum = 0;
    for (const [key, count] of this.results) {
      const [camera, result] = key.split(' ') as [string, PictureResult];
      if (camera === String(cameraNo) && (wanted.length === 0 || wanted.includes(result))) sum += count;
    }
    return sum;
  }

  looks(cameraNo: number): number {
    return this.count(cameraNo, 'moving', 'still', 'learning');
  }

  pictures(cameraNo: number): number {
    return this.minutes
      .filter((minute) => minute.cameraNo === cameraNo)
      .reduce((sum, { pictures }) => sum + pictures, 0);
  }
}

/** A service with cameras that are shown pictures one at a time. */
export class Watching {
  readonly told = new Told();
  readonly folder: string;
  service!: MotionService;
  readonly #at = new Map<number, number>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async begin(cameras: number, options: Partial<MotionOptions> = {}): Promise<Watching> {
    const watching = new Watching(await mkdtemp(join(tmpdir(), 'vigie-motion-')));
    await watching.restart(cameras, options);
    return watching;
  }

  async restart(cameras: number, options: Partial<MotionOptions> = {}): Promise<void> {
    this.service = new MotionService({
      cameras: Array.from({ length: cameras }, (_, index) => ({
        ...{ cameraNo: index + 1, framesPerSecond: 5, zones: [] },
      })),
      ...{ ffmpegPath: bundledFfmpeg, decoders: 1, streams: 2, workers: 1, clock: systemClock },
      ...{ stateFolder: join(this.folder, 'motion'), observer: this.told },
      // A loaded machine is no fault that these tests are about.
      ...{ decodeMillis: 20_000, detectMillis: 20_000 },
      ...options,
    });
    await this.service.start();
  }

  async end(): Promise<void> {
    await this.service.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Hands over a picture of some video, so much media time after the one before. */
  hand(cameraNo: number, video: EncodedVideo, index: number, change: Partial<WatchedPicture> = {}): void {
    const frame = video.frames[index];
    if (!frame) throw new Error(`There is no picture ${index}.`);
    const first = !this.#at.has(cameraNo);
    const elapsedTicks = change.elapsedTicks ?? (first ? 0 : video.ticksPerFrame);
    const at = (this.#at.get(cameraNo) ?? START) + (elapsedTicks * 1e6) / MEDIA_TICKS_PER_SECOND;
    this.#at.set(cameraNo, at);
    const picture = {
      ...{ cameraNo, at: wallMicros(Math.round(at)), elapsedTicks, key: frame.key, stream: 1 },
      ...{ config: video.config, sample: Uint8Array.from(frame.data), reason: 'busy' as const },
    };
    this.service.take({ pictures: [{ ...picture, ...change }], passed: [] });
  }

  /** Hands over pictures one after the other, each when something became of the one before. */
  async show(cameraNo: number, video: EncodedVideo, from = 0, to = video.frames.length): Promise<void> {
    for (let index = from; index < to; index++) {
      const before = this.told.count(cameraNo);
      this.hand(cameraNo, video, index);
      await until(
        `picture ${index} of camera ${cameraNo} had its turn`,
        () => this.told.count(cameraNo) > before,
      );
    }
  }
}

/** A whole minute. */
export const START = 1_800_000_000_000_000;

/** A yard through which something goes from picture `enters` on, for `crosses` pictures. */
export function yard(pictures: number, enters: number, crosses: number): Uint8Array[] {
  const random = numbers(7);
  return Array.from({ length: pictures }, (_, index) => {
    const step = index - enters;
    const draw = step >= 0 && step < crosses ? square(20 + step * 24, 60, 40, 230) : undefined;
    return render({}, random, draw);
  });
}

/** One key frame a second. */
export const keyFrames = (pictures: readonly Uint8Array[]): Promise<EncodedVideo> =>
  encodeGrey(pictures, { width: WIDTH, height: HEIGHT, gop: 1, framesPerSecond: 1 });
