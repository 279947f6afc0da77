import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceTracker, type SequenceVerdict } from '../../src/rtsp/sequence.ts';

const feed = (tracker: SequenceTracker, ...numbers: number[]): SequenceVerdict[] =>
  numbers.map((sequence) => tracker.update(sequence & 0xffff));
const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

describe('sequence numbers', () => {
  it('in order are all next, across many wraps', () => {
    const tracker = new SequenceTracker({ ordered: true });
    for (const sequence of range(65_000, 200_000)) expect(tracker.update(sequence & 0xffff)).toBe('next');
    expect(tracker.highest).toBe(65_000 + 199_999);
    expect(tracker).toMatchObject({ lost: 0, duplicates: 0, late: 0, restarts: 0, cumulativeLost: 0 });
  });

  it('I6 a gap tells how many are missing, also across the wrap', () => {
    const tracker = new SequenceTracker({ ordered: true });
    expect(feed(tracker, 65_534, 2)).toEqual(['next', 'gap']);
    expect(tracker).toMatchObject({ missing: 3, lost: 3, cumulativeLost: 3 });
    expect(feed(tracker, 3, 2999 + 3)).toEqual(['next', 'gap']);
    expect(tracker.missing).toBe(2998);
  });

  it('I4 duplicates are told from packets that are only late', () => {
    const tracker = new SequenceTracker({ ordered: false });
    expect(feed(tracker, 10, 11, 14, 12, 12, 11, 13, 14, 15)).toEqual([
      'next',
      'next',
      'gap',
      'late',
      'duplicate',
      'duplicate',
      'late',
      'duplicate',
      'next',
    ]);
    expect(tracker).toMatchObject({ lost: 0, late: 2, duplicates: 3, cumulativeLost: -3 });
  });

  it('I7 order is minded over TCP as well', () => {
    const tracker = new SequenceTracker({ ordered: true });
    expect(feed(tracker, 65_535, 1, 0, 2)).toEqual(['next', 'gap', 'late', 'next']);
    expect(tracker.lost).toBe(0);
  });

  it('I4 what is older than the first packet is a duplicate, and older than the window a stray', () => {
    const tracker = new SequenceTracker({ ordered: false });
    expect(feed(tracker, 1000, 999)).toEqual(['next', 'duplicate']);
    feed(tracker, 1001, 1200);
    expect(feed(tracker, 1200 - 128, 1200 - 127)).toEqual(['stray', 'late']);
  });

  it('I8 a new numbering is believed at once over TCP', () => {
    const tracker = new SequenceTracker({ ordered: true });
    expect(feed(tracker, ...range(40_000, 5), 7, 8)).toEqual([
      ...range(0, 5).map(() => 'next'),
      'restart',
      'next',
    ]);
    expect(tracker).toMatchObject({ restarts: 1, lost: 0, highest: 8 });
  });

  it('I8 over UDP when a second packet agrees, so that a stray one does no harm', () => {
    const tracker = new SequenceTracker({ ordered: false });
    expect(feed(tracker, 40_000, 7, 40_001, 8, 40_002)).toEqual(['next', 'stray', 'next', 'stray', 'next']);
    expect(feed(tracker, 20, 21, 22)).toEqual(['stray', 'restart', 'next']);
    expect(tracker).toMatchObject({ restarts: 1, lost: 0 });
  });

  it('I8 a small step back is believed once it lasts', () => {
    const tracker = new SequenceTracker({ ordered: true });
    feed(tracker, ...range(0, 60));
    const verdicts = feed(tracker, ...range(0, 30));
    expect(verdicts.slice(0, 15).every((verdict) => verdict === 'duplicate')).toBe(true);
    expect(verdicts[15]).toBe('restart');
    expect(verdicts.slice(16).every((verdict) => verdict === 'next')).toBe(true);
  });

  it('I8 a source that repeats single packets does not restart', () => {
    const tracker = new SequenceTracker({ ordered: false });
    feed(tracker, ...range(0, 500).flatMap((sequence) => [sequence, sequence]));
    expect(tracker).toMatchObject({ restarts: 0, duplicates: 500, lost: 0 });
  });

  it('losses outlive a restart, the loss of a receiver report does not', () => {
    const tracker = new SequenceTracker({ ordered: true });
    feed(tracker, 100, 105, 30_000, 30_002);
    expect(tracker).toMatchObject({ lost: 5, cumulativeLost: 1 });
  });

  it('the fraction lost is that of the interval', () => {
    const tracker = new SequenceTracker({ ordered: true });
    expect(tracker.takeFractionLost()).toBe(0);
    feed(tracker, 1, 2, 4);
    expect(tracker.takeFractionLost()).toBe(64);
    expect(tracker.takeFractionLost()).toBe(0);
    feed(tracker, 5, 6);
    expect(tracker.takeFractionLost()).toBe(0);
    feed(tracker, 6 + 2900);
    expect(tracker.takeFractionLost()).toBe(255);
    feed(tracker, 6 + 2900, 6 + 2900);
    expect(tracker.takeFractionLost()).toBe(0);
  });

  it('agrees with a plain count over any shuffled, repeated and thinned run', () => {
    const run = fc.record({
      start: fc.nat({ max: 65_535 }),
      plan: fc.array(
        fc.record({ drop: fc.integer({ min: 0, max: 9 }), twice: fc.boolean(), delay: fc.nat({ max: 12 }) }),
        {
          minLength: 1,
          maxLength: 400,
        },
      ),
    });
    fc.assert(
      fc.property(run, ({ start, plan }) => {
        const sent = plan
          .flatMap(({ drop, twice, delay }, index) => {
            if (index > 0 && drop === 0) return [];
            const arrival = { index, at: index === 0 ? -1 : index + delay };
            return twice ? [arrival, { index, at: arrival.at + 1 }] : [arrival];
          })
          .toSorted((a, b) => a.at - b.at);
        const tracker = new SequenceTracker({ ordered: false });
        const seen = new Set<number>();
        let repeats = 0;
        for (const { index } of sent) {
          const verdict = tracker.update((start + index) & 0xffff);
          if (seen.has(index)) {
            repeats++;
            expect(verdict).toBe('duplicate');
          } else {
            expect(verdict).not.toBe('duplicate');
          }
          seen.add(index);
        }
        const last = Math.max(...seen);
        expect(tracker).toMatchObject({
          lost: last + 1 - seen.size,
          duplicates: repeats,
          restarts: 0,
          highest: start + last,
        });
        expect(tracker.cumulativeLost).toBe(last + 1 - sent.length);
      }),
    );
  });

  it('any numbers are counted within bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffff }), { maxLength: 300 }), fc.boolean(), (numbers, ordered) => {
        const tracker = new SequenceTracker({ ordered });
        for (const sequence of numbers) {
          tracker.update(sequence);
          const fraction = tracker.takeFractionLost();
          expect(fraction).toBeGreaterThanOrEqual(0);
          expect(fraction).toBeLessThanOrEqual(255);
          expect(tracker.lost).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
