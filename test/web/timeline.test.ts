import { describe, expect, it } from 'vitest';
import { fileText, HOUR, lengthText, MINUTE, SECOND } from '../../src/web/moments.ts';
import type { EventJson } from '../../src/api/schemas.ts';
import {
  type EventMark,
  markText,
  marksIn,
  pictureIn,
  regionBetween,
  regionQuery,
} from '../../src/web/timeline/motion-data.ts';
import {
  causeText,
  gapAt,
  latestPlayable,
  playableFrom,
  seenAt,
} from '../../src/web/timeline/timeline-data.ts';
import { merged, movingNow } from '../../src/web/event-list.ts';
import { latest, lengthOf, pan, ticks, timeAt, xOf, zoom } from '../../src/web/timeline/viewport.ts';

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);

describe('what can be played', () => {
  const recorded = [
    { from: 100, to: 200 },
    { from: 300, to: 400 },
  ];

  it('is the moment asked for, or what comes after it', () => {
    expect([0, 100, 150, 199, 200, 250, 399, 400].map((at) => playableFrom(recorded, at))).toEqual([
      ...[100, 100, 150, 199, 300, 300, 399, undefined],
    ]);
  });

  it('is at last a little before the end, within the last recording', () => {
    expect(latestPlayable(recorded, 30)).toBe(370);
    expect(latestPlayable(recorded, 5_000)).toBe(300);
    expect(latestPlayable([], 30)).toBeUndefined();
  });

  it('is not in a gap, which has a cause in words', () => {
    const gaps = [{ from: 200, to: Number.POSITIVE_INFINITY, cause: 'disk-full' }];
    expect(gapAt(gaps, 199)).toBeUndefined();
    expect(gapAt(gaps, 1e15)?.cause).toBe('disk-full');
    expect(causeText('disk-full')).toBe('disk full');
    expect(causeText('of-a-newer-server')).toBe('of-a-newer-server');
  });
});

describe('the part of time that is shown', () => {
  it('ends a little after now', () => {
    const view = latest(NOW, HOUR);
    expect(lengthOf(view)).toBe(HOUR);
    expect(view.to).toBeGreaterThan(NOW);
    expect(view.to - NOW).toBeLessThan(HOUR / 10);
  });

  it('puts every column where its time is', () => {
    const view = latest(NOW, HOUR);
    for (const x of [0, 1, 500, 999]) expect(xOf(view, 1_000, timeAt(view, 1_000, x))).toBeCloseTo(x, 5);
  });

  it('zooms around the pointer', () => {
    const view = { from: NOW - 4 * HOUR, to: NOW - 2 * HOUR };
    const at = NOW - 3.5 * HOUR;
    const near = zoom(view, at, 0.5, NOW);
    expect(lengthOf(near)).toBe(HOUR);
    expect(xOf(near, 1_000, at)).toBeCloseTo(xOf(view, 1_000, at), 5);
    expect(lengthOf(zoom(view, at, 1e-9, NOW))).toBe(20 * SECOND);
    expect(lengthOf(zoom(view, at, 1e9, NOW))).toBe(30 * 24 * HOUR);
  });

  it('does not move beyond what is to come', () => {
    const view = latest(NOW, HOUR);
    expect(pan(view, HOUR, NOW)).toEqual(view);
    expect(pan(view, -HOUR, NOW).to).toBe(view.to - HOUR);
  });

  it.each([10 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR, 30 * 24 * HOUR])(
    'of %i ms has labels on round times, not too many',
    (length) => {
      const view = latest(NOW, length);
      const { step, at } = ticks(view, 1_000, 90);
      expect(at.length).toBeGreaterThan(2);
      expect(at.length).toBeLessThanOrEqual(12);
      const zone = new Date(NOW).getTimezoneOffset() * MINUTE;
      for (const tick of at) expect((tick - zone) % step).toBe(0);
    },
  );
});

describe('times in words', () => {
  it('are short', () => {
    expect([3 * SECOND, 5 * MINUTE, 130 * MINUTE, 2 * HOUR, 100 * HOUR].map(lengthText)).toEqual([
      ...['3 s', '5 min', '2 h 10 min', '2 h', '4 d'],
    ]);
  });

  it('can stand in the name of a file', () => {
    expect(fileText(NOW)).toMatch(/^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d$/);
  });
});

