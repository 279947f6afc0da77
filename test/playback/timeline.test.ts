import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GapCause } from '../../src/catalog/catalog.ts';
import {
  buildTimeline,
  MAX_TIMELINE_ITEMS,
  type TimelineGap,
  type WallRange,
} from '../../src/playback/timeline.ts';
import { type WallMicros, wallMicros } from '../../src/time/units.ts';

const at = (seconds: number): WallMicros => wallMicros(Math.round(seconds * 1_000_000));
const range = (from: number, to: number): WallRange => ({ from: at(from), to: at(to) });
const gap = (from: number, to: number | null, cause: GapCause): TimelineGap => ({
  from: at(from),
  to: to === null ? null : at(to),
  cause,
});

describe('timeline', () => {
  it('clips to the range asked for', () => {
    const timeline = buildTimeline([range(0, 100)], [gap(90, 200, 'offline')], at(10), at(95), 1);
    expect(timeline.recorded).toEqual([range(10, 95)]);
    expect(timeline.gaps).toEqual([gap(90, 95, 'offline')]);
  });

  it('leaves out what only touches the range', () => {
    const timeline = buildTimeline([range(0, 10), range(20, 30)], [gap(30, 40, 'crash')], at(10), at(20), 1);
    expect(timeline.recorded).toEqual([]);
    expect(timeline.gaps).toEqual([]);
  });

  it('joins a run and the open segment that goes on where it ends', () => {
    expect(buildTimeline([range(0, 60), range(60, 71)], [], at(0), at(100), 1).recorded).toEqual([
      range(0, 71),
    ]);
  });

  it('merges recordings that are closer than the resolution and still lists the gap between them', () => {
    const timeline = buildTimeline(
      [range(0, 50), range(51, 100)],
      [gap(50, 51, 'offline')],
      at(0),
      at(100),
      5_000_000,
    );
    expect(timeline.recorded).toEqual([range(0, 100)]);
    expect(timeline.gaps).toEqual([gap(50, 55, 'offline')]);
  });

  it('shows a recording that is shorter than the resolution as one step', () => {
    expect(buildTimeline([range(50, 50.1)], [], at(0), at(100), 5_000_000).recorded).toEqual([range(50, 55)]);
    expect(buildTimeline([range(99.9, 100)], [], at(0), at(100), 5_000_000).recorded).toEqual([
      range(95, 100),
    ]);
  });

  it('gives merged gaps the cause of the longest', () => {
    const gaps = [
      gap(10, 11, 'connecting'),
      gap(11, 30, 'offline'),
      gap(30, 31, 'no-keyframe'),
      gap(32, 34, 'io-error'),
    ];
    expect(buildTimeline([], gaps, at(0), at(100), 5_000_000).gaps).toEqual([gap(10, 34, 'offline')]);
  });

  it('keeps two long gaps apart that touch and differ in cause', () => {
    const gaps = [gap(0, 50, 'offline'), gap(50, 100, 'credentials')];
    expect(buildTimeline([], gaps, at(0), at(100), 1_000_000).gaps).toEqual(gaps);
  });

  it('leaves a gap open that lasts', () => {
    expect(buildTimeline([], [gap(40, null, 'offline')], at(0), at(100), 1).gaps).toEqual([
      gap(40, null, 'offline'),
    ]);
  });

  it('is bounded, sorted, inside the range and hides nothing, whatever there is', () => {
    const causes: GapCause[] = ['offline', 'credentials', 'crash'];
    const piece = fc.tuple(fc.nat(40_000), fc.integer({ min: 1, max: 3 }), fc.nat(2));
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 300 }),
        fc.integer({ min: 1, max: 60_000_000 }),
        fc.boolean(),
        (pieces, resolution, dense) => {
          // Dense: far more of each than the bound allows.
          const all = dense
            ? Array.from({ length: 9_000 }, (_, i) => [i * 4, 1 + (i % 3), i % 3] as const)
            : pieces;
          const recorded = all.map(([from, length]) => range(from, from + length));
          const gaps = all.map(([from, length, cause]) =>
            gap(from, from + length, causes[cause] as GapCause),
          );
          const from = at(1_000);
          const to = at(30_000);
          const timeline = buildTimeline(recorded, gaps, from, to, resolution);
          expect(timeline.resolutionMicros).toBeGreaterThanOrEqual(resolution);
          for (const list of [timeline.recorded, timeline.gaps]) {
            expect(list.length).toBeLessThanOrEqual(MAX_TIMELINE_ITEMS);
            let before = from;
            for (const item of list) {
              expect(item.from).toBeGreaterThanOrEqual(before);
              expect(item.to as number).toBeGreaterThan(item.from);
              expect(item.to as number).toBeLessThanOrEqual(to);
              before = item.from;
            }
          }
          const covers = (
            list: readonly { from: number; to: number | null }[],
            start: number,
            end: number,
          ): boolean =>
            list.some((item) => item.from <= Math.max(start, from) && (item.to ?? to) >= Math.min(end, to));
          for (const item of recorded) {
            if (item.from < to && item.to > from)
              expect(covers(timeline.recorded, item.from, item.to)).toBe(true);
          }
          for (const item of gaps) {
            if (item.from < to && (item.to as number) > from) {
              expect(covers(timeline.gaps, item.from, item.to as number)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
