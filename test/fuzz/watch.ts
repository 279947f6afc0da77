import { Worker } from 'node:worker_threads';
import type { FuzzOrder, FuzzOutcome } from './fuzz-worker.ts';
import { Progress } from './progress.ts';

/** Processor time is judged by the thread itself; this is for what never ends, also on a busy machine. */
const MAX_STANDSTILL_MILLIS = 20_000;
/** Until the first input. */
const MAX_START_MILLIS = 120_000;
/** Beyond what the process had when the thread began. */
const MAX_MORE_BYTES = 768 * 2 ** 20;
const MAX_HEAP_MEGABYTES = 512;
const LOOK_MILLIS = 200;

/** Fuzzes in a thread of its own and watches it: an input that hangs it or eats the memory is a finding as well. */
export async function fuzzInThread(
  order: Omit<FuzzOrder, 'memory'>,
  maxStandstillMillis = MAX_STANDSTILL_MILLIS,
): Promise<FuzzOutcome> {
  const progress = new Progress();
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    workerData: { ...order, memory: progress.memory } satisfies FuzzOrder,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES },
  });
  const rssBefore = process.memoryUsage.rss();
  let executions = 0;
  const began = performance.now();
  let since = began;
  return new Promise<FuzzOutcome>((resolve) => {
    const end = (outcome: FuzzOutcome): void => {
      clearInterval(timer);
      void worker.terminate().then(() => resolve(outcome));
    };
    const stuck = (error: string): void =>
      end({
        executions: progress.executions,
        seconds: (performance.now() - began) / 1000,
        finding: { bytes: progress.lastInput(), origin: `input ${progress.executions}`, error },
      });
    const timer = setInterval(() => {
      const now = performance.now();
      if (progress.executions !== executions) {
        executions = progress.executions;
        since = now;
      } else if (now - since > (executions === 0 ? MAX_START_MILLIS : maxStandstillMillis)) {
        stuck(`hangs: nothing for ${maxStandstillMillis / 1000} s`);
      }
      const more = process.memoryUsage.rss() - rssBefore;
      if (more > MAX_MORE_BYTES) stuck(`takes ${Math.round(more / 2 ** 20)} MiB of memory`);
    }, LOOK_MILLIS);
    worker.once('message', end);
    worker.once('error', (error) =>
      stuck(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
  });
}
