import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { Look, LookTask } from './look.ts';

const WORKER = fileURLToPath(new URL('../../workers/motion-worker.ts', import.meta.url));
/** Twice what the desks of a few sizes need; the pictures and models lie outside of it. */
const THREAD_MEGABYTES = 128;
/** As for decoders. At the same priority as the main thread, it takes that one's place as soon as it is handed a picture. */
const NICE = 10;

export type LookOutcome =
  | { readonly kind: 'seen'; readonly look: Look }
  /**
   * `stuck`: it took too long, and its thread was ended; `broken`: it threw, or its model is none. Nothing that the
   * camera's model holds may be trusted after either, nor may its buffers be used again: the thread may still be at it.
   */
  | { readonly kind: 'failed'; readonly reason: 'stuck' | 'broken' | 'closed'; readonly problem: string };

export interface DetectorPoolOptions {
  readonly threads: number;
  /** A picture takes a few milliseconds; a thread needs a second to start on a busy machine. */
  readonly deadlineMillis: number;
  /** Its default export looks at a picture; the usual one if it is left out. */
  readonly worker?: string | undefined;
  /** A thread ended while it had nothing to do, which it should not. */
  readonly onProblem: (problem: string) => void;
}

interface Job {
  readonly task: LookTask;
  readonly settle: (outcome: LookOutcome) => void;
}

/**
 * The threads that look at pictures. Cameras take turns: who asked first is next, and has one turn. Only as many pictures
 * as there are threads are handed over, since Piscina may swap what it queues, and since a deadline is to be of one
 * picture and not of those that wait behind it.
 */
export class DetectorPool {
  readonly #options: DetectorPoolOptions;
  readonly #piscina: Piscina<LookTask, Look | undefined>;
  readonly #waiting: Job[] = [];
  #running = 0;
  #closed = false;

  constructor(options: DetectorPoolOptions) {
    this.#options = options;
    this.#piscina = new Piscina({
      filename: options.worker ?? WORKER,
      minThreads: options.threads,
      maxThreads: options.threads,
      niceIncrement: NICE,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_MEGABYTES },
    });
    // Without a listener it would be thrown.
    this.#piscina.on('error', (error: unknown) => options.onProblem(messageOf(error)));
  }

  /** Cameras that wait for their turn: one picture each, as nobody asks again before the answer. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes the frame with it: its bytes are gone afterwards. Never rejects. */
  look(task: LookTask): Promise<LookOutcome> {
    return new Promise((settle) => {
      this.#waiting.push({ task, settle });
      this.#pump();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pump();
    await this.#piscina.destroy();
  }

  #pump(): void {
    if (this.#closed) {
      for (const { settle } of this.#waiting.splice(0)) settle(CLOSED);
      return;
    }
    while (this.#running < this.#options.threads) {
      const job = this.#waiting.shift();
      if (!job) return;
      this.#running++;
      void this.#run(job.task).then((outcome) => {
        this.#running--;
        job.settle(outcome);
        this.#pump();
      });
    }
  }

  async #run(task: LookTask): Promise<LookOutcome> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.#options.deadlineMillis);
    try {
      const look = await this.#piscina.run(task, {
        // An array is what it takes; its types follow a newer signature of postMessage.
        transferList: [task.frame.buffer] as object,
        signal: deadline.signal,
      });
      if (look) return { kind: 'seen', look };
      return { kind: 'failed', reason: 'broken', problem: 'what was kept of the camera is damaged' };
    } catch (error) {
      if (this.#closed) return CLOSED;
      if (!deadline.signal.aborted) return { kind: 'failed', reason: 'broken', problem: messageOf(error) };
      const seconds = this.#options.deadlineMillis / 1_000;
      return { kind: 'failed', reason: 'stuck', problem: `it was not done within ${seconds} s` };
    } finally {
      clearTimeout(timer);
    }
  }
}

const CLOSED: LookOutcome = { kind: 'failed', reason: 'closed', problem: 'the server is stopping' };

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
