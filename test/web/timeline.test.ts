import { describe, expect, it } from 'vitest';
import { fileText, HOUR, lengthText, MINUTE, SECOND } from '../../src/web/moments.ts';
import { causeText, gapAt, latestPlayable, playableFrom } from '../../src/web/timeline/timeline-data.ts';
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
