import type { Catalog, CondemnedSegment, SegmentKey } from '../catalog/catalog.ts';
import type { DoneDeletion } from '../catalog/keeping.ts';
import type { Clock } from '../time/clock.ts';
import { asStoreError, type SegmentStore, StoreError } from './object-store.ts';

/** Rows settled in one transaction: a few milliseconds, in which nothing else is written. */
const ROWS_A_TRANSACTION = 250;
/** Rows asked for at a time, which the object store deletes in a few requests. */
const PAGE = 1_000;

export const TIERS = ['local', 'remote'] as const;
export type Tier = (typeof TIERS)[number];

export interface DestroyerOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly local: SegmentStore;
  /** `undefined`: there is none, and nothing was ever brought to one. */
  readonly remote: SegmentStore | undefined;
  readonly key: (segment: SegmentKey) => string;
  /** It is on its way to the object store: it has to arrive before it can be deleted there. */
  readonly isBusy: (segment: SegmentKey) => boolean;
  /** Copies that are gone from a tier; each is counted once. */
  readonly onDestroyed: (segments: number, tier: Tier) => void;
}

/**
 * Deletes what is condemned, in two phases: the rows were garbage before, and are dropped when every copy is gone, with
 * an entry in the journal. Interrupted anywhere it does the same again: what is gone stays gone.
 */
export class Destroyer {
  /** Why something that has to go is still there; `undefined` when nothing is. */
  problem: StoreError | undefined;

  readonly #options: DestroyerOptions;
  #running: Promise<void> | undefined;

  constructor(options: DestroyerOptions) {
    this.#options = options;
  }

  /** Everything that is condemned now. One at a time: a second call waits for the first. */
  async run(signal?: AbortSignal): Promise<void> {
    while (this.#running) await this.#running;
    this.#running = this.#destroyAll(signal).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #destroyAll(signal: AbortSignal | undefined): Promise<void> {
    let after: SegmentKey | undefined;
    let problem: StoreError | undefined;
    for (;;) {
      const page = await this.#options.catalog.condemned(after, PAGE);
      after = page.at(-1);
      if (!after || signal?.aborted === true) break;
      const ready = page.filter((segment) => !this.#options.isBusy(segment));
      problem = (await this.#destroy(ready)) ?? problem;
      if (page.length < PAGE) break;
    }
    this.problem = problem;
  }

  /** @returns what kept some of them from going */
  async #destroy(segments: readonly CondemnedSegment[]): Promise<StoreError | undefined> {
    const { catalog, clock, local, remote, key, onDestroyed } = this.#options;
    const keyed = segments.map((segment) => ({ segment, key: key(segment) }));
    // Asked for again and again while the object store is away, and long gone where it was evicted: what counts is the
    // file that was there.
    let removed = 0;
    const stayedHere = await local.remove(
      keyed.map((entry) => entry.key),
      () => void removed++,
    );
    const localGone = clock.wall();
    onDestroyed(removed, 'local');

    const there = remote ? keyed.filter((entry) => entry.segment.remote) : [];
    let stayedThere: ReadonlyMap<string, StoreError> = new Map();
    if (remote && there.length > 0) {
      stayedThere = await remove(
        remote,
        there.map((entry) => entry.key),
      );
    }
    const remoteGone = clock.wall();

    let unknown: StoreError | undefined;
    const done: DoneDeletion[] = [];
    for (const { segment, key: name } of keyed) {
      if (stayedHere.has(name) || stayedThere.has(name)) continue;
      const { cameraNo, start, end, bytes, reason, decided } = segment;
      // Without a store nothing can be said of a copy there: the row waits until there is one again.
      if (segment.remote && !remote) {
        unknown ??= new StoreError(
          'refused',
          'There are copies in an object store that is not configured any more',
        );
        continue;
      }
      done.push({
        ...{ cameraNo, start, end, bytes, reason, decided, localGone },
        remoteGone: segment.remote ? remoteGone : null,
      });
    }
    for (let first = 0; first < done.length; first += ROWS_A_TRANSACTION) {
      const buried = done.slice(first, first + ROWS_A_TRANSACTION);
      await catalog.bury(buried);
      onDestroyed(buried.filter(wasStored).length, 'remote');
      await breathe();
    }
    return [...stayedHere.values(), ...stayedThere.values()][0] ?? unknown;
  }
}

/** What goes because the disk is full never got to the object store; it is only made sure of. */
const wasStored = ({ remoteGone, reason }: DoneDeletion): boolean =>
  remoteGone !== null && reason !== 'space';

/** A store that is away keeps everything. */
async function remove(
  store: SegmentStore,
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoreError>> {
  try {
    return await store.remove(keys);
  } catch (error) {
    const problem = asStoreError(error);
    return new Map(keys.map((key) => [key, problem]));
  }
}

/** Lets everything else that waits for this thread have its turn. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
