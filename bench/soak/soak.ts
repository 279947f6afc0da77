import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, type ExitCode } from '../../src/cli/exit.ts';
import { spawnFleet } from '../fleet/spawn-fleet.ts';
import { fleetOf, type Load, tailFrames } from '../load/load.ts';
import { describeMachine, type Machine } from '../load/machine.ts';
import type { Progress } from '../load/measure.ts';
import { removeAtExit } from '../load/scratch.ts';
import { startWatchers } from '../load/spawn-watchers.ts';
import { startVigieWith, unnumberedIn } from '../recorders/vigie.ts';
import { ProgressBar } from '../report/progress-bar.ts';
import { RunCheck, type RunFindings } from '../verdict/run-check.ts';
import { ClosedSegments } from './closed-segments.ts';
import { parseSoakOptions, SOAK_HELP } from './soak-options.ts';
import { soakPage } from './soak-page.ts';
import { SoakSamples } from './soak-samples.ts';
import { saidOf, type Trend, trendOf } from './trend.ts';

/** What a soak has found. What programs read with `--json`. */
export interface SoakReport {
  readonly machine: Machine;
  readonly startedAt: string;
  readonly load: Load;
  readonly seconds: number;
  readonly findings: RunFindings;
  readonly trends: readonly Trend[];
  readonly problems: readonly string[];
  /** In one sentence. */
  readonly said: string;
}

/** Footage is kept so long, and no disk holds eight hours of many cameras: it has been looked at by then. */
const SERVER_LINES = ['retention: { maximum: 4m, continuous: 4m }', 'record: { segment: 20s }'];
const LONGEST_STEP_SECONDS = 10;
const SHORTEST_STEP_SECONDS = 1;
const STEPS = 400;
const FLUSH_MILLIS = 3_000;

/** `args` as on the command line; resolves to the exit code. */
export async function soak(args: readonly string[]): Promise<ExitCode> {
  const options = parseSoakOptions(args);
  if (options === undefined) {
    process.stdout.write(SOAK_HELP);
    return EXIT.done;
  }
  if (typeof options === 'string') {
    process.stderr.write(`${options} See npm run soak -- --help.\n`);
    return EXIT.usedWrongly;
  }
  const bar = new ProgressBar();
  try {
    const report = await run(options.load, bar.of(`soak, ${options.load.cameras} cameras`));
    bar.clear();
    for (const trend of report.trends) process.stdout.write(`${saidOf(trend)}\n`);
    process.stdout.write(`\n${[report.said, ...report.problems].join('\n')}\n`);
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    if (options.html !== undefined) await writeFile(options.html, soakPage(report));
    return report.problems.length === 0 ? EXIT.done : EXIT.failed;
  } catch (error) {
    bar.clear();
    process.stderr.write(`The soak could not go on: ${(error as Error).message}\n`);
    return EXIT.failed;
  }
}

async function run(load: Load, progress: Progress): Promise<SoakReport> {
  const startedAt = new Date().toISOString();
  const folder = await mkdtemp(join(load.folder, 'vigie-soak-'));
  const forget = removeAtExit(folder);
  const fleet = await spawnFleet(fleetOf(load), (clip) => progress(`making a clip: ${clip}`, 0));
  const check = new RunCheck(tailFrames(load));
  try {
    const recorder = await startVigieWith(load, fleet, folder, SERVER_LINES);
    const segments = new ClosedSegments(join(folder, 'segments'), check, unnumberedIn(load));
    const samples = new SoakSamples(recorder.pids[0] as number, recorder.url as string);
    let died: string | undefined;
    const began = performance.now();
    try {
      const watchers = await startWatchers(recorder.url, load);
      fleet.begin();
      const step = Math.min(LONGEST_STEP_SECONDS, Math.max(SHORTEST_STEP_SECONDS, load.seconds / STEPS));
      for (let passed = 0; passed < load.seconds; passed = (performance.now() - began) / 1_000) {
        const due = performance.now() + step * 1_000;
        died = recorder.died();
        if (died !== undefined) break;
        await samples.take();
        check.told(await fleet.ledger());
        await segments.look(false);
        progress(
          `${Math.round(passed / 60)} of ${Math.round(load.seconds / 60)} minutes`,
          passed / load.seconds,
        );
        await sleep(Math.max(0, due - performance.now()));
      }
      await watchers?.stop();
      check.told(await fleet.pause());
      await sleep(FLUSH_MILLIS);
    } finally {
      await recorder.stop();
    }
    await segments.look(true);
    const seconds = (performance.now() - began) / 1_000;
    return reportOf(startedAt, load, seconds, check.finish(), samples.all().map(trendOf), died);
  } finally {
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
    forget();
  }
}

function reportOf(
  startedAt: string,
  load: Load,
  seconds: number,
  findings: RunFindings,
  trends: readonly Trend[],
  died: string | undefined,
): SoakReport {
  const { missing, doubled, outOfOrder, holes, unreadable, examples, found } = findings;
  const problems = trends.filter(({ flat }) => !flat).map(saidOf);
  if (died !== undefined) problems.push(died);
  if (found === 0) problems.push('Nothing was recorded.');
  if (missing + doubled + outOfOrder + holes + unreadable > 0) {
    problems.push(
      `${missing} frames are missing, ${doubled} recorded twice, ${outOfOrder} out of order; ${holes} gaps, ${unreadable} files cannot be read.`,
      ...examples,
    );
  }
  const minutes = Math.round(seconds / 60);
  const said =
    problems.length === 0
      ? `${load.cameras} cameras for ${minutes} minutes with faults on: all ${found} frames were on disk, once and in order, and nothing rises.`
      : `${load.cameras} cameras for ${minutes} minutes with faults on: not as it has to be.`;
  return { machine: describeMachine(), startedAt, load, seconds, findings, trends, problems, said };
}
