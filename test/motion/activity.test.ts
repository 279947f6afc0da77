import { expect, it } from 'vitest';
import { follow, HOLD_TICKS, quiet } from '../../src/motion/activity.ts';
import { MEDIA_TICKS_PER_SECOND } from '../../src/time/units.ts';

const MOVES = 0.01;

/** What follows from evidence, as text: b began, e ended, . neither. */
function changes(shares: readonly number[], framesPerSecond: number): string {
  const activity = quiet();
  const elapsed = MEDIA_TICKS_PER_SECOND / framesPerSecond;
  return shares
    .map((share, index) => follow(activity, share, index * elapsed, elapsed)?.charAt(0) ?? '.')
    .join('');
}

it('begins with two of three samples, not with one', () => {
  expect(changes([0, MOVES, 0, 0, MOVES, 0, 0], 1)).toBe('.......');
  expect(changes([0, MOVES, 0, MOVES], 1)).toBe('...b');
});

it('at full rate wants most of 0.6 seconds', () => {
  const flash = [...Array.from({ length: 5 }, () => MOVES), ...Array.from({ length: 20 }, () => 0)];
  expect(changes(flash, 25)).not.toContain('b');
  expect(
    changes(
      Array.from({ length: 15 }, () => MOVES),
      25,
    ),
  ).toContain('b');
});

it('ends when nothing moved for a while, and says when it began and what was last', () => {
  const activity = quiet();
  const second = MEDIA_TICKS_PER_SECOND;
  const shares = [0, MOVES, MOVES, 0, 0, MOVES, 0, 0, 0, 0, 0, 0];
  const seen = shares.map((share, index) => follow(activity, share, index * second, second));
  expect(seen.indexOf('began')).toBe(2);
  expect(seen.indexOf('ended')).toBe(5 + HOLD_TICKS / second);
  expect(activity).toMatchObject({ began: second, lastSeen: 5 * second, active: false });
});

it('wants more where there is always something', () => {
  // A minute of drizzle, some of it above what is enough elsewhere; then someone.
  const drizzle = Array.from({ length: 300 }, (_, index) => (index % 4 < 2 ? 0.0014 : 0.0008));
  const gusts = [0.0018, 0.0018, 0.0018];
  expect(changes([...drizzle, ...gusts, ...drizzle], 5)).not.toContain('b');
  expect(changes([...drizzle, MOVES, MOVES], 5)).toContain('b');
  expect(changes(gusts, 5)).toContain('b');
});
