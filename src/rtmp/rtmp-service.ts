import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { KeptThread } from '../time/kept-thread.ts';
import type { ListenFailure } from './rtmp-server.ts';
import type { RefusalReport, RtmpCommand, RtmpReport, RtmpSetup } from './rtmp-messages.ts';

const WORKER = new URL('../../workers/rtmp-worker.ts', import.meta.url);
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
  readonly #thread: KeptThread<RtmpCommand, RtmpReport>;
  readonly #started = Promise.withResolvers<ListenFailure | undefined>();
  /** As it was given, or, from then on, as the first start got it. */
  #port: number;
  #listening = false;
  #hasListened = false;
  /** Why the thread that ends next did not listen. */
  #failure: ListenFailure | undefined;

  constructor(options: RtmpServiceOptions) {
    this.#options = options;
    this.#port = options.setup.port;
    this.#thread = new KeptThread<RtmpCommand, RtmpReport>({
      ...{ name: 'rtmp', worker: WORKER, stopMillis: STOP_MILLIS },
      setup: () => ({ ...options.setup, port: this.#port }) satisfies RtmpSetup,
      limits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES },
      onReport: (report) => this.#take(report),
      onDeath: (error, retryMillis) => this.#died(error, retryMillis),
    });
  }

  /** The port that encoders push to. */
  get port(): number {
    return this.#port;
  }

  /** Resolves when it listens, or cannot: then it has ended. May be called once. */
  start(): Promise<ListenFailure | undefined> {
    this.#thread.start();
    return this.#started.promise;
  }

  /** The line to a recording thread; `undefined` while there is no server. */
  connect(): MessagePort | undefined {
    if (!this.#listening) return undefined;
    const { port1, port2 } = new MessageChannel();
    this.#thread.post({ kind: 'recorder', port: port1 }, [port1]);
    return port2;
  }

  /** What keeps it from taking what is pushed, for people. */
  *problems(): Generator<string> {
    if (!this.#listening && !this.#thread.stopping) yield 'The RTMP server is down: no encoder can publish.';
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }

  #take(report: RtmpReport): void {
    const { observer, onRestarted } = this.#options;
    switch (report.kind) {
      case 'listening':
        this.#port = report.port;
        this.#listening = true;
        if (this.#hasListened && !this.#thread.stopping) onRestarted();
        this.#hasListened = true;
        this.#started.resolve(undefined);
        return;
      case 'cannot-listen':
        this.#failure = report.failure;
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
  }

  #died(error: unknown, retryMillis: number): void {
    const failure = this.#failure;
    this.#failure = undefined;
    this.#listening = false;
    if (this.#hasListened) {
      this.#options.observer.died(failure?.message ?? error, retryMillis);
      return;
    }
    // What never listened was not started: whoever started it is told.
    void this.#thread.stop();
    this.#started.resolve(failure ?? { kind: 'failure', code: '', message: String(error) });
  }
}
