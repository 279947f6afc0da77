import type { Instruments } from './instruments.ts';

export interface StorageWords {
  readonly problems: readonly string[];
  readonly tiers: readonly string[];
  readonly diskCauses: readonly string[];
}

/** Disk and object store: what is written, brought away, and deleted. */
export class StorageMetrics {
  readonly #write;
  readonly #diskErrors;
  readonly #diskFree;
  readonly #diskSize;
  readonly #diskReserve;
  readonly #uploadedBytes;
  readonly #uploaded;
  readonly #backlogBytes;
  readonly #backlogSegments;
  readonly #backlogAge;
  readonly #uploadErrors;
  readonly #deleted;
  readonly #evicted;
  readonly #sacrificed;
  readonly #lost;
  readonly #recovered;
  readonly #discarded;
  readonly #catalogErrors;
  readonly #errors;

  constructor(instruments: Instruments, words: StorageWords) {
    this.#write = instruments.histogram(
      'vigie_segment_write_seconds',
      'One write of a fragment to its file',
      [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    );
    this.#diskErrors = instruments.counter(
      'vigie_disk_errors_total',
      'How often recording a camera had to pause because the disk did not take it',
      ['cause'],
    );
    this.#diskFree = instruments.gauge('vigie_disk_free_bytes', 'Free space where segments are kept');
    this.#diskSize = instruments.gauge('vigie_disk_size_bytes', 'Size of the disk where segments are kept');
    this.#diskReserve = instruments.gauge(
      'vigie_disk_reserve_bytes',
      'Free space that recordings make room for',
    );
    this.#uploadedBytes = instruments.counter(
      'vigie_upload_bytes_total',
      'Bytes of segments that the object store has taken',
    );
    this.#uploaded = instruments.counter(
      'vigie_upload_segments_total',
      'Segments that the object store has taken',
    );
    this.#backlogBytes = instruments.gauge(
      'vigie_upload_backlog_bytes',
      'Bytes of closed segments that wait for the object store; 0 without one',
    );
    this.#backlogSegments = instruments.gauge(
      'vigie_upload_backlog_segments',
      'Closed segments that wait for the object store; 0 without one',
    );
    this.#backlogAge = instruments.gauge(
      'vigie_upload_backlog_age_seconds',
      'Age of the oldest segment that waits for the object store; 0 when none does',
    );
    this.#uploadErrors = instruments.counter(
      'vigie_upload_errors_total',
      'Tries to store something that the object store did not take, by what was wrong',
      ['problem'],
    );
    this.#deleted = instruments.counter(
      'vigie_retention_deleted_total',
      'Segments deleted from a tier because their time was over; of the remote one, or made sure not to be there',
      ['tier'],
    );
    this.#evicted = instruments.counter(
      'vigie_storage_evicted_total',
      'Local copies removed of segments that are in the object store',
    );
    this.#sacrificed = instruments.counter(
      'vigie_storage_sacrificed_total',
      'Segments deleted before their time because the disk was full',
    );
    this.#lost = instruments.counter(
      'vigie_storage_lost_total',
      'Segments found to be neither on disk nor in the object store',
    );
    this.#recovered = instruments.counter(
      'vigie_segments_recovered_total',
      'Segments that a crash had left open and that were brought to an end',
    );
    this.#discarded = instruments.counter(
      'vigie_segments_discarded_total',
      'Files that a crash had left behind without a single picture',
    );
    this.#catalogErrors = instruments.counter(
      'vigie_catalog_errors_total',
      'How often the catalog began to refuse what it was given; recording goes on meanwhile',
    );
    this.#errors = instruments.counter(
      'vigie_storage_errors_total',
      'Rounds of keeping room, retention or counting that failed; they are tried again',
    );
    for (const cause of words.diskCauses) this.#diskErrors.inc({ cause }, 0);
    for (const problem of words.problems) this.#uploadErrors.inc({ problem }, 0);
    for (const tier of words.tiers) this.#deleted.inc({ tier }, 0);
  }

  wrote(seconds: number): void {
    this.#write.observe(seconds);
  }

  diskFailed(cause: string): void {
    this.#diskErrors.inc({ cause });
  }

  disk(space: {
    readonly freeBytes: number;
    readonly sizeBytes: number;
    readonly reserveBytes: number;
  }): void {
    this.#diskFree.set(space.freeBytes);
    this.#diskSize.set(space.sizeBytes);
    this.#diskReserve.set(space.reserveBytes);
  }

  uploaded(bytes: number): void {
    this.#uploadedBytes.inc(bytes);
    this.#uploaded.inc();
  }

  uploadFailed(problem: string): void {
    this.#uploadErrors.inc({ problem });
  }

  backlog(waiting: { readonly segments: number; readonly bytes: number; readonly ageSeconds: number }): void {
    this.#backlogSegments.set(waiting.segments);
    this.#backlogBytes.set(waiting.bytes);
    this.#backlogAge.set(waiting.ageSeconds);
  }

  destroyed(segments: number, tier: string): void {
    this.#deleted.inc({ tier }, segments);
  }

  evicted(segments: number): void {
    this.#evicted.inc(segments);
  }

  sacrificed(segments: number): void {
    this.#sacrificed.inc(segments);
  }

  lost(): void {
    this.#lost.inc();
  }

  settled(recovered: number, discarded: number): void {
    this.#recovered.inc(recovered);
    this.#discarded.inc(discarded);
  }

  catalogFailed(): void {
    this.#catalogErrors.inc();
  }

  failed(): void {
    this.#errors.inc();
  }
}
