import { EMPTY, filter, merge, mergeMap, type Observable, of, retry, Subject, tap } from 'rxjs';
import type { WatchedPicture } from '../watch/watched-picture.ts';
import { type CameraModel, createModel } from './camera-model.ts';
import type { DecoderPool } from './decode/decoder-pool.ts';
import { GREY_HEIGHT, GREY_WIDTH } from './decode/grey-output.ts';
import type { StreamDecoders } from './decode/stream-decoders.ts';
import type { DetectorPool } from './detector-pool.ts';
import type { GreyPicture, HandedPicture } from './handed-picture.ts';
import { latestMap } from './latest-map.ts';
import type { Look } from './look.ts';
import type { LookedMinutes } from './looked-minutes.ts';
import type { MotionObserver, SheddingStage } from './motion-observer.ts';
import { Restraint } from './restraint.ts';
import type { ZoneRaster } from './zones/zone-raster.ts';
import { SpanTracker } from './span-tracker.ts';

/** What all cameras share. */
export interface WatchParts {
  readonly decoders: DecoderPool;
  readonly streams: StreamDecoders;
  readonly detectors: DetectorPool;
  readonly minutes: LookedMinutes;
  readonly observer: MotionObserver;
  /** Bytes of coded pictures that wait, of all cameras together. */
  readonly held: { bytes: number };
}

export interface WatchedCamera {
  readonly cameraNo: number;
  readonly model: CameraModel;
  readonly zones: ZoneRaster | undefined;
}

/** Coded pictures that wait, all cameras together: a city's key frames are 50 MB at most. */
const MOST_HELD_BYTES = 2 ** 27;
/** A picture that cannot be decoded costs little; one after the other, they keep others from their turn. */
const UNDECODABLE = [5, 1_000, 60_000] as const;
/** A picture that the detector fails on may cost a thread. */
const UNSEEABLE = [0, 1_000, 600_000] as const;

interface Seen extends GreyPicture {
  readonly look: Look;
  readonly elapsedTicks: number;
}

/**
 * The way of one camera's pictures: decoded, looked at, told of. At each stage one picture is at work and one waits, the
 * newest: a camera of a machine that is too slow sees less, and not later. What fails ends with its picture.
 */
export class CameraWatch {
  readonly cameraNo: number;
  readonly spans: SpanTracker;
  model: CameraModel;
  /** By `performance.now()`: a picture came, one was looked at or known to be quiet; -Infinity: none yet. */
  pictureAt = Number.NEGATIVE_INFINITY;
  knownAt = Number.NEGATIVE_INFINITY;
  /** The last one that was looked at. */
  last: { readonly picture: HandedPicture; readonly learning: boolean } | undefined;
  looks = 0;
  /** Why the last picture that was not looked at was not; empty after one that was. */
  problem = '';
  /** A thread has the model. */
  isLooking = false;

  readonly #zones: ZoneRaster | undefined;
  readonly #parts: WatchParts;
  readonly #pictures = new Subject<HandedPicture>();
  readonly #greys = new Subject<GreyPicture>();
  readonly #decoding = new Restraint(...UNDECODABLE);
  readonly #detecting = new Restraint(...UNSEEABLE);
  readonly #ended: Promise<void>;
  #order = 0;
  #positionTicks = 0;

