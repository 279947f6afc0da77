import type { FuzzTarget } from '../target.ts';

const kept: Buffer[] = [];

/** A parser that never lets go of what it was given: for the test of the watch. */
export const target: FuzzTarget = {
  name: 'units',
  run: () => void kept.push(Buffer.alloc(64 * 1024)),
};
