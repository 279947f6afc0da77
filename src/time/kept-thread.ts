import { type Transferable, Worker, type WorkerOptions } from 'node:worker_threads';

const FIRST_RESTART_MILLIS = 500;
const LONGEST_RESTART_MILLIS = 30_000;
/** A thread that ran this long was well: the next restart is a first one. */
const WELL_MILLIS = 60_000;

export interface KeptThreadOptions<Command, Report> {
  readonly name: string;
  /** What it runs. */
  readonly worker: URL;
  /** What it is given; asked at each start. */
  readonly setup: () => unknown;
  readonly limits?: WorkerOptions['resourceLimits'];
  /** It has to end by itself after `{ kind: 'stop' }`; this long after it, it is ended. */
  readonly stopMillis: number;
  /** It begins, for the first time or again. */
  readonly onStart?: () => void;
  /** `answer` goes to the very thread that reported, even if it is not the one that runs by then. */
  readonly onReport: (report: Report, answer: (command: Command) => void) => void;
  /** It is started again in `retryMillis`, unless it is stopped now. */
  readonly onDeath: (error: unknown, retryMillis: number) => void;
  /** Done before a thread that died is started again. */
  readonly settle?: () => Promise<void>;
}

/** Keeps one thread alive: when it dies it is started again, not too fast. */
export class KeptThread<Command extends { readonly kind: string }, Report> {
  readonly #options: KeptThreadOptions<Command | { readonly kind: 'stop' }, Report>;
  #worker: Worker | undefined;
  #stopping = false;
  #restartMillis = FIRST_RESTART_MILLIS;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeptThreadOptions<Command | { readonly kind: 'stop' }, Report>) {
    this.#options = options;
  }

  /** It should be running and is not. */
  get dead(): boolean {
    return this.#worker === undefined && !this.#stopping;
  }

  get running(): boolean {
    return this.#worker !== undefined;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  start(): void {
    const { name, worker: file, setup, limits, onStart, onReport } = this.#options;
    const worker = new Worker(file, {
      ...{ workerData: setup(), name },
      ...(limits && { resourceLimits: limits }),
    });
    this.#worker = worker;
    onStart?.();
    const began = Date.now();
    let error: unknown = 'it ended by itself';
    worker.on('message', (report: Report) => onReport(report, (command) => worker.postMessage(command)));
    worker.on('error', (thrown) => {
      error = thrown;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      if (!this.#stopping) this.#revive(error, Date.now() - began);
    });
  }

  /** Nothing while it is down. */
  post(command: Command, transfer: readonly Transferable[] = []): void {
    this.#worker?.postMessage(command, transfer);
  }

  /** Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const timer = setTimeout(() => void worker.terminate(), this.#options.stopMillis);
    worker.postMessage({ kind: 'stop' });
    await ended;
    clearTimeout(timer);
  }

  #revive(error: unknown, ranMillis: number): void {
    if (ranMillis > WELL_MILLIS) this.#restartMillis = FIRST_RESTART_MILLIS;
    const wait = this.#restartMillis;
    this.#restartMillis = Math.min(LONGEST_RESTART_MILLIS, wait * 2);
    const again = async (): Promise<void> => {
      try {
        await this.#options.settle?.();
      } catch (problem) {
        // What has to be settled may be what fails. It is started all the same.
        this.#options.onDeath(problem, 0);
      }
      if (!this.#stopping) this.start();
    };
    this.#timer = setTimeout(() => void again(), wait);
    this.#options.onDeath(error, wait);
  }
}
