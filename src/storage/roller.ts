import type { Catalog, SegmentKey, StoredSegment } from '../catalog/catalog.ts';
import { segmentId } from '../catalog/segment-id.ts';
import type { Clock } from '../time/clock.ts';
import { asStoreError, type ObjectStore, type StoreError } from './object-store.ts';
import type { UploadLane } from './segment-upload.ts';

/** What the store does not take is tried again after 1 s, 2 s, … up to a minute. */
const FIRST_RETRY_MICROS = 1_000_000;
const LONGEST_RETRY_MICROS = 60_000_000;
/** A segment that the store refuses while it takes others waits so long for its next turn. */
const REFUSED_MICROS = 600_000_000;
/** From this much that waits on, one lane in four takes the newest first: an outage must not delay what comes live. */
const BACKLOG_SEGMENTS = 64;
/** Rows asked for at a time. */
const PAGE = 256;
/** Refused segments that are remembered; more than these, and it is the store that is wrong. */
const MAX_REFUSED = 1_000;

export interface RollerOptions {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly lanes: readonly UploadLane[];
  /** The segment's key, and its file. */
  readonly locate: (segment: SegmentKey) => { readonly key: string; readonly path: string };
  /** Is asked before anything is stored, and again after a failure; throws what is wrong. */
  readonly prepare: () => Promise<void>;
  /** A hash that is not in the catalog yet. */
  readonly hash: (segment: StoredSegment) => Promise<Uint8Array>;
  readonly observer: RollerObserver;
}

export interface RollerObserver {
  stored(segment: StoredSegment): void;
  /** The store as a whole, or one segment, failed. */
  failed(error: StoreError, segment: string | undefined): void;
  recovered(): void;
}

/**
 * Brings closed segments to the object store, oldest first, a few at a time, for ever. What is stored is known to the
 * catalog alone, so a restart goes on where it was, and a segment that is stored twice is the same object. A store that
 * fails is left alone for a while; meanwhile segments stay where they are.
 */
export class Roller {
  /** Why nothing is stored; `undefined` while the store works. */
  problem: StoreError | undefined;

  readonly #options: RollerOptions;
  readonly #busy = new Set<string>();
  readonly #refused = new Map<string, number>();
  #running = false;
  #prepared = false;
  #retryAt = 0;
  #retryMicros = FIRST_RETRY_MICROS;
  #queue: StoredSegment[] = [];
  #newest: StoredSegment[] = [];
  #refilling: Promise<void> | undefined;
  readonly #sleeping = new Set<() => void>();

  constructor(options: RollerOptions) {
    this.#options = options;
  }

  /** Segments that are on their way: nobody may delete these. */
  isBusy(segment: SegmentKey): boolean {
    return this.#busy.has(segmentId(segment.cameraNo, segment.start));
  }

  /** Runs until `signal`; resolves when everything that was on its way has arrived or failed. */
  async run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    const stop = (): void => {
      this.#running = false;
      this.#wake();
    };
    signal.addEventListener('abort', stop, { once: true });
    await Promise.all(this.#options.lanes.map((lane, index) => this.#work(lane, index)));
  }