describe('motion on the page', () => {
  const mark = (from: number, to: number, kind = 'motion', count = 1): EventMark => ({
    ...{ from, to, kind, count, id: count > 1 ? null : 1, lasts: false, score: 0.034, zones: [] },
  });

  it('says of a moment whether anybody looked', () => {
    const data = {
      recorded: [{ from: 0, to: 5 * MINUTE }],
      gaps: [],
      events: [],
      motion: { from: 0, step: MINUTE, density: [0, 0.5, null] },
    };
    expect([0, 1, 2, 4, 6].map((minute) => seenAt(data, minute * MINUTE))).toEqual([
      ...[0, 0.5, null, null, undefined],
    ]);
  });

  it('shows what reaches into the view, the rare kinds on top', () => {
    const marks = [mark(0, 10, 'covered'), mark(5, 15), mark(0, 9), mark(20, 30), mark(12, 13, 'moved')];
    const view = { from: 10, to: 20 };
    expect(marksIn(marks, view).map(({ from, kind }) => [kind, from])).toEqual([
      ['motion', 5],
      ['moved', 12],
    ]);
  });

  it('says what a mark stands for', () => {
    expect(markText(mark(NOW, NOW + 21 * SECOND))).toMatch(
      /^Motion · \d\d:\d\d:\d\d, 21 s · 3\.4 % of the picture$/,
    );
    expect(markText(mark(NOW, NOW + HOUR, 'motion', 12))).toMatch(/^12 × Motion · .* · up to 3\.4 %/);
    expect(
      markText({ ...mark(NOW, Number.POSITIVE_INFINITY, 'frozen'), lasts: true, zones: ['porte'] }),
    ).toMatch(/^Picture frozen · since \d\d:\d\d:\d\d · porte$/);
    expect(markText(mark(NOW, NOW + 1, 'of-a-newer-server'))).toMatch(/^of-a-newer-server/);
  });

  it('takes the rectangle between two corners, whichever is first, inside the picture', () => {
    const region = regionBetween({ x: 0.75, y: 1.2 }, { x: -0.1, y: 0.5 });
    expect(region).toEqual({ x: 0, y: 0.5, width: 0.75, height: 0.5 });
    expect(region && regionQuery(region)).toBe('0.0000,0.5000,0.7500,0.5000');
    // A click is no rectangle.
    expect(regionBetween({ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 })).toBeUndefined();
  });

  it('knows where the picture is between the bars', () => {
    const screen = { width: 1_000, height: 500 };
    expect(pictureIn(screen, { width: 1_920, height: 1_080 })).toEqual({
      ...{ left: (1_000 - (500 * 16) / 9) / 2, top: 0, width: (500 * 16) / 9, height: 500 },
    });
    expect(pictureIn(screen, { width: 400, height: 100 })).toEqual({
      ...{ left: 0, top: 125, width: 1_000, height: 250 },
    });
  });

  it('keeps the newest events, each as it is now', () => {
    const event = (id: number, from: string, to: string | null): EventJson => ({
      ...{ id, from, to, camera: 'a', kind: 'motion', continues: false, score: 0.1, box: null, zones: [] },
    });
    const before = [
      event(2, '2026-11-24T12:00:02', null),
      event(1, '2026-11-24T12:00:01', '2026-11-24T12:00:03'),
    ];
    expect([...movingNow(before)]).toEqual(['a']);
    const after = merged(before, [
      event(3, '2026-11-24T12:00:00', '2026-11-24T12:00:01'),
      event(2, '2026-11-24T12:00:02', '2026-11-24T12:00:09'),
    ]);
    expect(after.map(({ id, to }) => [id, to?.slice(-2)])).toEqual([
      [2, '09'],
      [1, '03'],
      [3, '01'],
    ]);
    expect(movingNow(after).size).toBe(0);
    const many = Array.from({ length: 900 }, (_, i) => event(i, `2026-11-24T${String(1_000 + i)}`, null));
    expect(merged([], many).length).toBe(200);
    expect(merged([], many)[0]?.id).toBe(899);
  });
});
