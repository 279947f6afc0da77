import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { accessSync, constants } from 'node:fs';
import { benchResultPath } from '../src/cli/plan.ts';
import type { ExitCode } from '../src/cli/exit.ts';
import { EXIT } from '../src/cli/exit.ts';
import { BENCH_HELP } from './help.ts';
import { calibrate } from './load/calibrate.ts';
import { carryOut } from './load/campaign.ts';
import { type Condition, loadUnder, PLAIN } from './load/condition.ts';
import type { Load, LoadStore } from './load/load.ts';
import { availableMemory, describeMachine } from './load/machine.ts';
import type { Measured } from './load/measured.ts';
import { measure, type Progress } from './load/measure.ts';
import { noMemoryFor } from './load/room.ts';
import { emptyBucket, ofOneRun, openBucket } from './load/run-bucket.ts';
import { type BenchOptions, parseBenchOptions } from './options.ts';
import { startFfmpeg } from './recorders/ffmpeg.ts';
import { startMediamtx } from './recorders/mediamtx.ts';
import type { RecorderName, StartRecorder } from './recorders/recorder.ts';
import { startVigie } from './recorders/vigie.ts';
import { knowsDetect } from './recorders/vigie-config.ts';
import { type BenchReport, type Failure, isGood, reportOf, type Run } from './report/bench-report.ts';
import { conclusion } from './report/conclusion.ts';
import { type Contender, isSame, nameOf } from './report/contender.ts';
import { markdown, markdownTable } from './report/markdown.ts';
import { matrixOf } from './report/matrix.ts';
import { page } from './report/page.ts';
import { ProgressBar } from './report/progress-bar.ts';
import { memoryReckoned } from './report/scaling.ts';
import { RunTable } from './report/table.ts';
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
    process.stdout.write(`\n${summary(report)}`);
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    if (options.html !== undefined) await writeFile(options.html, page(report));
    if (options.markdown !== undefined) await writeFile(options.markdown, markdown(report));
    await remember(report);
    return isGood(report) ? EXIT.done : EXIT.failed;
  } catch (error) {
    bar.clear();
    process.stderr.write(`The bench could not go on: ${(error as Error).message}\n`);
    return EXIT.failed;
  }
}

/** What can be seen to be impossible before anything is started. */
function problemOf({ baselines, conditions }: BenchOptions): string | undefined {
  if (process.platform !== 'linux') return 'The bench reads /proc, which only Linux has.';
  if (conditions.some(({ motion }) => motion !== 'off') && !knowsDetect())
    return 'This version has no motion detection to measure.';
  if (baselines.includes('mediamtx') && !isOnPath('mediamtx'))
    return '--baseline mediamtx: no program of that name is on the PATH.';
  return undefined;
}

async function runAll(options: BenchOptions, bar: ProgressBar): Promise<BenchReport> {
  const { load, limits, counts, conditions, baselines, search } = options;
  const [startedAt, began] = [new Date(), performance.now()];
  const runs: Run[] = [];
  const failures: Failure[] = [];
  const notes: string[] = [];
  if (load.store && conditions.some(({ stored }) => stored)) await lookInto(load.store, notes);
  const calibration = await calibrate({ ...load, cameras: Math.max(...counts) }, bar.of('calibration'));
  bar.clear();
  const names = conditions.map(({ name }) => nameOf({ who: 'vigie', condition: name }));
  const table = new RunTable([...names, ...baselines], calibration);
  process.stdout.write(table.head());
  const run = async (who: RecorderName, condition: Condition, cameras: number): Promise<boolean> => {
    const one = { who, condition: condition.name };
    const progress = bar.of(`${nameOf(one)}, ${cameras} cameras`);
    try {
      const noMemory = noMemoryAfter(runs, one, cameras);
      if (noMemory !== undefined) throw new Error(noMemory);
      const measured = await measureTidily(who, { ...loadUnder(load, condition), cameras }, progress, notes);
      const done = { condition: condition.name, measured, verdict: judge(measured, limits) };
      runs.push(done);
      bar.clear();
      process.stdout.write(table.row(done));
      return done.verdict.held;
    } catch (error) {
      // What cannot be done at all is a mistake to put right; later, it was too much, and what is known is worth keeping.
      if (runs.length === 0) throw error;
      const failure = { ...one, cameras, problem: (error as Error).message };
      failures.push(failure);
      bar.clear();
      process.stdout.write(table.failed(failure));
      return false;
    }
  };
  const isOver = (): boolean => performance.now() - began > options.budgetSeconds * 1_000;
  const note = await carryOut(options, run, isOver);
  if (note !== undefined) notes.push(note);
  return reportOf(
    {
      ...{ machine: describeMachine(), limits, counts, conditions, search },
      ...{ calibration, runs, failures, notes },
    },
    startedAt,
    load,
  );
}

/** Reckoned from smaller runs of the same recorder under the same condition, once there are some. */
function noMemoryAfter(runs: readonly Run[], contender: Contender, cameras: number): string | undefined {
  const own = runs
    .filter(({ condition, measured: { who } }) => isSame(contender, { who, condition }))
    .map(({ measured }) => measured);
  const needed = memoryReckoned(own, cameras);
  return needed === undefined ? undefined : noMemoryFor(cameras, needed, availableMemory());
}

/** Leaves the bucket as it was. */
async function measureTidily(
  who: RecorderName,
  load: Load,
  progress: Progress,
  notes: string[],
): Promise<Measured> {
  const store = load.store && ofOneRun(load.store);
  try {
    return await measure(who, START[who], { ...load, store }, progress);
  } finally {
    if (store) await tidy(store, notes);
  }
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

/** Several recorders or conditions side by side, and what all of it says. */
function summary(report: BenchReport): string {
  const said = `${conclusion(report).join('\n')}\n`;
  return report.capacities.length > 1 ? `${markdownTable(matrixOf(report))}\n${said}` : said;
}

/** For `vigie plan`: what recording alone took. */
async function remember({ runs, load, capacities }: BenchReport): Promise<void> {
  const largest = capacities.find(
    ({ who, condition }) => who === 'vigie' && condition === PLAIN.name,
  )?.largest;
  const best = runs.findLast(
    ({ condition, measured: { who, cameras } }) =>
      who === 'vigie' && condition === PLAIN.name && cameras === largest,
  );
  if (!best || load.fleet.faults !== '' || load.viewers + load.seeks > 0) return;
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
