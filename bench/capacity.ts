import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { accessSync, constants } from 'node:fs';
import { benchResultPath } from '../src/cli/plan.ts';
import type { ExitCode } from '../src/cli/exit.ts';
import { EXIT } from '../src/cli/exit.ts';
import { calibrate } from './load/calibrate.ts';
import type { Load, LoadStore } from './load/load.ts';
import { describeMachine } from './load/machine.ts';
import { measure } from './load/measure.ts';
import { emptyBucket, ofOneRun, openBucket } from './load/run-bucket.ts';
import { nextCount } from './load/search.ts';
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from './options.ts';
import { startFfmpeg } from './recorders/ffmpeg.ts';
import { startMediamtx } from './recorders/mediamtx.ts';
import type { RecorderName, StartRecorder } from './recorders/recorder.ts';
import { startVigie } from './recorders/vigie.ts';
import { knowsDetect } from './recorders/vigie-config.ts';
import { type BenchReport, reportOf, type Run } from './report/bench-report.ts';
import { page } from './report/page.ts';
import { ProgressBar } from './report/progress-bar.ts';
import { conclusion, tableHead, tableRow } from './report/table.ts';
import { judge } from './verdict/objective.ts';

const START: Readonly<Record<RecorderName, StartRecorder>> = {
  ...{ vigie: startVigie, ffmpeg: startFfmpeg, mediamtx: startMediamtx },
};

/** How many cameras does this machine carry? `args` as on the command line; resolves to the exit code. */
export async function bench(args: readonly string[]): Promise<ExitCode> {
  const options = parseBenchOptions(args);
  if (options === undefined) {
    process.stdout.write(BENCH_HELP);
    return EXIT.done;
  }
  const problem = typeof options === 'string' ? options : problemOf(options);
  if (typeof options === 'string' || problem !== undefined) {
    process.stderr.write(`${problem} See vigie bench --help.\n`);
    return EXIT.usedWrongly;
  }
  const bar = new ProgressBar();
  try {
    const report = await runAll(options, bar);
    bar.clear();
    process.stdout.write(`\n${conclusion(report).join('\n')}\n`);
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    if (options.html !== undefined) await writeFile(options.html, page(report));
    await remember(report);
    return isGood(report, options) ? EXIT.done : EXIT.failed;
  } catch (error) {
    bar.clear();
    process.stderr.write(`The bench could not go on: ${(error as Error).message}\n`);
    return EXIT.failed;
  }
}

/** What can be seen to be impossible before anything is started. */
function problemOf({ baselines, load }: BenchOptions): string | undefined {
  if (process.platform !== 'linux') return 'The bench reads /proc, which only Linux has.';
  if (load.motion !== 'off' && !knowsDetect()) return 'This version has no motion detection to measure.';
  if (baselines.includes('mediamtx') && !isOnPath('mediamtx'))
    return '--baseline mediamtx: no program of that name is on the PATH.';
  return undefined;
}

async function runAll(options: BenchOptions, bar: ProgressBar): Promise<BenchReport> {
  const { load, limits, counts, baselines } = options;
  const [startedAt, began] = [new Date(), performance.now()];
  const runs: Run[] = [];
  const notes: string[] = [];
  const isOver = (): boolean => performance.now() - began > options.budgetSeconds * 1_000;
  const largest: Load = { ...load, cameras: Math.max(...counts) };
  if (load.store) await lookInto(load.store, notes);
  const calibration = await calibrate(largest, bar.of('calibration'));
  bar.clear();
  process.stdout.write(tableHead());
  const run = async (who: RecorderName, cameras: number): Promise<Run> => {
    const store = load.store && ofOneRun(load.store);
    const progress = bar.of(`${who}, ${cameras} cameras`);
    const measured = await measure(who, START[who], { ...load, cameras, store }, progress);
    if (store) await tidy(store, notes);
    const one = { measured, verdict: judge(measured, limits) };
    runs.push(one);
    bar.clear();
    process.stdout.write(tableRow(one, calibration));
    return one;
  };
  const given = new Set(baselines);
  const compare = async (cameras: number): Promise<void> => {
    for (const who of given) {
      // What did not carry so many carries no more.
      if (!(await run(who, cameras)).verdict.held) given.delete(who);
    }
  };
  if (options.search) {
    await search(counts[0] as number, run, isOver, notes);
    const held = runs.findLast(({ verdict }) => verdict.held);
    if (held) await compare(held.measured.cameras);
  } else {
    for (const cameras of counts) {
      if (isOver()) {
        notes.push(`The time was over before ${cameras} cameras: --budget gives more.`);
        break;
      }
      await run('vigie', cameras);
      await compare(cameras);
    }
  }
  return reportOf({ machine: describeMachine(), startedAt, load, limits, calibration, runs, notes });
}

/** Before anything is measured: a bucket that cannot be used ends the bench. */
async function lookInto(store: LoadStore, notes: string[]): Promise<void> {
  const left = await openBucket(store);
  if (left === 0) return;
  notes.push(
    `${left} objects of a bench that was ended before its time are in the bucket, below ${store.prefix}/: nobody needs them.`,
  );
}

/** A measurement is worth more than a tidy bucket: what stays there is said. */
async function tidy(store: LoadStore, notes: string[]): Promise<void> {
  try {
    await emptyBucket(store);
  } catch (error) {
    notes.push(`What a run brought to ${store.prefix}/ is still there. ${(error as Error).message}`);
  }
}

async function search(
  first: number,
  run: (who: RecorderName, cameras: number) => Promise<Run>,
  isOver: () => boolean,
  notes: string[],
): Promise<void> {
  const tries: { readonly cameras: number; readonly held: boolean }[] = [];
  for (let cameras = nextCount(first, tries); cameras !== undefined; cameras = nextCount(first, tries)) {
    if (isOver()) {
      notes.push('The time was over before the largest count was found: --budget gives more.');
      return;
    }
    const { verdict } = await run('vigie', cameras);
    tries.push({ cameras, held: verdict.held });
  }
}

/** Searching ends with counts that do not hold: then it is bad only if none did. */
function isGood({ runs, largest }: BenchReport, { search: searched }: BenchOptions): boolean {
  if (searched) return largest !== undefined;
  return runs.every(({ measured, verdict }) => measured.who !== 'vigie' || verdict.held);
}

/** For `vigie plan`: what recording alone took. */
async function remember({ runs, load, largest }: BenchReport): Promise<void> {
  const isPlain = load.store === undefined && load.motion === 'off' && load.fleet.faults === '';
  const best = runs.findLast(({ measured }) => measured.who === 'vigie' && measured.cameras === largest);
  if (!best || !isPlain || load.viewers + load.seeks > 0) return;
  const { cameras, cpu, residentBytes } = best.measured;
  const { bitrateBps } = load.fleet.encoding;
  await mkdir(dirname(benchResultPath()), { recursive: true });
  await writeFile(benchResultPath(), `${JSON.stringify({ cameras, bitrateBps, cpu, residentBytes })}\n`);
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
