import type { StoredSegment } from '../catalog/catalog.ts';
import type { Tier } from './destroyer.ts';
import type { StoreError } from './object-store.ts';

/** What waits for the object store. */
export interface BacklogReport {
  readonly segments: number;
  readonly bytes: number;
  /** How long the oldest of it has waited; 0 when nothing does. */
  readonly ageMicros: number;
}

/** Of the disk that recordings are written to. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly sizeBytes: number;
  /** Recordings make room until so much is free. */
  readonly reserveBytes: number;
}

/** Who logs and counts. */
export interface StorageObserver {
  uploaded(bytes: number): void;
  uploadFailed(error: StoreError, segment: string | undefined): void;
  storeRecovered(): void;
  backlog(backlog: BacklogReport): void;
  disk(space: DiskSpace): void;
  destroyed(segments: number, tier: Tier): void;
  overdue(segments: number): void;
  evicted(segments: number): void;
  sacrificed(segments: readonly StoredSegment[]): void;
  lost(camera: string, segment: StoredSegment): void;
  failed(what: string, error: unknown): void;
}
