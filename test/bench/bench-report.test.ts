import { describe, expect, it } from 'vitest';
import { parseConditions } from '../../bench/load/condition.ts';
import type { Measured } from '../../bench/load/measured.ts';
import { parseBenchOptions } from '../../bench/options.ts';
import type { RecorderName } from '../../bench/recorders/recorder.ts';
import { type BenchReport, type Failure, isGood, reportOf } from '../../bench/report/bench-report.ts';
import { conclusion } from '../../bench/report/conclusion.ts';
import { colourOf } from '../../bench/report/contender.ts';
import { markdown } from '../../bench/report/markdown.ts';
import { matrixOf } from '../../bench/report/matrix.ts';
import { page } from '../../bench/report/page.ts';
import { memoryReckoned } from '../../bench/report/scaling.ts';
import { RunTable } from '../../bench/report/table.ts';
import { judge } from '../../bench/verdict/objective.ts';

interface Row {
  readonly who?: RecorderName;
  readonly condition?: string;
  readonly cameras: number;
  /** In cores. */
  readonly cpu: number;
  readonly megabytes?: number;
  readonly missing?: number;
  readonly storedBytesPerSecond?: number;
  /** Of the slowest hundredth. */
  readonly writeSeconds?: number;
}

function measuredOf(row: Row): Measured {
  const { who = 'vigie', cameras, cpu, megabytes, missing, storedBytesPerSecond } = row;
  const expected = cameras * 200;
  const some = { p50: 0.001, p95: 0.002, p99: row.writeSeconds ?? 0.003 };
  return {
    ...{ who, cameras, seconds: 8, cpu, systemCpu: cpu / 2, residentBytes: (megabytes ?? cameras) * 1e6 },
    ...{ handles: 10, processes: 1, moments: [{ seconds: 1, cpu, residentBytes: 1e6 }], behindSeconds: 0 },
    findings: {
      ...{ expected, found: expected - (missing ?? 0), missing: missing ?? 0, doubled: 0, outOfOrder: 0 },
      ...{ holes: 0, reconnections: 0, unreadable: 0, examples: [] },
    },
    parts: [{ name: 'ingest-1', user: cpu / 2, system: cpu / 2 }],
    told:
      who === 'vigie'
        ? {
            ...{ write: some, loopDelay: { usual: 0.001, worst: 0.002, thread: 'main' }, gapSeconds: 0 },
            ...{ storedBytesPerSecond: storedBytesPerSecond ?? 0, shed: 0 },
          }
        : undefined,
    fleet: { cpu: 0.1, lateMillis: 1, longestRoundMillis: 1 },
    machine: { busy: 0.5, stolen: 0, diskBusy: 0.1, othersCpu: 0 },
    ...{ watching: undefined, died: undefined },
  };
}

function report(
  rows: readonly Row[],
  words: string,
  more: { readonly failures?: readonly Failure[]; readonly each?: string } = {},
): BenchReport {
  const options = parseBenchOptions(words.split(' '));
  if (typeof options !== 'object') throw new Error(options);
  const { limits, load, counts, search } = options;
  const conditions = more.each === undefined ? options.conditions : parseConditions(more.each);
  if (typeof conditions === 'string') throw new Error(conditions);
  return reportOf(
    {
      machine: {
        ...{ cores: 2, processor: 'A processor | of ours', memoryBytes: 8e9 },
        ...{ node: 'v26.1.0', kernel: '6.1.0' },
      },
      ...{ limits, counts, conditions, search, failures: more.failures ?? [], notes: [] },
      calibration: { cameras: 100, sinkCpu: 0.001, fleetCpu: 0.001 },
      runs: rows.map((row) => {
        const measured = measuredOf(row);
        return { condition: row.condition ?? 'plain', measured, verdict: judge(measured, limits) };
      }),
    },
    new Date('2026-11-28T12:00:00Z'),
    load,
  );
}

