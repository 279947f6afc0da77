import { z } from 'zod';
import type { Measured } from './harness.ts';

/** What each case was, held against its reference, when somebody last looked: see ratios.json. */
export const storedSchema = z.record(z.string(), z.number().positive());
export type Stored = z.infer<typeof storedSchema>;

export interface Verdict {
  readonly name: string;
  /** Now by then; `undefined`: it was never measured. */
  readonly change: number | undefined;
  readonly state: 'same' | 'slower' | 'faster' | 'new';
}

/** @param tolerance by how much a ratio may grow, or shrink, before it is news: 1.5 is by half */
export function judge(
  measured: Pick<Measured, 'name' | 'ratio'>,
  stored: Stored,
  tolerance: number,
): Verdict {
  const { name, ratio } = measured;
  const then = stored[name];
  if (then === undefined) return { name, change: undefined, state: 'new' };
  const change = ratio / then;
  const state = change > tolerance ? 'slower' : change < 1 / tolerance ? 'faster' : 'same';
  return { name, change, state };
}
