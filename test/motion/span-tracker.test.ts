import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LONGEST_EVENT_MICROS } from '../../src/catalog/motion.ts';
import type { BegunEvent, EndedEvent } from '../../src/motion/event-book.ts';
import type { Look } from '../../src/motion/look.ts';
import { SILENCE_MICROS, SpanTracker } from '../../src/motion/span-tracker.ts';
import { microsToTicks, wallMicros } from '../../src/time/units.ts';

const START = 1_800_000_000_000_000;
const MOVES = 0.02;
const BOX = { x: 0.5, y: 0.25, width: 0.125, height: 0.25, moving: MOVES };

const look = (change: Partial<Look> = {}): Look => ({
  ...{ score: 0, evidence: 0, boxes: [], heat: new Uint8Array(144), zones: [] },
  ...{ change: 'none', learning: false, tampering: undefined },
  ...change,
});
const moving = (change: Partial<Look> = {}): Look =>
  look({ score: MOVES, evidence: MOVES, boxes: [BOX], ...change });

/** A tracker that is shown pictures at seconds from the start. */
class Watched {
  readonly begun: BegunEvent[] = [];
  readonly ends: EndedEvent[] = [];
  readonly tracker = new SpanTracker(1, {
    began: (event) => this.begun.push(event),
    ended: (event) => this.ends.push(event),
  });
  #at = 0;