const EACH = 'plain,motion,motion+s3';
const STORE = '--s3 http://key:topsecret@store.example:7480/bucket';
const CITY = `--cameras 100,217 --each ${EACH} --search ${STORE}`;
const ROWS: readonly Row[] = [
  { cameras: 100, cpu: 0.15, megabytes: 300 },
  { cameras: 100, cpu: 0.55, megabytes: 400, condition: 'motion' },
  {
    ...{ cameras: 100, cpu: 0.65, megabytes: 450, condition: 'motion+s3' },
    storedBytesPerSecond: 42e6,
  },
  { cameras: 100, cpu: 0.6, megabytes: 4_000, who: 'ffmpeg' },
  { cameras: 217, cpu: 0.3, megabytes: 450 },
  { cameras: 217, cpu: 1.2, megabytes: 700, condition: 'motion' },
  { cameras: 217, cpu: 1.9, megabytes: 700, condition: 'motion+s3', missing: 7 },
  { cameras: 217, cpu: 1.4, megabytes: 9_000, who: 'ffmpeg', missing: 3 },
  { cameras: 434, cpu: 0.7, megabytes: 800 },
  { cameras: 434, cpu: 2, megabytes: 900, condition: 'motion', missing: 100 },
];
const FAILED: Failure = { who: 'vigie', condition: 'plain', cameras: 868, problem: 'It did not start.' };
const city = (): BenchReport => report(ROWS, CITY, { failures: [FAILED] });

