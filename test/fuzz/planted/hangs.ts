import type { FuzzTarget } from '../target.ts';

/** A parser that never comes back from some inputs: for the test of the watch. */
export const target: FuzzTarget = {
  name: 'units',
  run(bytes) {
    let at = 0;
    // The mistake of a parser that steps on by a length which may be zero.
    while (at < bytes.length) at += bytes[at] === 0x73 ? 0 : 1;
  },
};