  see(seconds: number, seen: Look): void {
    const elapsed = microsToTicks((seconds - this.#at) * 1e6);
    this.#at = seconds;
    this.tracker.take(wallMicros(START + seconds * 1e6), elapsed, seen);
  }

  /** One picture a second, from and to included. */
  seeAll(from: number, to: number, seen: Look): void {
    for (let second = from; second <= to; second++) this.see(second, seen);
  }

  /** From, to and kind, in seconds from the start. */
  get told(): string[] {
    return this.ends.map(({ from, to, kind, continues }) => {
      const seconds = [from, to].map((at) => (at - START) / 1e6).join('-');
      return `${kind} ${seconds}${continues ? ' continues' : ''}`;
    });
  }
}

it('tells what led up to it and what followed, what was most, where, and in which zones', () => {
  const watched = new Watched();
  watched.seeAll(0, 9, look());
  watched.seeAll(10, 12, moving({ zones: ['door'] }));
  expect(watched.begun).toEqual([{ cameraNo: 1, kind: 'motion', from: START + 7e6, continues: false }]);
  const away = { x: 0, y: 0, width: 0.125, height: 0.125 };
  watched.see(13, moving({ score: 0.1, boxes: [{ ...away, moving: 0.0005 }], zones: ['gate', 'door'] }));
  watched.see(14, moving({ boxes: [{ ...BOX, x: 0.75 }] }));
  watched.seeAll(15, 19, look());
  expect(watched.told).toEqual([]);
  watched.see(20, look());
  expect(watched.told).toEqual(['motion 7-17']);
  // A speck far away belongs to it no more than to anything else.
  expect(watched.ends[0]).toMatchObject({
    ...{ score: 0.1, zones: ['door', 'gate'] },
    box: { x: 0.5, y: 0.25, width: 0.375, height: 0.25 },
  });
});

it('makes one of what is so close that it would overlap, and never two that do', () => {
  const watched = new Watched();
  watched.seeAll(0, 9, look());
  watched.seeAll(10, 12, moving());
  watched.seeAll(13, 17, look());
  // It was quiet for five seconds, and what follows is within the six that belong to the first.
  watched.see(17.5, moving());
  watched.see(18, moving());
  watched.seeAll(19, 24, look());
  expect(watched.told).toEqual(['motion 7-21']);
  // The seconds before this one are told already.
  watched.see(24.5, moving());
  watched.see(25, moving());
  watched.seeAll(26, 36, look());
  expect(watched.told).toEqual(['motion 7-21', 'motion 21.5-28']);
  watched.see(36.5, moving());
  watched.see(37, moving());
  watched.seeAll(38, 50, look());
  expect(watched.told).toEqual(['motion 7-21', 'motion 21.5-28', 'motion 33.5-40']);
});

it('tells what lasts in pieces that follow one another to the microsecond', () => {
  const watched = new Watched();
  watched.seeAll(0, 9, look());
  for (let second = 10; second <= 1_500; second += 7) watched.see(second, moving());
  watched.seeAll(1_501, 1_520, look());
  expect(watched.told).toEqual(['motion 7-607', 'motion 607-1207 continues', 'motion 1207-1497 continues']);
  expect(watched.begun.map(({ continues }) => continues)).toEqual([false, true, true]);
});

it('ends an event when nobody looks any more, by itself', () => {
  const watched = new Watched();
  watched.seeAll(0, 9, look());
  watched.seeAll(10, 12, moving());
  watched.tracker.checkSilence(wallMicros(START + 12e6 + SILENCE_MICROS));
  expect(watched.told).toEqual([]);
  watched.tracker.checkSilence(wallMicros(START + 13e6 + SILENCE_MICROS));
  expect(watched.told).toEqual(['motion 7-15']);
  // What comes after the hole has to be seen twice again.
  watched.see(60, moving());
  expect(watched.begun).toHaveLength(1);
});

it('takes a clock that was set back for the end of what it knew', () => {
  const watched = new Watched();
  watched.seeAll(100, 110, look());
  watched.seeAll(111, 113, moving());
  watched.see(20, look());
  expect(watched.told).toEqual(['motion 108-116']);
});

it('tells what was done to a camera beside what moves, from when it was first suspected', () => {
  const watched = new Watched();
  watched.seeAll(0, 9, look());
  watched.seeAll(10, 20, moving({ tampering: 'covered' }));
  watched.seeAll(21, 30, look());
  expect(watched.told).toEqual(['covered 5-23', 'motion 7-23']);
  expect(watched.ends[0]).toMatchObject({ score: 1, box: null, zones: [] });
  watched.see(50, look({ tampering: 'frozen' }));
  watched.seeAll(51, 60, look());
  expect(watched.told[2]).toBe('frozen 17-53');
});

it('never tells two of a kind that overlap, none that is longer than it may be, and an end for each beginning', () => {
  const seen = fc.record({
    seconds: fc.oneof(
      { weight: 8, arbitrary: fc.double({ min: 0.04, max: 4, noNaN: true }) },
      { weight: 1, arbitrary: fc.double({ min: -40, max: 100, noNaN: true }) },
    ),
    evidence: fc.constantFrom(0, 0, MOVES),
    tampering: fc.constantFrom(undefined, undefined, 'covered' as const, 'frozen' as const),
    again: fc.integer({ min: 1, max: 400 }),
  });
  fc.assert(
    fc.property(fc.array(seen, { maxLength: 30 }), (pictures) => {
      const watched = new Watched();
      let at = 5_000;
      for (const { seconds, evidence, tampering, again } of pictures) {
        for (let count = 0; count < again; count++) {
          at += seconds;
          watched.see(at, look({ evidence, score: evidence, tampering }));
        }
      }
      watched.tracker.fallSilent();
      const { begun, ends } = watched;
      expect(ends.map(({ kind, from, continues }) => `${kind} ${from} ${continues}`).toSorted()).toEqual(
        begun.map(({ kind, from, continues }) => `${kind} ${from} ${continues}`).toSorted(),
      );
      // When a clock is set back, times come again.
      const forward = pictures.every(({ seconds }) => seconds >= 0);
      for (const [index, one] of forward ? ends.entries() : []) {
        const before = ends.slice(0, index).findLast(({ kind }) => kind === one.kind);
        if (before) expect(one.from).toBeGreaterThanOrEqual(before.to);
      }
      for (const { from, to } of ends) {
        expect(to).toBeGreaterThan(from);
        expect(to - from).toBeLessThanOrEqual(LONGEST_EVENT_MICROS);
      }
    }),
    { numRuns: 200 },
  );
});
