import type { FuzzTarget } from '../target.ts';

/** A parser that believes a length: for the test of the watch. */
export const target: FuzzTarget = {
  name: 'units',
  run(bytes) {
    const rows: number[][] = [];
    if (bytes.length > 4) while (rows.length < 1e9) rows.push(new Array<number>(10_000).fill(rows.length));
  },
};
