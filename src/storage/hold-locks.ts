import type { Catalog, SegmentKey } from '../catalog/catalog.ts';
import type { Clock } from '../time/clock.ts';
import { probeLocks } from './s3/probe.ts';
import type { S3Store } from './s3/s3-store.ts';

const PAGE = 500;
/** A store that cannot lock is asked again after this: somebody may have changed the bucket. */
const ASK_AGAIN_MICROS = 3_600_000_000;

/**
 * Has the object store itself keep what is held from being deleted, where it can: then not even its owner deletes it by
 * mistake. The hold does not depend on it: Vigie deletes nothing that is held, whatever the store can do.
 */
export class HoldLocks {
  /** Whether the store does it; `undefined`: it was not asked yet. */
  supported: boolean | undefined;

  readonly #options: HoldLocksOptions;
  #askAt = Number.NEGATIVE_INFINITY;

  constructor(options: HoldLocksOptions) {
    this.#options = options;
  }

  /** Locks what is under a hold, lets go of what no longer is. @throws {StoreError} when the store is away */
  async settle(signal: AbortSignal): Promise<void> {
    const { catalog, clock } = this.#options;
    while (!signal.aborted) {
      const { lock, unlock } = await catalog.lockWork(clock.wall(), PAGE);
      if (lock.length + unlock.length === 0 || !(await this.#isSupported())) return;
      const locked = await this.#setAll(lock, true, signal);
      const unlocked = await this.#setAll(unlock, false, signal);
      // What could not be done comes again with the next page: it waits for the next time.
      if (!locked || !unlocked || (lock.length < PAGE && unlock.length < PAGE)) return;
    }
  }

  async #isSupported(): Promise<boolean> {
    const { clock, store } = this.#options;
    if (this.supported !== true && clock.mono() >= this.#askAt) {
      this.supported = await probeLocks(store);
      this.#askAt = clock.mono() + ASK_AGAIN_MICROS;
    }
    return this.supported === true;
  }

  /** @returns whether each of them could be; one that cannot, as it is missing, keeps no other from being locked */
  async #setAll(segments: readonly SegmentKey[], on: boolean, signal: AbortSignal): Promise<boolean> {
    const { catalog, store, key } = this.#options;
    let all = true;
    for (const segment of segments) {
      if (signal.aborted) return false;
      if (await store.setLegalHold(key(segment), on)) await catalog.putLocked(segment, on);
      else all = false;
    }
    return all;
  }
}

export interface HoldLocksOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly store: S3Store;
  readonly key: (segment: SegmentKey) => string;
}
