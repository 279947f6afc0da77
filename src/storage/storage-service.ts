import { setTimeout as sleep } from 'node:timers/promises';
import { statfs } from 'node:fs/promises';
import type { Backlog, CameraRow, Catalog, SegmentKey, StoredSegment } from '../catalog/catalog.ts';
import { segmentKey } from '../catalog/segment-id.ts';
import { type Config, PRIORITIES, type Priority } from '../config/config.ts';
import { hashFile } from '../media/hash-file.ts';
import type { Clock } from '../time/clock.ts';
import { wallMicros } from '../time/units.ts';
import { BlockCache } from './block-cache.ts';
import { Destroyer } from './destroyer.ts';
import { FolderStore } from './folder-store.ts';
import { HoldLocks } from './hold-locks.ts';
import { LocalSpace } from './local-space.ts';
import { RateLimit } from './rate-limit.ts';
import { type Keeping, Retention } from './retention.ts';
import { Roller } from './roller.ts';
import { probeStore } from './s3/probe.ts';
import { S3Store } from './s3/s3-store.ts';
import { createSegmentReader, type SegmentReader } from './segment-reader.ts';
import { UploadLane } from './segment-upload.ts';
import type { StorageObserver } from './storage-observer.ts';

const SPACE_MILLIS = 1_000;
const RETENTION_MILLIS = 10_000;
const BACKLOG_MILLIS = 10_000;
/** Of the disk, when no reserve is configured, and at most. */
const RESERVE_SHARE = 0.05;
const MOST_RESERVE_BYTES = 10 * 2 ** 30;

export interface StorageOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly config: Pick<Config, 'storage' | 'retention' | 'cameras'>;
  readonly observer: StorageObserver;
}

/** For people and for the page. */
export interface StorageStatus {
  readonly freeBytes: number;
  readonly reserveBytes: number;
  /** Where recordings are brought to, without credentials; `null`: nowhere. */
  readonly store: { readonly endpoint: string; readonly bucket: string; readonly prefix: string } | null;
  readonly backlogSegments: number;
  readonly backlogBytes: number;
  /** Whether the store itself keeps what is held from being deleted; `null`: not tried yet, or no store. */
  readonly locksHolds: boolean | null;
  readonly problems: readonly string[];
}

/** Everything that happens to recordings once they are closed: stored, evicted, destroyed, read. */
export class StorageService {
  readonly reader: SegmentReader;

  readonly #options: StorageOptions;
  readonly #local: FolderStore;
  readonly #remote: S3Store | undefined;
  readonly #roller: Roller | undefined;
  readonly #locks: HoldLocks | undefined;
  readonly #retention: Retention;
  readonly #destroyer: Destroyer;
  readonly #stop = new AbortController();
  readonly #cameras = new Map<number, CameraRow>();
  readonly #missing = new Set<string>();
  #space: LocalSpace | undefined;
  #backlog: Backlog = { segments: 0, bytes: 0, oldest: null };
  #reserveBytes = 0;
  #freeNow = 0;
  #sweepNow: () => void = () => undefined;
  #loops: Promise<void>[] = [];

