import { describe, expect, it } from 'vitest';
import { isHappening, parseFaults, timesHappened } from '../../bench/fleet/faults.ts';
import { parsePlaylist } from '../../bench/load/playlist.ts';
import { parseSamples, percentilesBetween } from '../../bench/load/prometheus.ts';
import { MOST_CAMERAS, nextCount, type Try } from '../../bench/load/search.ts';
import { lineThrough } from '../../bench/report/scaling.ts';
import { theilSen } from '../../bench/soak/theil-sen.ts';
import { trendOf } from '../../bench/soak/trend.ts';
import { seededRandom } from '../support/random.ts';

describe('faults on a schedule', () => {
  it('are read as they are written', () => {
    expect(parseFaults('loss:1%,stall:5s/60s,storm@10s,drift:-100ppm,step@20s,resize/15s,slow')).toEqual({
      ...{ lossShare: 0.01, stall: { atMillis: 60_000, everyMillis: 60_000, millis: 5_000 } },
      ...{ storm: { atMillis: 10_000, everyMillis: 0 }, driftPpm: -100, slowShare: 0.1 },
      ...{ step: { atMillis: 20_000, everyMillis: 0, millis: 3_600_000 } },
      resize: { atMillis: 15_000, everyMillis: 15_000 },
    });
  });

  it.each([
    'loss',
    'loss:200%',
    'drift:1',
    'stall:5s/2s',
    'storm:3',
    'flood',
    'stall:5s/1ms',
    'storm@soon',
    'a b',
  ])('say so when they are not understood: %s', (text) => expect(parseFaults(text)).toMatch(/^--faults: /));

  it('happen when they should', () => {
    const stall = { atMillis: 10_000, everyMillis: 60_000, millis: 5_000 };
    expect([0, 9_999, 10_000, 69_999, 70_000].map((at) => timesHappened(stall, at))).toEqual([0, 0, 1, 1, 2]);
    expect([9_999, 10_000, 14_999, 15_000, 70_001].map((at) => isHappening(stall, at))).toEqual([
      ...[false, true, true, false, true],
    ]);
    expect(timesHappened({ atMillis: 0, everyMillis: 0 }, Number.NEGATIVE_INFINITY)).toBe(0);
  });
});

describe('the search for the largest count', () => {
  const search = (first: number, carries: number): readonly Try[] => {
    const tries: Try[] = [];
    for (let next: number | undefined = first; next !== undefined; next = nextCount(tries)) {
      tries.push({ cameras: next, held: next <= carries });
      if (tries.length > 40) throw new Error('It does not end.');
    }
    return tries;
  };

  it.each([1, 7, 50, 333, 1_000, 4_999])('ends within a twentieth below %i', (carries) => {
    const held = search(50, carries).filter((one) => one.held);
    const largest = Math.max(...held.map(({ cameras }) => cameras));
    expect(largest).toBeLessThanOrEqual(carries);
    expect(largest).toBeGreaterThanOrEqual(Math.floor(carries / 1.06) - 1);
  });

  it('ends where nothing holds, and where everything does', () => {
    expect(search(50, 0).every(({ held }) => !held)).toBe(true);
    expect(search(50, 1e9).at(-1)).toEqual({ cameras: MOST_CAMERAS, held: true });
  });
});

describe('figures', () => {
  it('are read from what a server says', () => {
    const buckets = (few: number, all: number) =>
      `# HELP x y\nx_bucket{le="0.1"} ${few}\nx_bucket{le="0.25"} ${all}\nx_bucket{le="+Inf"} ${all}\nx_count ${all}\n`;
    const [before, after] = [parseSamples(buckets(10, 20)), parseSamples(buckets(109, 120))];
    const { p50, p99 } = percentilesBetween(before, after, 'x');
    expect(p50).toBeCloseTo(0.0505, 3);
    expect(p99).toBeCloseTo(0.1, 6);
    expect(percentilesBetween(after, after, 'x')).toEqual({ p50: null, p95: null, p99: null });
    expect(parseSamples('a{b="c\\"d",e="f"} 3').get('a')).toEqual([
      { labels: { b: 'c\\"d', e: 'f' }, value: 3 },
    ]);
  });

  it('are read from a playlist', () => {
    const text =
      '#EXTM3U\n#EXT-X-MAP:URI="/a.mp4",BYTERANGE="700@0"\n#EXTINF:2,\n#EXT-X-BYTERANGE:1000@700\n/a.mp4\n';
    expect(parsePlaylist(text)).toEqual({
      start: { path: '/a.mp4', range: 'bytes=0-699' },
      entries: [{ path: '/a.mp4', range: 'bytes=700-1699' }],
    });
  });

  it('lie on a line', () => {
    const { base, each } = lineThrough([
      [10, 30],
      [20, 50],
      [40, 90],
    ]);
    expect([base, each]).toEqual([expect.closeTo(10, 9), expect.closeTo(2, 9)]);
    expect(lineThrough([[10, 30]])).toEqual({ base: 0, each: 3 });
  });
});

describe('whether something rises', () => {
  const random = seededRandom(7);
  const noise = (): number => (random() - 0.5) * 20;
  const watched = (value: (second: number) => number) => ({
    ...{ name: 'memory', unit: 'MB', tolerance: { share: 0.05, least: 4 } },
    points: Array.from({ length: 600 }, (_, second) => [second, value(second)] as const),
  });

  it('is seen through noise and wild values', () => {
    const points = Array.from(
      { length: 50 },
      (_, x) => [x, x % 5 === 0 ? 9_999 : 3 * x + noise() / 20] as const,
    );
    const slope = theilSen(points);
    expect(slope?.slope).toBeGreaterThan(2.5);
    expect(slope?.slope).toBeLessThan(3.5);
    expect(slope?.low).toBeLessThan(slope?.slope ?? 0);
    expect(slope?.high).toBeGreaterThan(slope?.slope ?? 0);
    expect(theilSen(points.slice(0, 5))).toBeUndefined();
  });

  it('is a leak when it goes on in the second half, and none when it ends before', () => {
    expect(trendOf(watched((second) => 200 + second / 5 + noise())).flat).toBe(false);
    expect(trendOf(watched((second) => 200 + Math.min(second, 250) / 5 + noise())).flat).toBe(true);
    expect(trendOf(watched(() => 200 + noise())).flat).toBe(true);
    expect(trendOf(watched((second) => 200 - second / 5 + noise())).flat).toBe(true);
  });
});
