import { Worker } from 'node:worker_threads';
import type { ThreadCommand, ThreadReport, ThreadSetup } from './thread-messages.ts';

const WORKER = new URL('../../workers/ingest-worker.ts', import.meta.url);
const FIRST_RESTART_MILLIS = 500;
const LONGEST_RESTART_MILLIS = 30_000;
/** A thread that ran this long was well: the next restart is a first one. */
const WELL_MILLIS = 60_000;
/** For finishing all files; then the thread is ended, and recovery has the rest. */
const STOP_MILLIS = 10_000;

export interface RecordingThreadOptions {
  readonly setup: ThreadSetup;
  readonly onReport: (report: ThreadReport) => void;
  readonly onDeath: (error: unknown, retryMillis: number) => void;
  /** Brings catalog and files together before the cameras are recorded again. */
  readonly settle: () => Promise<void>;
}

/** Keeps one recording thread alive: a thread that dies is started again, after what it left behind is settled. */
export class RecordingThread {
  readonly name: string;
  readonly #options: RecordingThreadOptions;
  #worker: Worker | undefined;
  #stopping = false;
  #stopped = false;
  #restartMillis = FIRST_RESTART_MILLIS;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RecordingThreadOptions) {
    this.#options = options;
    this.name = options.setup.name;
  }

  /** It should be running and is not. */
  get dead(): boolean {
    return this.#worker === undefined && !this.#stopping;
  }

  start(): void {
    const worker = new Worker(WORKER, { workerData: this.#options.setup, name: this.name });
    this.#worker = worker;
    const began = Date.now();
    let error: unknown = 'it ended by itself';
    worker.on('message', (report: ThreadReport) => {
      if (report.kind === 'stopped') this.#stopped = true;
      this.#options.onReport(report);
    });
    worker.on('error', (thrown) => {
      error = thrown;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      if (!this.#stopping) this.#revive(error, Date.now() - began);
    });
  }

  /** Lets it finish its files. Resolves when it has ended; what it could not finish has been settled. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const timer = setTimeout(() => void worker.terminate(), STOP_MILLIS);
    worker.postMessage({ kind: 'stop' } satisfies ThreadCommand);
    await ended;
    clearTimeout(timer);
    if (!this.#stopped) await this.#options.settle();
  }

  #revive(error: unknown, ranMillis: number): void {
    if (ranMillis > WELL_MILLIS) this.#restartMillis = FIRST_RESTART_MILLIS;
    const wait = this.#restartMillis;
    this.#restartMillis = Math.min(LONGEST_RESTART_MILLIS, wait * 2);
    this.#options.onDeath(error, wait);
    const again = async (): Promise<void> => {
      try {
        await this.#options.settle();
      } catch (problem) {
        // The catalog may be what fails. The cameras are recorded all the same; the next start settles the rest.
        this.#options.onDeath(problem, 0);
      }
      if (!this.#stopping) this.start();
    };
    this.#timer = setTimeout(() => void again(), wait);
  }
}