describe('what a bench has found out', () => {
  it('is the largest count of each condition and baseline, and the least that was too much', () => {
    expect(city().capacities).toEqual([
      { who: 'vigie', condition: 'plain', largest: 434, smallestTooMuch: 868 },
      { who: 'vigie', condition: 'motion', largest: 217, smallestTooMuch: 434 },
      { who: 'vigie', condition: 'motion+s3', largest: 100, smallestTooMuch: 217 },
      { who: 'ffmpeg', condition: 'plain', largest: 100, smallestTooMuch: 217 },
    ]);
  });

  it('reckons a city from plain recording alone', () => {
    const plain = ROWS.filter(({ who, condition }) => who === undefined && condition === undefined);
    const alone = report(plain, '--cameras 100,217');
    expect(city().scaling).toEqual(alone.scaling);
    expect(city().city).toEqual(alone.city);
    expect(city().city).toMatchObject({ cameras: 217, cores: 0.3, measured: true });
    const without = report(ROWS, CITY, { each: 'motion,motion+s3' });
    expect([without.scaling, without.city]).toEqual([undefined, undefined]);
  });

  it('reckons it from another condition when that is all that was asked for, and says so', () => {
    const motion = ROWS.filter(({ condition }) => condition === 'motion');
    const alone = report(motion, '--cameras 100,217 --motion');
    expect(alone.city?.cores).toBe(1.2);
    expect(conclusion(alone)[0]).toMatch(/^With motion this machine of 2 cores recorded 217 cameras/);
    expect(conclusion(alone).join('\n')).toMatch(/^217 cameras with motion need 1\.20 cores/m);
  });

  it('compares what held under both', () => {
    const { costs, comparisons } = city();
    expect(costs).toEqual([
      {
        ...{ condition: 'motion', cameras: 217, cpu: 1.2, plainCpu: 0.3, memoryBytes: 250e6 },
        storedBytesPerSecond: 0,
      },
      {
        ...{ condition: 'motion+s3', cameras: 100, cpu: 0.65, plainCpu: 0.15, memoryBytes: 150e6 },
        storedBytesPerSecond: 42e6,
      },
    ]);
    expect(comparisons).toEqual([
      {
        ...{ who: 'ffmpeg', condition: 'plain', cameras: 100, missing: 0 },
        ...{ cpuTimes: expect.closeTo(4, 9), memoryTimes: expect.closeTo(13.33, 2) },
      },
    ]);
  });

  it('compares what was whole, if late, where nothing held under both', () => {
    const slow = (row: Row): Row => ({ ...row, writeSeconds: 0.2 });
    const [plain, motion] = [ROWS[4], ROWS[5]].filter((row) => row !== undefined).map(slow);
    if (!plain || !motion) throw new Error('There are such rows.');
    const late = report([plain, motion], CITY);
    expect(late.capacities.map(({ largest }) => largest)).toEqual([undefined, undefined]);
    expect(late.costs).toMatchObject([{ condition: 'motion', cameras: 217, cpu: 1.2 }]);
    expect(report([plain, { ...motion, missing: 1 }], CITY).costs).toEqual([]);
  });

  it('compares with a recorder that never held, and says what that lost', () => {
    const rows = [ROWS[4], ROWS[7]].filter((row) => row !== undefined);
    const said = conclusion(report(rows, '--cameras 217 --baseline ffmpeg'));
    expect(said).toContain('ffmpeg held the objective with no count of cameras.');
    expect(said).toContain(
      'ffmpeg took 4.7 times the processor and 20.0 times the memory for 217 cameras, and lost 3 frames.',
    );
  });

  it('is said in sentences', () => {
    expect(conclusion(city())).toEqual([
      'This machine of 2 cores recorded 434 cameras (1920×1080, 4 Mbit/s) with every frame on disk, and 868 were too much.',
      'What happened at 868: It did not start.',
      expect.stringMatching(
        /^With motion it recorded 217 cameras, and 434 were too much\. What bound it at 434: thread ingest-1: one core\.$/,
      ),
      expect.stringMatching(
        /^With motion and S3 it recorded 100 cameras, and 217 were too much\. What bound it at 217: /,
      ),
      '217 cameras need 0.30 cores, 450 MB of memory, 109 MB/s to disk and 9.4 TB a day.',
      'With motion 217 cameras take 0.90 of a core more and 250 MB more than without: 1.20 instead of 0.30 cores.',
      'With motion and S3 100 cameras take 0.50 of a core more and 150 MB more than without: 0.65 instead of 0.15 cores, while 42 MB/s of 50 MB/s went to the store.',
      'ffmpeg recorded 100 cameras, and 217 were too much.',
      'ffmpeg took 4.0 times the processor and 13.3 times the memory for 100 cameras.',
    ]);
    expect(conclusion(report([], '--cameras 10'))).toEqual([]);
  });

  it('reckons memory for more cameras than were measured, once two counts were', () => {
    const measured = [ROWS[0], ROWS[4]].flatMap((row) => (row ? [measuredOf(row)] : []));
    expect(memoryReckoned(measured, 334)).toBeCloseTo(600e6, -3);
    expect([memoryReckoned(measured, 217), memoryReckoned(measured.slice(0, 1), 434)]).toEqual([
      ...[undefined, undefined],
    ]);
  });

  it('has no multiple of what could not be measured', () => {
    const [run] = city().runs;
    const table = new RunTable(['vigie'], { cameras: 2, sinkCpu: 0, fleetCpu: 0 });
    expect(run && table.row(run)).toMatch(/ – +300 MB .* held$/m);
  });

  it('is good when all counts held; with a search, when one did under each condition', () => {
    expect(isGood(city())).toBe(true);
    expect(isGood({ ...city(), search: false })).toBe(false);
    expect(isGood(report(ROWS.slice(0, 6), CITY))).toBe(true);
    expect(isGood({ ...report(ROWS.slice(0, 6), CITY, { failures: [FAILED] }), search: false })).toBe(false);
    // Others may fail as they like.
    expect(
      isGood(
        report(
          ROWS.slice(3, 8).filter(({ condition }) => !condition),
          '--cameras 100',
        ),
      ),
    ).toBe(true);
    const none: Row = { cameras: 100, cpu: 1, missing: 1, condition: 'motion' };
    expect(isGood(report([...ROWS.slice(0, 1), none], CITY))).toBe(false);
  });
});

