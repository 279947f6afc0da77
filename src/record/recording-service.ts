import type { CameraRow, Catalog, GapCause } from '../catalog/catalog.ts';
import type { CameraState, CameraStatus } from '../ingest/camera-status.ts';
import type { Clock } from '../time/clock.ts';
import { RecordingJournal } from './journal.ts';
import {
  hashRecovered,
  recover,
  type RecoveryDeps,
  type RecoveryReport,
  recoverSegment,
} from './recovery.ts';
import { RecordingThread } from './recording-thread-host.ts';
import type { ThreadReport } from './thread-messages.ts';

export interface RecordedCamera {
  readonly row: CameraRow;
  /** With its password. */
  readonly url: string;
}

export interface RecordingOptions {
  readonly catalog: Catalog;
  readonly storageRoot: string;
  readonly clock: Clock;
  readonly cameras: readonly RecordedCamera[];
  readonly workers: number;
  readonly segmentMicros: number;
  readonly fragmentMicros: number;
  readonly syncMicros: number;
  /** For all threads together. */
  readonly bufferBytes: number;
  readonly observer: RecordingObserver;
}

/** Who logs and counts. Every call is one incident, or one measurement. */
export interface RecordingObserver {
  cameraChanged(camera: CameraRow, state: CameraState, reason: string): void;
  status(camera: CameraRow, status: CameraStatus): void;
  wrote(micros: number): void;
  loopDelay(thread: string, seconds: number): void;
  diskProblem(camera: CameraRow, cause: GapCause, problem: string): void;
  clockStepped(thread: string, micros: number): void;
  threadDied(thread: string, error: unknown, retryMillis: number): void;
  catalogProblem(error: unknown): void;
  recovered(report: RecoveryReport): void;
  finding(finding: string, fields: Readonly<Record<string, unknown>>): void;
}

/** The recording threads and what they report, as one thing to start and stop. */
export class RecordingService {
  readonly journal: RecordingJournal;

  readonly #options: RecordingOptions;
  readonly #threads: RecordingThread[];
  readonly #status = new Map<number, CameraStatus>();
  readonly #recovery: RecoveryDeps;
  #hashing: Promise<void> = Promise.resolve();

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.#recovery = {
      catalog: options.catalog,
      storageRoot: options.storageRoot,
      clock: options.clock,
      onFinding: (finding, fields) => options.observer.finding(finding, fields),
    };
    this.journal = new RecordingJournal({
      catalog: options.catalog,
      onProblem: (error) => options.observer.catalogProblem(error),
    });
    const count = Math.max(1, Math.min(options.workers, options.cameras.length));
    this.#threads = Array.from({ length: count }, (_, index) => {
      const cameras = options.cameras.filter((_camera, at) => at % count === index);
      const { storageRoot, segmentMicros, fragmentMicros, syncMicros } = options;
      const name = `ingest-${index + 1}`;
      const rows = new Map(cameras.map(({ row }) => [row.cameraNo, row]));
      return new RecordingThread({
        setup: {
          ...{ name, storageRoot, segmentMicros, fragmentMicros, syncMicros },
          bufferBytes: Math.floor(options.bufferBytes / count),
          cameras: cameras.map(({ row, url }) => ({ cameraNo: row.cameraNo, id: row.id, url })),
        },
        onReport: (report) => this.#take(rows, name, report),
        onDeath: (error, retryMillis) => options.observer.threadDied(name, error, retryMillis),
        settle: async () => {
          await this.journal.flush();
          this.journal.abandon(new Set(rows.keys()));
          await this.#recover([...rows.values()]);
        },
      });
    });
  }

  /** Settles what an earlier run left behind, then records. Resolves when the threads are started. */
  async start(): Promise<void> {
    const { cameras } = this.#options;
    await this.#recover(cameras.map(({ row }) => row));
    if (cameras.length > 0) for (const thread of this.#threads) thread.start();
  }

  /** Finishes all files and commits all rows. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
    await this.journal.flush();
    await this.#settleBroken();
    await this.#hashing;
  }

  /** The last report on a camera; `undefined` before the first. */
  status(cameraNo: number): CameraStatus | undefined {
    return this.#status.get(cameraNo);
  }

  /** What keeps recording from being as it should, for people. */
  *problems(): Generator<string> {
    if (this.journal.problem !== undefined) yield this.journal.problem;
    for (const thread of this.#threads) if (thread.dead) yield `Recording thread ${thread.name} is down.`;
    const blocked = this.#options.cameras.filter(({ row }) => this.status(row.cameraNo)?.state === 'blocked');
    const first = blocked[0] && this.status(blocked[0].row.cameraNo);
    if (first)
      yield `${blocked.length} of ${this.#options.cameras.length} cameras cannot be written: ${first.reason}`;
  }

  /** Every camera that should be recorded now, and why it is not, if it is not. */
  *recorded(): Generator<{ readonly id: string; readonly missing: GapCause | undefined }> {
    for (const { row } of this.#options.cameras)
      yield { id: row.id, missing: this.journal.missing(row.cameraNo) };
  }

  /** Settles what cameras left behind whose recording ended without a word. */
  async #recover(cameras: readonly CameraRow[]): Promise<void> {
    this.#report(await recover(this.#recovery, cameras));
    this.journal.seedGaps(await this.#options.catalog.openGaps());
  }

  #report(report: RecoveryReport): void {
    const { catalog, observer } = this.#options;
    observer.recovered(report);
    this.#hashing = this.#hashing.then(() =>
      hashRecovered(catalog, report.unhashed, (path, error) =>
        observer.finding('a recovered file could not be hashed', { path, error }),
      ),
    );
  }

  #take(camera: ReadonlyMap<number, CameraRow>, thread: string, report: ThreadReport): void {
    const { observer } = this.#options;
    switch (report.kind) {
      case 'events':
        this.journal.push(report.events);
        for (const micros of report.writeMicros) observer.wrote(micros);
        if (report.events.some((event) => event.kind === 'broken')) {
          void this.journal.flush().then(() => this.#settleBroken());
        }
        return;
      case 'status':
        for (const { cameraNo, status } of report.cameras) {
          this.#status.set(cameraNo, status);
          const row = camera.get(cameraNo);
          if (row) observer.status(row, status);
        }
        observer.loopDelay(thread, report.loopDelaySeconds);
        return;
      case 'camera': {
        const row = camera.get(report.cameraNo);
        if (row) observer.cameraChanged(row, report.state, report.reason);
        return;
      }
      case 'disk': {
        const row = camera.get(report.cameraNo);
        if (row) observer.diskProblem(row, report.cause, report.problem);
        return;
      }
      case 'clock-step':
        observer.clockStepped(thread, report.micros);
        return;
      case 'stopped':
        return;
    }
  }

  /** Files that could not be brought to their end while recording went on. */
  async #settleBroken(): Promise<void> {
    const { cameras, observer } = this.#options;
    for (const { cameraNo, start } of this.journal.takeBroken()) {
      const camera = cameras.find(({ row }) => row.cameraNo === cameraNo)?.row;
      if (!camera) continue;
      try {
        this.#report(await recoverSegment(this.#recovery, camera, start));
      } catch (error) {
        // Its row stays open: the next start has it.
        observer.finding('a broken file could not be settled', { camera: camera.id, error });
      }
    }
  }
}
