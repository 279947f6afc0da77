import type { MessagePort } from 'node:worker_threads';
import { KeptThread } from '../time/kept-thread.ts';
import type { Sighting } from '../watch/watched-picture.ts';
import type { ThreadCommand, ThreadReport, ThreadSetup } from './thread-messages.ts';

const WORKER = new URL('../../workers/ingest-worker.ts', import.meta.url);
/** For finishing all files; then the thread is ended, and recovery has the rest. */
const STOP_MILLIS = 10_000;

export interface RecordingThreadOptions {
  readonly setup: ThreadSetup;
  readonly onReport: (report: ThreadReport) => void;
  readonly onDeath: (error: unknown, retryMillis: number) => void;
  /** Brings catalog and files together before the cameras are recorded again. */
  readonly settle: () => Promise<void>;
  /** The line to the RTMP thread, for cameras that are pushed; `undefined`: there is none. */
  readonly rtmp: () => MessagePort | undefined;
}

/** A recording thread, as the main thread sees it. After it died, what it left behind is settled first. */
export class RecordingThread {
  readonly name: string;
  readonly #options: RecordingThreadOptions;
  readonly #thread: KeptThread<ThreadCommand, ThreadReport>;
  #stopped = false;

  constructor(options: RecordingThreadOptions) {
    const { setup, onReport, onDeath, settle } = options;
    this.#options = options;
    this.name = setup.name;
    this.#thread = new KeptThread<ThreadCommand, ThreadReport>({
      ...{ name: setup.name, worker: WORKER, setup: () => setup, stopMillis: STOP_MILLIS, onDeath, settle },
      onStart: () => this.connectRtmp(),
      onReport: (report, answer) => {
        if (report.kind === 'stopped') this.#stopped = true;
        onReport(report);
        if (report.kind === 'watch') answer({ kind: 'watch-taken' });
      },
    });
  }

  /** It should be running and is not. */
  get dead(): boolean {
    return this.#thread.dead;
  }

  start(): void {
    this.#thread.start();
  }

  /** To be called when the RTMP thread was started again. */
  connectRtmp(): void {
    const port = this.#thread.running ? this.#options.rtmp() : undefined;
    if (port) this.#thread.post({ kind: 'rtmp', port }, [port]);
  }

  /** Of its own cameras; nothing while it is down. */
  seen(sightings: readonly Sighting[]): void {
    this.#thread.post({ kind: 'seen', sightings });
  }

  /** Lets it finish its files. Resolves when it has ended; what it could not finish has been settled. */
  async stop(): Promise<void> {
    const ran = this.#thread.running;
    await this.#thread.stop();
    if (ran && !this.#stopped) await this.#options.settle();
  }
}