describe('the table of counts and conditions', () => {
  it('has a row for each count, and one for the largest', () => {
    const { head, rows } = matrixOf(city());
    expect(head).toEqual(['cameras', 'Vigie', 'Vigie with motion', 'Vigie with motion and S3', 'ffmpeg']);
    expect(rows.map(([first]) => first)).toEqual(['100', '217', 'largest']);
    expect(rows[1]).toEqual([
      ...['217', '30.0 %, 450 MB, 0 missing, held', '120.0 %, 700 MB, 0 missing, held'],
      ...['190.0 %, 700 MB, 7 missing, not held', '140.0 %, 9000 MB, 3 missing, not held'],
    ]);
    expect(rows[2]?.[1]).toBe('434: 70.0 %, 800 MB, 0 missing; 868 too much');
  });

  it('says what was not done, and what came to nothing', () => {
    const failures: Failure[] = [{ ...FAILED, cameras: 217 }];
    const { rows } = matrixOf(report(ROWS.slice(0, 3), CITY, { failures }));
    expect(rows[1]).toEqual(['217', 'could not be measured', '–', '–']);
    expect(rows[2]?.[2]).toBe('100: 55.0 %, 400 MB, 0 missing; more not tried');
    const lost: Row = { cameras: 100, cpu: 1, missing: 1 };
    expect(matrixOf(report([lost], CITY)).rows[2]).toEqual(['largest', 'none held']);
    expect(matrixOf(report([lost], '--cameras 100')).rows).toHaveLength(1);
  });

  it('can be pasted as Markdown, with what it is of before it', () => {
    const text = markdown(city());
    const [about = '', empty, ...table] = text.trimEnd().split('\n');
    expect(about).toMatch(
      /2 cores, 8\.0 GB · Linux 6\.1\.0, Node v26\.1\.0 · 2026-11-28\. 1920×1080 h264 at 25/,
    );
    expect(about).toMatch(/4 Mbit\/s .* measured for 8 s, 3 s after everything was recorded\./);
    expect(about).toMatch(/S3 is http:\/\/store\.example:7480\/bucket/);
    expect(empty).toBe('');
    expect(table).toHaveLength(5);
    expect(table[1]).toMatch(/^\| -+: (?:\| -+ ){4}\|$/);
    // Padded, so that it can be read as it is.
    expect(new Set(table.map((line) => line.length)).size).toBe(1);
    expect(text).not.toContain('topsecret');
  });
});

describe('the page of a bench', () => {
  it('has a line of its own colour for each condition and baseline', () => {
    const html = page(city());
    const names = ['vigie', 'vigie motion', 'vigie motion+s3', 'ffmpeg'];
    const colours = city().capacities.map(colourOf);
    expect(new Set(colours).size).toBe(names.length);
    for (const [i, name] of names.entries()) {
      expect(html).toContain(`<li><i class="${colours[i]}"></i>${name}</li>`);
      expect(html).toContain(`i.${colours[i]} { background:`);
    }
    expect(html).toContain('<li><i class="e"></i>vigie motion+s3, 217 cameras</li>');
    expect(html).toContain('could not be measured: It did not start.');
    expect(html).toContain('At a glance');
    expect(html).not.toContain('topsecret');
  });

  it('has no colour twice, whatever is compared', () => {
    const each = 'plain,motion,s3,motion+s3,sub-streams,sub-streams+s3';
    const conditions = parseConditions(each);
    if (typeof conditions === 'string') throw new Error(conditions);
    const all = [
      ...conditions.map(({ name }) => ({ who: 'vigie', condition: name }) as const),
      ...(['ffmpeg', 'mediamtx'] as const).map((who) => ({ who, condition: 'plain' })),
    ];
    expect(new Set(all.map(colourOf)).size).toBe(all.length);
  });

  it('is about one recorder where only one was measured', () => {
    const html = page(report(ROWS.slice(0, 1), '--cameras 100'));
    expect(html).not.toContain('At a glance');
    expect(html).toContain('<li><i class="d"></i>p99</li>');
  });
});
