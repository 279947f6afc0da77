import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LEAST_MAJOR } from '../../bin/find-node.mjs';
import { inspectCatalog, isInUse } from '../catalog/sqlite/inspect.ts';
import { type Config, defaultConfig } from '../config/config.ts';
import { loadConfig, problemText } from '../config/load.ts';
import { parseRate } from '../config/units.ts';
import { examine } from '../doctor/doctor.ts';
import { type Finding, findingsAbout } from '../doctor/finding.ts';
import { bundledFfmpeg } from '../media/ffmpeg-path.ts';
import { DEMO_CAMERAS } from '../simulator/demo-cameras.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { DEFAULT_BITRATE, lastBench } from './plan.ts';

import { DEFAULT_DATA } from './serve.ts';

export interface DoctorOptions {
  readonly config: string | undefined;
  readonly data: string | undefined;
  readonly cameras: string | undefined;
  readonly bitrate: string | undefined;
  readonly deep: boolean;
  readonly json: boolean;
}

const WORDS = { good: 'good', warning: 'look', bad: 'WRONG' } as const;

/** Says what is wrong with this machine, and what to do. Nothing stays of it; safe beside a running server. */
export async function doctor(options: DoctorOptions): Promise<ExitCode> {
  const bitrateBps = parseRate(options.bitrate ?? DEFAULT_BITRATE);
  const planned = options.cameras === undefined ? undefined : Number(options.cameras);
  if (
    !bitrateBps ||
    (planned !== undefined && !(Number.isInteger(planned) && planned >= 1 && planned <= 10_000))
  ) {
    process.stderr.write(
      bitrateBps
        ? `--cameras ${options.cameras} is no whole number from 1 to 10000. See vigie doctor --help.\n`
        : `--bitrate ${options.bitrate} is no rate, as in 4M. See vigie doctor --help.\n`,
    );
    return EXIT.usedWrongly;
  }
  const findings: Finding[] = [];
  const tell = (finding: Finding): void => {
    findings.push(finding);
    if (!options.json) process.stdout.write(lineOf(finding));
  };
  const { config: file } = options;
  const { config, problems } = await read(options);
  for (const problem of problems) tell(problem);
  const subject = {
    ...{ config, bitrateBps, configFile: file },
    cameras:
      planned ??
      (file === undefined ? DEMO_CAMERAS.length : config.cameras.filter(({ enabled }) => enabled).length),
    running: isInUse(config.catalog.sqlite),
  };
  const tools = {
    ...{ leastNodeMajor: LEAST_MAJOR, bundledFfmpeg, bench: await lastBench() },
    lookAtCatalog: () => inspectCatalog(config.catalog.sqlite, options.deep),
  };
  for await (const finding of examine(subject, tools)) tell(finding);
  const count = (state: Finding['state']): number =>
    findings.filter((finding) => finding.state === state).length;
  const [bad, warnings] = [count('bad'), count('warning')];
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: bad === 0, findings }, undefined, 2)}\n`);
  else process.stdout.write(`${bad} to put right, ${warnings} to look at.\n`);
  return bad === 0 ? EXIT.done : EXIT.failed;
}

/** What is wrong with the configuration is said first; the machine is then looked at with what is usual. */
async function read(
  options: DoctorOptions,
): Promise<{ readonly config: Config; readonly problems: readonly Finding[] }> {
  const { good, bad } = findingsAbout('configuration');
  const usual = defaultConfig(resolve(options.data ?? DEFAULT_DATA));
  const file = options.config;
  if (file === undefined) return { config: usual, problems: [] };
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const said = `${file} cannot be read: ${(error as Error).message}.`;
    return { config: usual, problems: [bad(said, 'See --config. What follows is of the defaults.')] };
  }
  const result = loadConfig({ text, file, env: process.env });
  if (result.ok) return { config: result.config, problems: [good(`${file} is right.`)] };
  return {
    config: usual,
    problems: result.problems.map((problem) => bad(problemText(problem), 'What follows is of the defaults.')),
  };
}

function lineOf({ about, state, said, remedy }: Finding): string {
  const line = `${WORDS[state].padEnd(6)} ${about.padEnd(13)} ${said}\n`;
  return remedy === '' ? line : `${line}${' '.repeat(21)}${remedy}\n`;
}
