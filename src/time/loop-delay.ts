import { monitorEventLoopDelay } from 'node:perf_hooks';

const SAMPLE_MILLIS = 20;

/** How late the event loop of this thread comes to what is due. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: SAMPLE_MILLIS });

  constructor() {
    this.#histogram.enable();
  }

  /** 99th percentile since the last call, seconds. Node counts the time between two samples: the rest is the delay. */
  take(): number {
    const between = this.#histogram.percentile(99) / 1e9;
    this.#histogram.reset();
    return Math.max(0, between - SAMPLE_MILLIS / 1000);
  }

  stop(): void {
    this.#histogram.disable();
  }
}
