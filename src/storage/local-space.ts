import type { Catalog, SegmentKey, StoredSegment } from '../catalog/catalog.ts';
import type { Clock } from '../time/clock.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';
import { breathe } from './destroyer.ts';
import type { SegmentStore } from './object-store.ts';

const BATCH = 64;
/** Segments that are looked at for stillness in one go, a few milliseconds, and before anything else is given up. */
const STILL_PAGE = 100;
const STILL_PAGES = 20;
/** What has been found to be moving is not looked at again before. */
const STILL_ROUND_MICROS = 3_600_000_000;
const FOREVER = wallMicros(Number.MAX_SAFE_INTEGER);

export interface LocalSpaceOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly local: SegmentStore;
  readonly key: (segment: SegmentKey) => string;
  /** Free bytes that are wanted on the disk of the recordings. */
  readonly reserveBytes: number;
  readonly freeBytes: () => Promise<number>;
  /** Recordings are brought to an object store. */
  readonly hasStore: boolean;
  /** Footage in which nothing moved goes before any other that is nowhere else. */
  readonly dropStill: boolean;
  readonly isBusy: (segment: SegmentKey) => boolean;
  /** Cameras by what they may lose, those first that may lose most. */
  readonly priorities: () => Promise<readonly ReadonlySet<number>[]>;
  readonly onEvicted: (segments: number) => void;
  readonly onSacrificed: (segments: readonly StoredSegment[]) => void;
}

/**
 * Keeps room on the disk for what is being recorded. First goes what is in the object store as well, oldest first:
 * that is no loss. When none of it is left, that goes in which nothing moved, if the operator has allowed it. Only then,
 * and with little room, goes anything that exists nowhere else, cameras of low priority first, and oldest first; never
 * what a hold keeps. Without an object store that is the only thing that can go.
 */
export class LocalSpace {
  /** Why there is too little room; `undefined` when there is enough. */
  problem: string | undefined;

  readonly #options: LocalSpaceOptions;
  #running: Promise<void> | undefined;
  /** What starts by then was looked at for stillness in this round. */
  #stillAfter = wallMicros(0);
  #roundBegan = Number.NEGATIVE_INFINITY;

  constructor(options: LocalSpaceOptions) {
    this.#options = options;
  }

  /** Makes room, if there is need to. Calls at the same time are one. */
  keep(): Promise<void> {
    this.#running ??= this.#keep().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Removes local copies of what is in the object store and ended by then. */
  async evictStored(endedBy: WallMicros, signal?: AbortSignal): Promise<void> {
    while (signal?.aborted !== true) {
      const segments = await this.#options.catalog.storedSegments(endedBy, BATCH);
      if ((await this.#evict(segments)) < BATCH) return;
      await breathe();
    }
  }

  async #keep(): Promise<void> {
    const { reserveBytes, freeBytes, hasStore, dropStill, catalog } = this.#options;
    // What is nowhere else is kept until it is this or the recording.
    const lastResort = hasStore ? reserveBytes / 4 : reserveBytes;
    for (;;) {
      const free = await freeBytes();
      if (free >= reserveBytes) {
        this.problem = undefined;
        return;
      }
      const stored = await catalog.storedSegments(
        FOREVER,
        Math.min(BATCH, this.#batchFor(reserveBytes - free)),
      );
      if ((await this.#evict(stored)) > 0) continue;
      if (dropStill && (await this.#dropStill())) continue;
      if (free < lastResort && (await this.#sacrifice())) continue;
      this.problem = `The disk has ${gigabytes(free)} GB free, less than the ${gigabytes(reserveBytes)} GB that are reserved, and ${
        free < lastResort
          ? 'there is nothing on it that may be deleted'
          : 'nothing on it is safe in the object store'
      }.`;
      return;
    }
  }

  /** A few at a time: no more than is needed should go. */
  #batchFor(missingBytes: number): number {
    return Math.max(1, Math.ceil(missingBytes / (16 * 1024 * 1024)));
  }

  /** @returns how many local copies are gone */
  async #evict(segments: readonly StoredSegment[]): Promise<number> {
    if (segments.length === 0) return 0;
    const { catalog, local, key, onEvicted } = this.#options;
    const stayed = await local.remove(segments.map(key));
    const gone = segments.filter((segment) => !stayed.has(key(segment)));
    // Only now: a row that says both while there is one is put right by the next reader, the other way it would not.
    await catalog.apply(
      gone.map(({ cameraNo, start }) => ({
        kind: 'segment-moved',
        cameraNo,
        start,
        from: 'both',
        to: 'remote',
      })),
    );
    onEvicted(gone.length);
    return gone.length;
  }

  /** Gives up the oldest footage in which nothing moved, a few segments of it. */
  async #dropStill(): Promise<boolean> {
    const { catalog, clock } = this.#options;
    for (let page = 0; page < STILL_PAGES; page++) {
      const query = { after: this.#stillAfter, at: clock.wall(), limit: STILL_PAGE };
      const { segments, next } = await catalog.stillSegments(query);
      const some = segments.slice(0, 4);
      const left = segments.length > some.length;
      const seen = left ? some.at(-1)?.start : next;
      if (await this.#giveUp(some)) {
        this.#stillAfter = seen ?? this.#stillAfter;
        return true;
      }
      if (seen === undefined) {
        // The end: what comes is looked at as it does, and the rest again when something may have been learnt of it.
        if (clock.mono() - this.#roundBegan < STILL_ROUND_MICROS) return false;
        this.#roundBegan = clock.mono();
        this.#stillAfter = wallMicros(0);
      } else {
        this.#stillAfter = seen;
      }
      await breathe();
    }
    return false;
  }

  /** Gives up the oldest footage that there is only here. */
  async #sacrifice(): Promise<boolean> {
    const { catalog, clock, priorities } = this.#options;
    for (const cameras of await priorities()) {
      const candidates = await catalog.localSegments({ limit: 4, cameras, unheldAt: clock.wall() });
      if (await this.#giveUp(candidates)) return true;
    }
    return false;
  }

  /** Deletes what is nowhere else. @returns whether any of it could be */
  async #giveUp(segments: readonly StoredSegment[]): Promise<boolean> {
    const { catalog, clock, local, key, isBusy, hasStore, onSacrificed } = this.#options;
    const gone: StoredSegment[] = [];
    for (const segment of segments) {
      if (isBusy(segment)) continue;
      const { cameraNo, start } = segment;
      const sentence = { cameraNo, reason: 'space', at: clock.wall(), remote: hasStore } as const;
      const only = { startedFrom: start, startedBy: start, limit: 1, localOnly: true };
      if ((await catalog.condemn({ ...sentence, ...only })) > 0) gone.push(segment);
    }
    if (gone.length === 0) return false;
    // The rest of the deletion may have to wait for the object store; the room is needed now.
    await local.remove(gone.map(key));
    onSacrificed(gone);
    return true;
  }
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
