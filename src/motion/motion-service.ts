import type { Clock } from '../time/clock.ts';
import type { WallMicros } from '../time/units.ts';
import type { WatchReport } from '../watch/watched-picture.ts';
import { createModel } from './camera-model.ts';
import { CameraWatch, type WatchParts } from './camera-watch.ts';
import { DecoderPool } from './decode/decoder-pool.ts';
import { GREY_HEIGHT, GREY_WIDTH } from './decode/grey-output.ts';
import { StreamDecoders } from './decode/stream-decoders.ts';
import { type DetectionStatus, detectionStatus } from './detection-status.ts';
import { DetectorPool } from './detector-pool.ts';
import { LookedMinutes } from './looked-minutes.ts';
import { ModelStore } from './model-store.ts';
import type { MotionObserver } from './motion-observer.ts';
import type { Zone } from './zones/zone.ts';
import { createZoneRaster } from './zones/zone-raster.ts';

const TICK_MILLIS = 1_000;
/** How long what is known of minutes may be kept back. */
const FLUSH_MILLIS = 10_000;
/** What is known of a camera is written this often, the cameras one after the other. */
const SAVE_MILLIS = 600_000;
/** And all of them when it ends, if the disk takes them in this time. */
const SAVE_ALL_MILLIS = 10_000;
/** Pictures that are on their way when it ends have so long. */
const STOP_MILLIS = 3_000;

export interface MotionCamera {
  readonly cameraNo: number;
  /** Looked at so often, at most, when all its pictures are handed over. */
  readonly framesPerSecond: number;
  /** Where motion counts; none: everywhere. */
  readonly zones: readonly Zone[];
}

export interface MotionOptions {
  readonly cameras: readonly MotionCamera[];
  readonly ffmpegPath: string;
  /** Processes that decode key frames, for each codec. */
  readonly decoders: number;
  /** Cameras of 640x360 of which all pictures are decoded, at most: a process each. Of larger pictures fewer. */
  readonly streams: number;
  /** Threads that look at pictures. */
  readonly workers: number;
  /** Where what is known of cameras is kept across restarts. */
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly observer: MotionObserver;
  /** From a picture going in to something coming out, of a decoder and of a detector. */
  readonly decodeMillis?: number;
  readonly detectMillis?: number;
  /** What a thread runs, see `DetectorPool`. */
  readonly worker?: string;
}

/** Looks at what cameras see. It takes pictures that it is handed, and whatever becomes of it, recording goes on. */
export class MotionService {
  readonly #options: MotionOptions;
  readonly #parts: WatchParts;
  readonly #store: ModelStore;
  readonly #cameras = new Map<number, CameraWatch>();
  readonly #savedAt = new Map<number, number>();
  readonly #framesPerSecond = new Map<number, number>();
  #flushedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #decoderProblem = '';
  #stopped = false;
  #loading: Promise<void> = Promise.resolve();

