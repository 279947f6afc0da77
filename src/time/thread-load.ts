import { PerformanceObserver, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { LoopDelay } from './loop-delay.ts';

/** What a thread has to do, as it sees itself. Totals since it started, unless something else is said. */
export interface ThreadLoad {
  /** 99th percentile of how late its event loop came, since this was last asked. */
  readonly loopDelaySeconds: number;
  /** Of a core, in user and kernel mode. */
  readonly cpuSeconds: number;
  /** In which its event loop did not wait for anything. */
  readonly busySeconds: number;
  /** In which garbage collection stopped it. */
  readonly pauseSeconds: number;
  /** JavaScript objects that are in use now; buffers live outside. */
  readonly heapBytes: number;
}

/** Measures the thread that it is made in. */
export class ThreadMeter {
  readonly #loopDelay = new LoopDelay();
  readonly #collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.#pauseMillis += duration;
  });
  #pauseMillis = 0;

  constructor() {
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  take(): ThreadLoad {
    const { user, system } = process.threadCpuUsage();
    return {
      loopDelaySeconds: this.#loopDelay.take(),
      cpuSeconds: (user + system) / 1e6,
      busySeconds: performance.eventLoopUtilization().active / 1e3,
      pauseSeconds: this.#pauseMillis / 1e3,
      heapBytes: getHeapStatistics().used_heap_size,
    };
  }

  stop(): void {
    this.#loopDelay.stop();
    this.#collections.disconnect();
  }
}