  async #work(lane: UploadLane, index: number): Promise<void> {
    while (this.#running) {
      const { clock } = this.#options;
      const wait = this.#retryAt - clock.mono();
      // After a failure one lane tries whether the store is back; the others wait for it.
      if (wait > 0 || (this.problem && index > 0)) {
        await this.#sleep(Math.min(Math.max(wait, 250_000), 1_000_000));
        continue;
      }
      try {
        if (!this.#prepared) {
          if (index > 0) {
            await this.#sleep(100_000);
            continue;
          }
          await this.#options.prepare();
          this.#prepared = true;
        }
        const segment = await this.#next(index > 0 && index === this.#options.lanes.length - 1);
        if (!segment) {
          if (this.problem) this.#works();
          await this.#sleep(500_000);
          continue;
        }
        await this.#store(lane, segment);
      } catch (error) {
        this.#fails(asStoreError(error));
      }
    }
  }

  async #store(lane: UploadLane, segment: StoredSegment): Promise<void> {
    const { catalog, store, locate, observer } = this.#options;
    const { cameraNo, start, bytes } = segment;
    const id = segmentId(cameraNo, start);
    this.#busy.add(id);
    try {
      // The list that it is from may be older than what became of it: stored by another lane, or condemned. Whoever
      // destroys asks whether it is busy after condemning it, so from here on it stays until it has arrived.
      if ((await catalog.segment(cameraNo, start))?.state !== 'local') return;
      const sha256 = segment.sha256 ?? (await this.#options.hash(segment));
      const { key, path } = locate(segment);
      await store.put(key, { bytes, sha256, body: (moved) => lane.stream(path, bytes, moved) });
      await catalog.apply([{ kind: 'segment-moved', cameraNo, start, from: 'local', to: 'both' }]);
      this.#works();
      observer.stored(segment);
    } catch (error) {
      const problem = asStoreError(error);
      const own = problem.problem === 'corrupt' || problem.problem === 'unexpected';
      if (!own || this.#refused.size >= MAX_REFUSED) throw problem;
      // This one alone: its file is not what was recorded, or it is gone. Others must not wait for it.
      this.#refused.set(id, this.#options.clock.mono() + REFUSED_MICROS);
      observer.failed(problem, id);
    } finally {
      this.#busy.delete(id);
    }
  }

  /** The next one to be stored; waits for nothing but the catalog. */
  async #next(preferNewest: boolean): Promise<StoredSegment | undefined> {
    for (let tries = 0; tries < 2; tries++) {
      const behind = this.#queue.length >= BACKLOG_SEGMENTS;
      const list = preferNewest && behind && this.#newest.length > 0 ? this.#newest : this.#queue;
      for (let segment = list.shift(); segment; segment = list.shift()) {
        if (!this.isBusy(segment) && !this.#isRefused(segment)) return segment;
      }
      this.#refilling ??= this.#refill().finally(() => {
        this.#refilling = undefined;
      });
      await this.#refilling;
    }
    return undefined;
  }

  async #refill(): Promise<void> {
    const { catalog } = this.#options;
    // Those that are refused stay in front: they must not hide the rest.
    const limit = PAGE + this.#refused.size + this.#busy.size;
    this.#queue = [...(await catalog.localSegments({ limit }))];
    this.#newest =
      this.#queue.length < PAGE
        ? []
        : [...(await catalog.localSegments({ limit: BACKLOG_SEGMENTS, newestFirst: true }))];
  }

  #isRefused(segment: StoredSegment): boolean {
    const id = segmentId(segment.cameraNo, segment.start);
    const until = this.#refused.get(id);
    if (until === undefined) return false;
    if (this.#options.clock.mono() < until) return true;
    this.#refused.delete(id);
    return false;
  }

  #works(): void {
    this.#retryMicros = FIRST_RETRY_MICROS;
    if (!this.problem) return;
    this.problem = undefined;
    this.#options.observer.recovered();
    this.#wake();
  }

  #fails(error: StoreError): void {
    // Whatever it is, the next try begins with everything that a store has to be able to do.
    this.#prepared = false;
    this.problem = error;
    this.#retryAt = this.#options.clock.mono() + this.#retryMicros;
    this.#retryMicros = Math.min(LONGEST_RETRY_MICROS, this.#retryMicros * 2);
    this.#options.observer.failed(error, undefined);
  }

  /** Until the time is over, or something has changed. */
  #sleep(micros: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#sleeping.delete(done);
        resolve();
      };
      const timer = setTimeout(done, micros / 1_000);
      this.#sleeping.add(done);
    });
  }

  #wake(): void {
    for (const done of this.#sleeping) done();
  }
}
