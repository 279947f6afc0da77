import type { MessagePort } from 'node:worker_threads';
import type { CameraRow, Catalog, GapCause } from '../catalog/catalog.ts';
import { isPushed, type SourceSpec } from '../ingest/camera-source.ts';
import type { CameraState, CameraStatus } from '../ingest/camera-status.ts';
import type { Clock } from '../time/clock.ts';
import type { ThreadLoad } from '../time/thread-load.ts';
import { WatchInbox } from '../watch/watch-inbox.ts';
import type { Sighting, WatchedFrames, WatchReport } from '../watch/watched-picture.ts';
import { type Missing, RecordingJournal } from './journal.ts';
import {
  hashRecovered,
  recover,
  type RecoveryDeps,
  type RecoveryReport,
  recoverSegment,
} from './recovery.ts';
import { RecordingThread } from './recording-thread-host.ts';
import type { BufferUse, ThreadReport } from './thread-messages.ts';

/** Copies of pictures that the main thread has not taken yet, of one thread. */
const WATCH_BYTES = 64 * 2 ** 20;

/** For hashing what an earlier run left behind, when it is to end. */
const HASHING_MILLIS = 1_000;

export interface RecordedCamera {
  readonly row: CameraRow;
  /** With its password. */
  readonly source: SourceSpec;
  /** Its sound may be recorded. */
  readonly audio: boolean;
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
  /** Local ports for media that come by UDP; `undefined`: any. */
  readonly udpPorts: { readonly from: number; readonly to: number } | undefined;
  /** Makes the line from the RTMP thread to a recording thread; `undefined`: there is none at the moment. */
  readonly connectRtmp: () => MessagePort | undefined;
  /** Who looks at the pictures; `undefined`: nobody. */
  readonly watch?: WatchOptions | undefined;
  readonly observer: RecordingObserver;
}

export interface WatchOptions {
  /** By number; the others are not looked at, and cost nothing. */
  readonly cameras: ReadonlyMap<number, WatchedFrames>;
  /** What a thread has, in the order of each camera. The thread sends no more before this returns. */
  readonly onReport: (report: WatchReport) => void;
}

/** Who logs and counts. Every call is one incident, or one measurement. */
export interface RecordingObserver {
  cameraChanged(camera: CameraRow, state: CameraState, reason: string): void;
  status(camera: CameraRow, status: CameraStatus): void;
  wrote(micros: number): void;
  threadReported(thread: string, load: ThreadLoad, buffers: BufferUse): void;
  diskProblem(camera: CameraRow, cause: GapCause, problem: string): void;
  clockStepped(thread: string, micros: number): void;
  threadDied(thread: string, error: unknown, retryMillis: number): void;
  catalogProblem(error: unknown): void;
  recovered(report: RecoveryReport): void;
  /** Pictures for motion analysis that were dropped as it had not taken those before. */
  watchShed(pictures: number): void;
  /** Motion analysis did not take what it was given. */
  watchFailed(error: unknown): void;
  finding(finding: string, fields: Readonly<Record<string, unknown>>): void;
}

/** The recording threads and what they report, as one thing to start and stop. */
export class RecordingService {
  readonly journal: RecordingJournal;

  readonly #options: RecordingOptions;
  readonly #threads: RecordingThread[];
  /** Which thread has a camera. */
  readonly #threadOf = new Map<number, RecordingThread>();
  readonly #watched = new WatchInbox();
  readonly #status = new Map<number, CameraStatus>();
  readonly #recovery: RecoveryDeps;
  #hashing: Promise<void> = Promise.resolve();
  readonly #stopHashing = new AbortController();

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
      const thread = new RecordingThread({
        setup: {
          ...{ name, storageRoot, segmentMicros, fragmentMicros, syncMicros },
          bufferBytes: Math.floor(options.bufferBytes / count),
          watchBytes: WATCH_BYTES,
          udpPorts: options.udpPorts,
          cameras: cameras.map(({ row, source, audio }) => ({
            ...{ cameraNo: row.cameraNo, id: row.id, source, audio },
            watch: options.watch?.cameras.get(row.cameraNo),
          })),
        },
        onReport: (report) => this.#take(rows, name, report),
        onDeath: (error, retryMillis) => {
          options.observer.threadDied(name, error, retryMillis);
          for (const { row } of cameras) this.#threadDied(row);
        },
        rtmp: () => (cameras.some(({ source }) => isPushed(source)) ? options.connectRtmp() : undefined),
        settle: async () => {
          await this.journal.flush();
          this.journal.abandon(new Set(rows.keys()));
          await this.#recover([...rows.values()]);
        },
      });
      for (const { row } of cameras) this.#threadOf.set(row.cameraNo, thread);
      return thread;
    });
  }

  /** Settles what an earlier run left behind, then records. Resolves when the threads are started. */
  async start(): Promise<void> {
    const { cameras } = this.#options;
    await this.#recover(cameras.map(({ row }) => row));
    if (cameras.length > 0) for (const thread of this.#threads) thread.start();
  }

  /** To be called when the RTMP thread was started again. */
  reconnectRtmp(): void {
    for (const thread of this.#threads) thread.connectRtmp();
  }

  /** What was seen in key frames of `watch` reports; other cameras than those recorded here are passed over. */
  seen(sightings: readonly Sighting[]): void {
    for (const thread of this.#threads) {
      const own = sightings.filter(({ cameraNo }) => this.#threadOf.get(cameraNo) === thread);
      if (own.length > 0) thread.seen(own);
    }
  }

  /** Finishes all files and commits all rows. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
    await this.journal.flush();
    await this.#settleBroken();
    // After a crash a city has gigabytes to be read: whoever stops it then does not wait for that.
    const timer = setTimeout(() => this.#stopHashing.abort(), HASHING_MILLIS);
    await this.#hashing;
    clearTimeout(timer);
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

  /** Every camera that should be recorded now, and why it is not and since when, if it is not. */
  *recorded(): Generator<{ readonly id: string; readonly missing: Missing | undefined }> {
    for (const { row } of this.#options.cameras)
      yield { id: row.id, missing: this.journal.missing(row.cameraNo) };
  }

  /** What it last said of a camera is true no longer. */
  #threadDied(camera: CameraRow): void {
    const status = this.#status.get(camera.cameraNo);
    if (!status) return;
    const died: CameraStatus = {
      ...status,
      state: 'blocked',
      reason: 'The recording thread ended, and is started again.',
      since: status.state === 'blocked' ? status.since : this.#options.clock.wall(),
    };
    this.#status.set(camera.cameraNo, died);
    this.#options.observer.status(camera, died);
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
      hashRecovered(
        catalog,
        report.unhashed,
        (path, error) => observer.finding('a recovered file could not be hashed', { path, error }),
        this.#stopHashing.signal,
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
        observer.threadReported(thread, report.load, report.buffers);
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
      case 'watch':
        if (report.shed > 0) observer.watchShed(report.shed);
        try {
          this.#options.watch?.onReport(this.#watched.take(report.report));
        } catch (error) {
          observer.watchFailed(error);
        }
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
