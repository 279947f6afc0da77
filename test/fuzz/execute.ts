import { threadCpuUsage } from 'node:process';
import { mutate } from './mutate.ts';
import type { LoadedTarget } from './target.ts';

/** No input may keep the thread busy for longer. Counted in time of the processor: a busy machine is no defect. */
export const MAX_BUSY_MICROS = 1_000_000;
export const DEFAULT_MAX_BYTES = 16 * 1024;

/** An input that the target does not take as it should. */
export interface Finding {
  readonly bytes: Buffer;
  /** Where it comes from: a file of the corpus, or the seed of the mutation. */
  readonly origin: string;
  readonly error: string;
}

/** What an input does to a target; `undefined` when all is well. */
export async function tryInput(
  run: LoadedTarget['run'],
  bytes: Buffer,
  origin: string,
): Promise<Finding | undefined> {
  const before = threadCpuUsage();
  try {
    const pending = run(bytes);
    // Most targets are synchronous, and a turn of the queue each would cost more than they do.
    if (pending) await pending;
  } catch (error) {
    return { bytes, origin, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const { user, system } = threadCpuUsage(before);
  const busy = user + system;
  return busy > MAX_BUSY_MICROS
    ? { bytes, origin, error: `took ${Math.round(busy / 1000)} ms of processor time` }
    : undefined;
}

/**
 * Mutated inputs of a target, `seed` being that of the first and each next one having the next number.
 * @param isDone asked before each one
 */
export async function fuzz(
  target: Omit<LoadedTarget, 'file'>,
  seed: number,
  isDone: (executions: number) => boolean,
  onInput: (bytes: Buffer) => void = () => undefined,
): Promise<{ readonly executions: number; readonly finding: Finding | undefined }> {
  const source = {
    inputs: target.corpus.map((entry) => entry.bytes),
    tokens: (target.tokens ?? []).map((token) => Buffer.from(token as string)),
    maxBytes: target.maxBytes ?? DEFAULT_MAX_BYTES,
  };
  let executions = 0;
  for (; !isDone(executions); executions++) {
    const bytes = mutate(source, (seed + executions) >>> 0);
    onInput(bytes);
    const finding = await tryInput(target.run, bytes, `seed ${(seed + executions) >>> 0}`);
    if (finding) return { executions: executions + 1, finding };
  }
  return { executions, finding: undefined };
}
