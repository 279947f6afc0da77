import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunCheck } from '../../bench/verdict/run-check.ts';
import { SessionCheck } from '../../bench/verdict/session-check.ts';

const TAIL = 25;
const sent = (frames: number, more: object = {}) => ({
  ...{ camera: 'cam-1', session: 0, firstKey: 0, sent: frames, cut: false, broken: [] as number[] },
  ...more,
});

function look(recorded: readonly number[], told: ReturnType<typeof sent>) {
  const check = new SessionCheck();
  check.told(told);
  for (const frame of recorded) check.take(frame);
  return check.finish(TAIL);
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('looking for the frames of a connection', () => {
  it('finds nothing wrong where all are there', () => {
    expect(look(numbers(0, 100), sent(100))).toEqual({
      ...{ expected: 100, found: 100, missing: 0, doubled: 0, outOfOrder: 0, firstBad: -1 },
    });
  });

  it('expects nothing before the first key frame, nor what was broken on the way', () => {
    const told = sent(100, { firstKey: 10, broken: [20, 21, 99] });
    const without = numbers(10, 99).filter((frame) => frame !== 20 && frame !== 21);
    expect(look(without, told)).toMatchObject({ expected: 87, found: 87, missing: 0 });
    // Recorded all the same: no harm.
    expect(look(numbers(10, 100), told)).toMatchObject({ missing: 0, doubled: 0 });
  });

  it('names what is missing at the beginning, in the middle and at the end', () => {
    expect(look(numbers(1, 100), sent(100))).toMatchObject({ missing: 1, firstBad: 0 });
    expect(look([...numbers(0, 40), ...numbers(41, 100)], sent(100))).toMatchObject({
      missing: 1,
      firstBad: 40,
    });
    expect(look(numbers(0, 98), sent(100))).toMatchObject({ missing: 2, firstBad: 98 });
    expect(look([], sent(100))).toMatchObject({ missing: 100, found: 0, firstBad: 0 });
  });

  it('lets the tail of a connection that was cut be missing, and no more', () => {
    expect(look(numbers(0, 80), sent(100, { cut: true }))).toMatchObject({ missing: 0 });
    expect(look(numbers(0, 70), sent(100, { cut: true }))).toMatchObject({ missing: 5, firstBad: 70 });
  });

  it('tells a group that was written twice from frames that change places', () => {
    const twice = [...numbers(0, 50), ...numbers(25, 50), ...numbers(50, 100)];
    expect(look(twice, sent(100))).toMatchObject({
      found: 100,
      missing: 0,
      doubled: 25,
      outOfOrder: 0,
      firstBad: 25,
    });
    const swapped = [...numbers(0, 50), 51, 50, ...numbers(52, 100)];
    expect(look(swapped, sent(100))).toMatchObject({
      found: 100,
      missing: 0,
      doubled: 0,
      outOfOrder: 1,
      firstBad: 50,
    });
  });

  it('counts every loss, doubling and exchange, whatever happens together', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('kept', 'lost', 'twice'), { minLength: 1, maxLength: 300 }),
        (fates) => {
          const recorded = fates.flatMap((fate, frame) =>
            fate === 'lost' ? [] : fate === 'twice' ? [frame, frame] : [frame],
          );
          const count = (fate: string): number => fates.filter((one) => one === fate).length;
          expect(look(recorded, sent(fates.length))).toMatchObject({
            ...{ missing: count('lost'), doubled: count('twice'), outOfOrder: 0, expected: fates.length },
          });
        },
      ),
    );
  });

  it('comes to the same when it is told as it goes on', () => {
    const check = new SessionCheck();
    for (let at = 0; at < 100_000; at += 100) {
      check.told(sent(at + 100, { broken: [at + 50] }));
      for (const frame of numbers(at, at + 100))
        if (frame % 100 !== 50 && frame !== 70_007) check.take(frame);
    }
    expect(check.finish(TAIL)).toMatchObject({ expected: 99_000, missing: 1, firstBad: 70_007 });
  });
});

describe('looking at the files of a run', () => {
  const segment = (frames: readonly number[], startTicks: number, endTicks: number) => ({
    frames: frames.map((frame) => ({ session: 0, frame })),
    ...{ runStart: 1, startTicks, endTicks, holes: 0, bytes: 1 },
  });

  it('finds a file that does not begin where the one before it ended', () => {
    const check = new RunCheck(TAIL);
    check.told({
      sessions: [sent(20)],
      pace: { lateMillis: 0, pendingBytes: 0, dropped: 0, longestRoundMillis: 0 },
    });
    check.segment('cam-1', segment(numbers(0, 10), 0, 36_000));
    check.segment('cam-1', segment(numbers(10, 20), 39_600, 75_600));
    const { holes, missing, examples } = check.finish();
    expect({ holes, missing }).toEqual({ holes: 1, missing: 0 });
    expect(examples).toEqual(['cam-1: a file begins 3600 ticks after the one before it']);
  });

  it('counts connections that were made anew, but no tries that sent nothing', () => {
    const check = new RunCheck(TAIL);
    const sessions = [sent(10), sent(0, { session: 1, firstKey: -1 }), sent(10, { session: 2 })];
    check.told({ sessions, pace: { lateMillis: 0, pendingBytes: 0, dropped: 0, longestRoundMillis: 0 } });
    check.frames(
      'cam-1',
      numbers(0, 10).flatMap((frame) => ({ session: 0, frame })),
    );
    check.frames(
      'cam-1',
      numbers(0, 10).flatMap((frame) => ({ session: 2, frame })),
    );
    expect(check.finish()).toMatchObject({ reconnections: 1, found: 20, missing: 0 });
  });
});