  constructor(options: StorageOptions) {
    this.#options = options;
    const { catalog, clock, config, observer } = options;
    const { s3 } = config.storage;
    this.#local = new FolderStore(config.storage.path);
    this.#remote = s3 && new S3Store(s3);
    this.reader = createSegmentReader(
      this.#local,
      this.#remote && { store: this.#remote, cache: new BlockCache(this.#remote) },
      (key) => void this.#settleMissing(key),
    );
    const keepings = new Map<string, Keeping>(
      config.cameras.map(({ id, retention }) => [
        id,
        { ...retention, maximumMicros: config.retention.maximumMicros },
      ]),
    );
    this.#retention = new Retention(catalog, clock, (id) => keepings.get(id) ?? config.retention);
    if (s3 && this.#remote) {
      const limit = new RateLimit(s3.bytesPerSecond, clock);
      const store = this.#remote;
      this.#locks = new HoldLocks({ catalog, clock, store, key: (segment) => this.#key(segment) });
      this.#roller = new Roller({
        catalog,
        clock,
        store,
        lanes: Array.from({ length: s3.concurrency }, () => new UploadLane(limit)),
        locate: (segment) => {
          const key = this.#key(segment);
          return { key, path: this.#local.path(key) };
        },
        prepare: () => probeStore(store),
        hash: (segment) => this.#hash(segment),
        observer: {
          stored: (segment) => observer.uploaded(segment.bytes),
          failed: (error, segment) => observer.uploadFailed(error, segment),
          recovered: () => observer.storeRecovered(),
        },
      });
    }
    this.#destroyer = new Destroyer({
      catalog,
      clock,
      local: this.#local,
      remote: this.#remote,
      key: (segment) => this.#key(segment),
      isBusy: (segment) => this.#isBusy(segment),
      onDestroyed: (segments, tier) => observer.destroyed(segments, tier),
    });
  }

  /** Resolves when it is under way. */
  async start(): Promise<void> {
    const { catalog, clock, config, observer } = this.#options;
    await this.#learnCameras();
    const { bsize, blocks } = await statfs(this.#local.root);
    const reserveBytes =
      config.storage.reserveBytes ?? Math.min(MOST_RESERVE_BYTES, Math.floor(bsize * blocks * RESERVE_SHARE));
    this.#reserveBytes = reserveBytes;
    const space = new LocalSpace({
      catalog,
      clock,
      reserveBytes,
      local: this.#local,
      key: (segment) => this.#key(segment),
      freeBytes: () => this.#freeBytes(),
      hasStore: this.#remote !== undefined,
      dropStill: config.storage.dropStill,
      isBusy: (segment) => this.#isBusy(segment),
      priorities: () => this.#priorities(),
      onEvicted: (segments) => observer.evicted(segments),
      onSacrificed: (segments) => {
        observer.sacrificed(segments);
        // The journal says so at once.
        this.sweep();
      },
    });
    this.#space = space;
    const { signal } = this.#stop;
    this.#loops = [
      this.#every(SPACE_MILLIS, 'room on the disk could not be kept', () => space.keep()),
      this.#every(
        RETENTION_MILLIS,
        'what is past its date could not be destroyed',
        async () => {
          await this.#locks?.settle(signal).catch((error: unknown) => {
            // What is held stays held, and what is overdue here must go all the same.
            observer.failed('held footage could not be locked in the object store', error);
          });
          const overdue = await this.#retention.condemnOverdue(this.#remote !== undefined);
          if (overdue > 0) observer.overdue(overdue);
          await this.#destroyer.run(signal);
          await space.evictStored(wallMicros(clock.wall() - config.retention.localMicros), signal);
        },
        (now) => {
          this.#sweepNow = now;
        },
      ),
    ];
    if (!this.#roller) return;
    this.#loops.push(
      this.#roller.run(signal),
      this.#every(BACKLOG_MILLIS, 'the backlog could not be counted', async () => {
        this.#backlog = await catalog.backlog();
        const { segments, bytes } = this.#backlog;
        observer.backlog({ segments, bytes, ageMicros: this.#waitingMicros() });
      }),
    );
  }

  /** Lets what is on its way arrive; nothing is lost by not waiting for it. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const arrived = Promise.all(this.#loops);
    await Promise.race([arrived, sleep(2_000)]);
    this.#remote?.close();
    await arrived;
  }

  async status(): Promise<StorageStatus> {
    const { s3 } = this.#options.config.storage;
    return {
      freeBytes: this.#freeNow,
      reserveBytes: this.#reserveBytes,
      store: s3 ? { endpoint: s3.endpoint ?? 'AWS', bucket: s3.bucket, prefix: s3.prefix } : null,
      backlogSegments: this.#backlog.segments,
      backlogBytes: this.#backlog.bytes,
      locksHolds: this.#locks?.supported ?? null,
      problems: [...this.problems()],
    };
  }

  sweep(): void {
    this.#sweepNow();
  }

  /** What keeps storage from being as it should, for people. */
  *problems(): Generator<string> {
    const { s3 } = this.#options.config.storage;
    if (this.#roller?.problem) yield sentence(this.#roller.problem.message);
    const waiting = this.#waitingMicros();
    if (s3 && waiting > s3.warnAfterMicros) {
      yield `Footage has been waiting for the object store for ${Math.floor(waiting / 60_000_000)} minutes.`;
    }
    if (this.#space?.problem !== undefined) yield this.#space.problem;
    if (this.#retention.problem !== undefined) yield this.#retention.problem;
    if (this.#destroyer.problem)
      yield `Footage that has to be destroyed is still there. ${sentence(this.#destroyer.problem.message)}`;
  }

  /** For how long the oldest of the backlog has waited. */
  #waitingMicros(): number {
    const { oldest } = this.#backlog;
    return oldest === null ? 0 : Math.max(0, this.#options.clock.wall() - oldest);
  }

  /** Runs again and again until the end, each time after the one before. What fails is tried again. */
  async #every(
    millis: number,
    failure: string,
    work: () => Promise<void>,
    onWait: (now: () => void) => void = () => undefined,
  ): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        this.#options.observer.failed(failure, error);
      }
      const called = new AbortController();
      onWait(() => called.abort());
      const either = AbortSignal.any([signal, called.signal]);
      await sleep(millis, undefined, { signal: either }).catch(() => undefined);
    }
  }

  async #freeBytes(): Promise<number> {
    const { bavail, blocks, bsize } = await statfs(this.#local.root);
    const free = bavail * bsize;
    this.#freeNow = free;
    this.#options.observer.disk({
      ...{ freeBytes: free, sizeBytes: blocks * bsize, reserveBytes: this.#reserveBytes },
    });
    return free;
  }

  #isBusy(segment: SegmentKey): boolean {
    return this.#roller?.isBusy(segment) ?? false;
  }

  async #learnCameras(): Promise<void> {
    for (const row of await this.#options.catalog.cameras()) this.#cameras.set(row.cameraNo, row);
  }

  /** Cameras are entered before anything of them is recorded. */
  #key({ cameraNo, start }: SegmentKey): string {
    const camera = this.#cameras.get(cameraNo);
    if (!camera) throw new Error(`Camera ${cameraNo} is not in the catalog.`);
    return segmentKey(camera.id, cameraNo, start);
  }

  /** A recovered segment that has not been hashed yet. */
  async #hash(segment: StoredSegment): Promise<Uint8Array> {
    const { cameraNo, start } = segment;
    const sha256 = await hashFile(this.#local.path(this.#key(segment)));
    await this.#options.catalog.apply([{ kind: 'segment-hashed', cameraNo, start, sha256 }]);
    return sha256;
  }

  async #priorities(): Promise<readonly ReadonlySet<number>[]> {
    const levels = new Map<string, Priority>(
      this.#options.config.cameras.map(({ id, priority }) => [id, priority]),
    );
    const of = (level: Priority): Set<number> =>
      new Set(
        [...this.#cameras.values()]
          .filter(({ id }) => (levels.get(id) ?? 'normal') === level)
          .map(({ cameraNo }) => cameraNo),
      );
    return PRIORITIES.map(of).filter((cameras) => cameras.size > 0);
  }

  /** No tier has it: from now on it is a gap, if it is really gone and not only the bucket out of sight. */
  async #settleMissing(key: string): Promise<void> {
    if (this.#missing.has(key)) return;
    this.#missing.add(key);
    try {
      await this.#remote?.openBucket();
      // It was not there when somebody read it: it may have been on its way from one tier to the other.
      for (const tier of [this.#local, this.#remote]) if ((await tier?.size(key)) !== undefined) return;
      const match = /^(.+?)\/.*\/(\d+)-(\d+)\.mp4$/.exec(key);
      const start = wallMicros(Number(match?.[3]));
      const cameraNo = Number(match?.[2]);
      const { catalog, observer } = this.#options;
      const [row] = await catalog.segmentsFrom(cameraNo, start, 1);
      if (row?.start !== start || row.state === 'open' || row.state === 'garbage') return;
      await catalog.apply([
        { kind: 'segment-discarded', cameraNo, start },
        { kind: 'gap', cameraNo, from: start, to: row.end, cause: 'lost' },
      ]);
      observer.lost(this.#cameras.get(cameraNo)?.id ?? '', row);
    } catch (error) {
      this.#options.observer.failed('a segment that is missing could not be settled', error);
    } finally {
      this.#missing.delete(key);
    }
  }
}

const sentence = (words: string): string => (words.endsWith('.') ? words : `${words}.`);