  /**
   * @param zones where motion counts; `undefined`: everywhere
   * @param onLooked after each picture, when nobody has the model
   */
  constructor(
    { cameraNo, model, zones }: WatchedCamera,
    parts: WatchParts,
    onLooked: (watch: CameraWatch) => void,
  ) {
    this.cameraNo = cameraNo;
    this.model = model;
    this.#zones = zones;
    this.#parts = parts;
    this.spans = new SpanTracker(cameraNo, parts.observer);
    const alone = this.#pictures.pipe(
      latestMap(
        (picture) => this.#decode(picture),
        (picture) => this.#release(picture, 'decode'),
      ),
      mergeMap((grey) => (grey ? of(grey) : EMPTY)),
    );
    const seen: Observable<Seen | undefined> = merge(alone, this.#greys).pipe(
      latestMap(
        (grey) => this.#look(grey),
        () => this.#shed('detect'),
      ),
      tap((result) => {
        if (result) this.#tell(result);
        onLooked(this);
      }),
      // What came of one picture must not end the stream of all that follow.
      retry({
        delay: (error: unknown) => {
          parts.observer.problem('motion of a camera stumbled and goes on', { cameraNo, error });
          return of(undefined);
        },
      }),
    );
    this.#ended = new Promise((resolve) => {
      seen.pipe(filter(() => false)).subscribe({ complete: resolve });
    });
  }

  take(watched: WatchedPicture): void {
    this.pictureAt = performance.now();
    this.#positionTicks += Math.max(0, watched.elapsedTicks);
    const picture: HandedPicture = {
      ...watched,
      order: ++this.#order,
      positionTicks: this.#positionTicks,
      handedAt: this.pictureAt,
    };
    const taken = this.#parts.streams.take(picture);
    if (taken === 'decoding') return;
    if (taken === 'shed' || !picture.key) {
      this.#shed('decode');
      return;
    }
    if (this.#decoding.isHeld(this.pictureAt)) {
      this.#parts.observer.picture(this.cameraNo, 'undecodable');
      return;
    }
    const { held } = this.#parts;
    if (held.bytes + picture.sample.length > MOST_HELD_BYTES) {
      this.#shed('decode');
      return;
    }
    held.bytes += picture.sample.length;
    this.#pictures.next(picture);
  }

  /** From a decoder of its own. */
  takeGrey(grey: GreyPicture): void {
    this.#greys.next(grey);
  }

  /** A decoder of its own ended. @param inside pictures that were in it */
  lost(inside: number): void {
    this.problem = 'its pictures cannot be decoded';
    for (let picture = 0; picture < inside; picture++)
      this.#parts.observer.picture(this.cameraNo, 'undecodable');
  }

  passed(): void {
    this.pictureAt = performance.now();
    this.knownAt = this.pictureAt;
    this.#parts.observer.picture(this.cameraNo, 'passed');
  }

  /** Resolves when what was on its way is through. */
  async end(): Promise<void> {
    this.#pictures.complete();
    this.#greys.complete();
    await this.#ended;
  }

  async #decode(picture: HandedPicture): Promise<GreyPicture | undefined> {
    const outcome = await this.#parts.decoders.decode(picture);
    this.#release(picture);
    const now = performance.now();
    if (outcome.kind === 'grey') {
      this.#decoding.succeeded(now);
      return { picture, pixels: outcome.pixels };
    }
    if (outcome.reason === 'undecodable') {
      this.#decoding.failed(now);
      this.problem = 'its pictures cannot be decoded';
      this.#parts.observer.picture(this.cameraNo, 'undecodable');
    } else if (outcome.reason !== 'closed') this.#shed('decode');
    return undefined;
  }

  async #look({ picture, pixels }: GreyPicture): Promise<Seen | undefined> {
    // The first picture of a stream may come by both ways.
    if (this.last && picture.order <= this.last.picture.order) return undefined;
    const { observer, detectors } = this.#parts;
    if (this.#detecting.isHeld(performance.now())) {
      observer.picture(this.cameraNo, 'failed');
      return undefined;
    }
    const elapsedTicks = picture.positionTicks - (this.last?.picture.positionTicks ?? picture.positionTicks);
    const { motion, tamper } = this.model;
    this.isLooking = true;
    const outcome = await detectors.look({
      ...{ frame: pixels, motion: motion.shared, tamper: tamper.shared, elapsedTicks },
      ...(this.#zones && { zones: this.#zones }),
    });
    this.isLooking = outcome.kind === 'failed' && outcome.reason === 'closed';
    if (outcome.kind === 'seen') {
      this.#detecting.succeeded(performance.now());
      return { picture, pixels, elapsedTicks, look: outcome.look };
    }
    if (outcome.reason === 'closed') return undefined;
    this.#detecting.failed(performance.now());
    // A thread that was ended may still write into the old one for a moment.
    this.model = createModel(GREY_WIDTH, GREY_HEIGHT);
    this.problem = `the detector failed on its pictures: ${outcome.problem}`;
    observer.picture(this.cameraNo, 'failed');
    observer.problem('the detector failed on a picture, and begins anew with its camera', {
      ...{ cameraNo: this.cameraNo, reason: outcome.problem },
    });
    return undefined;
  }

  #tell({ picture, look, elapsedTicks }: Seen): void {
    const { observer, minutes } = this.#parts;
    const now = performance.now();
    this.last = { picture, learning: look.learning };
    this.knownAt = now;
    this.problem = '';
    this.looks++;
    observer.took((now - picture.handedAt) / 1_000);
    const moving = this.spans.take(picture.at, elapsedTicks, look);
    minutes.looked(this.cameraNo, picture.at, moving ? look.heat : undefined);
    observer.picture(this.cameraNo, moving ? 'moving' : look.learning ? 'learning' : 'still');
    if (picture.reason !== 'earlier') observer.sighted({ cameraNo: this.cameraNo, moving });
  }

  #release({ sample }: HandedPicture, shed?: SheddingStage): void {
    this.#parts.held.bytes -= sample.length;
    if (shed) this.#shed(shed);
  }

  #shed(stage: SheddingStage): void {
    // When decoders fail, pictures are shed for that.
    if (this.problem === '') this.problem = 'this machine has no time for all pictures';
    this.#parts.observer.picture(this.cameraNo, 'shed');
    this.#parts.observer.shed(stage);
  }
}
