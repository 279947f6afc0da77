import type { ThreadLoad } from '../time/thread-load.ts';
import { growth, type Instruments } from './instruments.ts';

/** Prometheus looks every few seconds: what happened between two looks must still be seen. */
const WORST_OF_REPORTS = 15;
/** A thread tells of itself every second; one that has not for so long hangs. */
const SILENCE_SECONDS = 10;

const THREAD = ['thread'] as const;

/** One set of series for each thread, from the first that is heard of it. */
export class ThreadMetrics {
  readonly #now: () => number;
  readonly #threads = new Map<string, { load: ThreadLoad | undefined; heardAt: number; delays: number[] }>();
  readonly #up;
  readonly #deaths;
  readonly #loopDelay;
  readonly #cpu;
  readonly #busy;
  readonly #pause;
  readonly #heap;
  readonly #buffered;
  readonly #bufferLimit;
  readonly #clockSteps;

  /** @param now seconds of a clock that nobody sets */
  constructor(instruments: Instruments, now: () => number) {
    this.#now = now;
    this.#up = instruments.gauge(
      'vigie_thread_up',
      `1 when a thread has told of itself in the last ${SILENCE_SECONDS} seconds, 0 when it ended or hangs`,
      THREAD,
    );
    this.#deaths = instruments.counter(
      'vigie_thread_deaths_total',
      'How often a thread ended and was started again',
      THREAD,
    );
    this.#loopDelay = instruments.gauge(
      'vigie_event_loop_delay_seconds',
      `99th percentile of how late the event loop of a thread came: of the worst of the last ${WORST_OF_REPORTS} seconds`,
      THREAD,
    );
    this.#cpu = instruments.counter('vigie_thread_cpu_seconds_total', 'CPU time that a thread took', THREAD);
    this.#busy = instruments.counter(
      'vigie_thread_busy_seconds_total',
      'Time in which the event loop of a thread did not wait for anything',
      THREAD,
    );
    this.#pause = instruments.counter(
      'vigie_thread_gc_pause_seconds_total',
      'Time for which garbage collection stopped a thread',
      THREAD,
    );
    this.#heap = instruments.gauge(
      'vigie_thread_heap_bytes',
      'JavaScript objects of a thread; buffers live outside',
      THREAD,
    );
    this.#buffered = instruments.gauge(
      'vigie_record_buffer_bytes',
      'Memory that holds video on its way to disk',
      THREAD,
    );
    this.#bufferLimit = instruments.gauge(
      'vigie_record_buffer_limit_bytes',
      'Memory that video on its way to disk may take: beyond it, cameras are blocked',
      THREAD,
    );
    this.#clockSteps = instruments.counter(
      'vigie_clock_steps_total',
      'How often a recording thread saw that the clock of this machine was set',
      THREAD,
    );
  }

  reported(thread: string, load: ThreadLoad): void {
    const known = this.#threads.get(thread);
    const before = known?.load;
    const delays = [...(known?.delays ?? []), load.loopDelaySeconds].slice(-WORST_OF_REPORTS);
    this.#threads.set(thread, { load, heardAt: this.#now(), delays });
    if (!known) this.#deaths.inc({ thread }, 0);
    this.#loopDelay.set({ thread }, Math.max(...delays));
    this.#cpu.inc({ thread }, growth(load.cpuSeconds, before?.cpuSeconds));
    this.#busy.inc({ thread }, growth(load.busySeconds, before?.busySeconds));
    this.#pause.inc({ thread }, growth(load.pauseSeconds, before?.pauseSeconds));
    this.#heap.set({ thread }, load.heapBytes);
  }

  buffers(thread: string, bytes: number, limitBytes: number): void {
    this.#buffered.set({ thread }, bytes);
    this.#bufferLimit.set({ thread }, limitBytes);
    this.#clockSteps.inc({ thread }, 0);
  }

  died(thread: string): void {
    this.#deaths.inc({ thread });
    // What it measured ended with it.
    this.#threads.set(thread, { load: undefined, heardAt: Number.NEGATIVE_INFINITY, delays: [] });
  }

  clockStepped(thread: string): void {
    this.#clockSteps.inc({ thread });
  }

  /** To be called before the series are read. */
  refresh(): void {
    const now = this.#now();
    for (const [thread, { heardAt }] of this.#threads) {
      this.#up.set({ thread }, now - heardAt < SILENCE_SECONDS ? 1 : 0);
    }
  }
}
