import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { ListenFailure } from './rtmp-server.ts';
import type { RefusalReport, RtmpCommand, RtmpReport, RtmpSetup } from './rtmp-messages.ts';

const WORKER = new URL('../../workers/rtmp-worker.ts', import.meta.url);
const FIRST_RESTART_MILLIS = 500;
const LONGEST_RESTART_MILLIS = 30_000;
/** A thread that ran this long was well: the next restart is a first one. */
const WELL_MILLIS = 60_000;
const STOP_MILLIS = 5_000;
/** Of JavaScript objects; frames live outside of it. More than that is a leak, and ends this thread alone. */
const MAX_HEAP_MEGABYTES = 512;

export interface RtmpServiceOptions {
  readonly setup: RtmpSetup;
  readonly observer: RtmpServiceObserver;
  /** It runs again, after it had died: recording threads need new lines to it. */
  readonly onRestarted: () => void;
}

/** Who logs and counts. */
export interface RtmpServiceObserver {
  published(cameraId: string, peer: string): void;
  refused(report: RefusalReport): void;
  counts(report: Extract<RtmpReport, { kind: 'counts' }>): void;
  died(error: unknown, retryMillis: number): void;
}

/** Keeps the RTMP thread alive, and makes the lines between it and the recording threads. */
export class RtmpService {
  readonly #options: RtmpServiceOptions;
  #worker: Worker | undefined;
  #listening = false;
  #stopping = false;
  /** As it was given, or, from then on, as the first start got it. */
  #port: number;
  #restartMillis = FIRST_RESTART_MILLIS;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RtmpServiceOptions) {
    this.#options = options;
    this.#port = options.setup.port;
  }

  /** The port that encoders push to. */
  get port(): number {
    return this.#port;
  }

  /** Resolves when it listens, or cannot. */
  async start(): Promise<ListenFailure | undefined> {
    const { setup, observer } = this.#options;
    const worker = new Worker(WORKER, {
      workerData: { ...setup, port: this.#port } satisfies RtmpSetup,
      name: 'rtmp',
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES },
    });
    this.#worker = worker;
    const began = Date.now();
    let error: unknown = 'it ended by itself';
    worker.on('error', (thrown) => {
      error = thrown;
    });
    return new Promise((resolve) => {
      worker.on('message', (report: RtmpReport) => {
        switch (report.kind) {
          case 'listening':
            this.#port = report.port;
            this.#listening = true;
            resolve(undefined);
            return;
          case 'cannot-listen':
            error = new Error(report.failure.message);
            resolve(report.failure);
            return;
          case 'published':
            observer.published(report.cameraId, report.peer);
            return;
          case 'refused':
            observer.refused(report);
            return;
          case 'counts':
            observer.counts(report);
            return;
        }
      });
      worker.on('exit', () => {
        const listened = this.#worker === worker && this.#listening;
        if (this.#worker === worker) {
          this.#worker = undefined;
          this.#listening = false;
        }
        resolve({ kind: 'failure', code: '', message: String(error) });
        // What never listened was not started: whoever started it is told.
        if (!this.#stopping && listened) this.#revive(error, Date.now() - began);
      });
    });
  }

  /** The line to a recording thread; `undefined` while there is no server. */
  connect(): MessagePort | undefined {
    if (!this.#worker || !this.#listening) return undefined;
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ kind: 'recorder', port: port1 } satisfies RtmpCommand, [port1]);
    return port2;
  }

  /** What keeps it from taking what is pushed, for people. */
  *problems(): Generator<string> {
    if (!this.#listening && !this.#stopping) yield 'The RTMP server is down: no encoder can publish.';
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const timer = setTimeout(() => void worker.terminate(), STOP_MILLIS);
    worker.postMessage({ kind: 'stop' } satisfies RtmpCommand);
    await ended;
    clearTimeout(timer);
  }

  #revive(error: unknown, ranMillis: number): void {
    if (ranMillis > WELL_MILLIS) this.#restartMillis = FIRST_RESTART_MILLIS;
    const wait = this.#restartMillis;
    this.#restartMillis = Math.min(LONGEST_RESTART_MILLIS, wait * 2);
    this.#options.observer.died(error, wait);
    this.#timer = setTimeout(() => void this.#again(), wait);
  }

  async #again(): Promise<void> {
    if (this.#stopping) return;
    const failed = await this.start();
    if (this.#stopping) return;
    if (failed) this.#revive(failed.message, 0);
    else this.#options.onRestarted();
  }
}