  constructor(options: MotionOptions) {
    this.#options = options;
    const { ffmpegPath, observer, decodeMillis = 3_000, detectMillis = 5_000 } = options;
    const rates = new Map(options.cameras.map((camera) => [camera.cameraNo, camera.framesPerSecond]));
    this.#parts = {
      observer,
      minutes: new LookedMinutes(),
      held: { bytes: 0 },
      decoders: new DecoderPool({
        ...{ ffmpegPath, processes: options.decoders, deadlineMillis: decodeMillis },
        onEnd: (reason) => {
          this.#decoderProblem = reason;
          observer.problem('a decoder of key frames ended and is started again', { reason });
        },
      }),
      streams: new StreamDecoders({
        ...{ ffmpegPath, most: options.streams, deadlineMillis: decodeMillis },
        framesPerSecond: (cameraNo) => rates.get(cameraNo) ?? 1,
        onGrey: (picture, pixels) => this.#cameras.get(picture.cameraNo)?.takeGrey({ picture, pixels }),
        onEnd: (cameraNo, reason, inside) => {
          this.#cameras.get(cameraNo)?.lost(inside);
          observer.problem("a camera's decoder ended and is started again", { cameraNo, reason });
        },
      }),
      detectors: new DetectorPool({
        ...{ threads: options.workers, deadlineMillis: detectMillis, worker: options.worker },
        onProblem: (reason) => observer.problem('a motion thread ended and is started again', { reason }),
      }),
    };
    this.#store = new ModelStore(options.stateFolder, (error) =>
      observer.problem('what is known of cameras cannot be kept', { error }),
    );
  }

  /**
   * Takes up what was known of the cameras, one after the other; from then on each is looked at. Nobody has to wait for
   * it. Never rejects.
   */
  start(): Promise<void> {
    this.#timer = setInterval(() => this.#tick(), TICK_MILLIS);
    this.#loading = this.#load();
    return this.#loading;
  }

  /** Takes what a receiving thread tells. Never waits, never throws. */
  take({ pictures, passed }: WatchReport): void {
    if (this.#stopped) return;
    for (const picture of pictures) this.#cameras.get(picture.cameraNo)?.take(picture);
    for (const { cameraNo, at } of passed) {
      const watch = this.#cameras.get(cameraNo);
      if (!watch) continue;
      watch.passed();
      this.#parts.minutes.passed(cameraNo, at);
    }
  }

  /** Ends what is going on, and keeps what is known. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#loading;
    const { decoders, streams, detectors } = this.#parts;
    decoders.close();
    streams.close();
    const watches = [...this.#cameras.values()];
    const through = Promise.all(watches.map((watch) => watch.end()));
    await Promise.race([through, new Promise((resolve) => setTimeout(resolve, STOP_MILLIS).unref())]);
    await detectors.close();
    for (const { spans } of watches) spans.fallSilent();
    this.#flush();
    const until = performance.now() + SAVE_ALL_MILLIS;
    for (const { cameraNo, model, isLooking, last } of watches) {
      // What a slow disk has no time for is learnt anew in a minute.
      if (performance.now() > until) return;
      if (last && !isLooking) await this.#store.save(cameraNo, model, this.#options.clock.wall());
    }
  }

  /** What keeps cameras from being looked at, for people: what is wrong with a single one, its status says. */
  *problems(): Generator<string> {
    const now = performance.now();
    const watches = [...this.#cameras.values()];
    const sending = watches.filter((watch) => now - watch.pictureAt < FLUSH_MILLIS);
    const blind = sending.filter(
      (watch) => this.#statusOf(watch, now).state === 'blind' && watch.problem !== '',
    );
    const [first] = blind;
    if (!first || 2 * blind.length < sending.length) return;
    const decoder = this.#decoderProblem === '' ? '' : ` (${this.#decoderProblem})`;
    yield `Motion is not looked for on ${blind.length} of ${watches.length} cameras: ${first.problem}${decoder}.`;
  }

  /**
   * `undefined` for a camera that nobody wants to be looked at.
   * @param sourceProblem why no pictures come, as far as whoever receives them knows; empty: not known
   */
  status(cameraNo: number, sourceProblem = ''): DetectionStatus | undefined {
    const watch = this.#cameras.get(cameraNo);
    if (!watch) return undefined;
    const status = this.#statusOf(watch, performance.now());
    return status.state === 'blind' && sourceProblem !== '' ? { ...status, reason: sourceProblem } : status;
  }

  async #load(): Promise<void> {
    const { cameras, clock } = this.#options;
    await this.#store.open(new Set(cameras.map(({ cameraNo }) => cameraNo)));
    const now = performance.now();
    for (const [index, { cameraNo, zones }] of cameras.entries()) {
      const known = await this.#store.load(cameraNo, clock.wall());
      if (this.#stopped) return;
      const model = known ?? createModel(GREY_WIDTH, GREY_HEIGHT);
      this.#savedAt.set(cameraNo, now - (SAVE_MILLIS * index) / cameras.length);
      const raster = zones.length > 0 ? createZoneRaster(zones, GREY_WIDTH, GREY_HEIGHT) : undefined;
      const camera = { cameraNo, model, zones: raster };
      this.#cameras.set(cameraNo, new CameraWatch(camera, this.#parts, (watch) => this.#saveIfDue(watch)));
    }
  }

  #statusOf(watch: CameraWatch, now: number): DetectionStatus {
    return detectionStatus(watch, now, {
      framesPerSecond: this.#framesPerSecond.get(watch.cameraNo) ?? 0,
      reduced: this.#parts.streams.isReduced(watch.cameraNo),
    });
  }

  #tick(): void {
    const wall: WallMicros = this.#options.clock.wall();
    for (const { spans } of this.#cameras.values()) spans.checkSilence(wall);
    if (performance.now() - this.#flushedAt >= FLUSH_MILLIS) this.#flush();
  }

  #flush(): void {
    const now = performance.now();
    for (const watch of this.#cameras.values()) {
      this.#framesPerSecond.set(watch.cameraNo, (watch.looks * 1_000) / Math.max(1, now - this.#flushedAt));
      watch.looks = 0;
    }
    this.#flushedAt = now;
    const minutes = this.#parts.minutes.take();
    if (minutes.length > 0) this.#options.observer.looked(minutes);
  }

  #saveIfDue({ cameraNo, model, isLooking }: CameraWatch): void {
    const now = performance.now();
    if (isLooking || this.#store.isBusy || now - (this.#savedAt.get(cameraNo) ?? now) < SAVE_MILLIS) return;
    this.#savedAt.set(cameraNo, now);
    void this.#store.save(cameraNo, model, this.#options.clock.wall());
  }
}
