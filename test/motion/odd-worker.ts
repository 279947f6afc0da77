import { look, type Look, type LookTask } from '../../src/motion/look.ts';

/** What these do to whoever looks at them: pictures of one grey. */
export const ODD = { slow: 60, throws: 0, spins: 255, exits: 190 } as const;
const SLOW_MILLIS = 40;

/** A thread for tests: pictures of one grey do it harm; all others are looked at as usual. */
export default function oddLook(task: LookTask): Look | undefined {
  const { frame } = task;
  const grey = frame[0] as number;
  const isFlat = frame.every((value) => Math.abs(value - grey) < 3);
  if (isFlat && isLike(grey, ODD.throws)) throw new Error('odd picture');
  if (isFlat && isLike(grey, ODD.exits)) process.exit(3);
  while (isFlat && isLike(grey, ODD.spins));
  if (isFlat && isLike(grey, ODD.slow))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLOW_MILLIS);
  return look(task);
}

const isLike = (grey: number, odd: number): boolean => Math.abs(grey - odd) < 20;
