import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { fuzzDialogues } from './dialogue.ts';
import { fuzz } from './execute.ts';
import { Progress } from './progress.ts';
import { type FuzzTarget, type LoadedTarget, readCorpus } from './target.ts';

/** What a thread is told to do. */
export interface FuzzOrder {
  /** The file of the target; `undefined`: dialogues. */
  readonly file: string | undefined;
  readonly seed: number;
  /** How long, from the first input: on a busy machine a thread takes seconds to start. */
  readonly millis: number;
  readonly executions: number;
  readonly memory: SharedArrayBuffer;
}

export interface FuzzOutcome {
  readonly executions: number;
  /** Without the start of the thread. */
  readonly seconds: number;
  readonly finding:
    | { readonly bytes: Uint8Array; readonly origin: string; readonly error: string }
    | undefined;
}

/** What is still held after so many inputs were taken and forgotten. */
const MAX_KEPT_BYTES = 48 * 2 ** 20;
const WARM_UP = 200;

// Where it is started with another thread's module, it does nothing.
if (workerData !== undefined) parentPort?.postMessage(await work(workerData as FuzzOrder));

async function work(order: FuzzOrder): Promise<FuzzOutcome> {
  const progress = new Progress(order.memory);
  const target = order.file === undefined ? undefined : await loadTarget(order.file);
  const began = performance.now();
  const isDone = (executions: number): boolean =>
    executions >= order.executions || performance.now() - began >= order.millis;
  const { executions, finding } = await (target
    ? fuzzTarget(target, order.seed, isDone, progress)
    : fuzzCameras(order.seed, isDone, progress));
  return { executions, finding, seconds: (performance.now() - began) / 1000 };
}

async function loadTarget(file: string): Promise<LoadedTarget> {
  const { target }: { readonly target: FuzzTarget } = await import(file);
  return { ...target, corpus: readCorpus(target.name), file };
}

async function fuzzCameras(
  seed: number,
  isDone: (executions: number) => boolean,
  progress: Progress,
): Promise<Omit<FuzzOutcome, 'seconds'>> {
  const report = await fuzzDialogues(seed, isDone, () => progress.begin(Buffer.alloc(0)));
  const [first] = report.findings;
  const origin = `seed ${first?.seed}, dialogue ${first?.dialogue}`;
  return {
    executions: report.dialogues,
    finding: first && { bytes: Buffer.alloc(0), origin, error: first.error },
  };
}

async function fuzzTarget(
  target: LoadedTarget,
  seed: number,
  isDone: (executions: number) => boolean,
  progress: Progress,
): Promise<Omit<FuzzOutcome, 'seconds'>> {
  let kept = 0;
  let begun = 0;
  const outcome = await fuzz(target, seed, isDone, (bytes) => {
    progress.begin(bytes);
    if (++begun === WARM_UP) kept = keptBytes();
  });
  const more = begun < WARM_UP ? 0 : keptBytes() - kept;
  if (outcome.finding || more <= MAX_KEPT_BYTES) return outcome;
  const error = `${Math.round(more / 2 ** 20)} MiB are still held after ${begun} inputs`;
  const origin = `seed ${seed} and those after it`;
  return { ...outcome, finding: { bytes: progress.lastInput(), origin, error } };
}

function keptBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
