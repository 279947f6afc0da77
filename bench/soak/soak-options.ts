import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { benchResultPath } from '../../src/cli/plan.ts';
import { type BenchOptions, parseBenchOptions } from '../options.ts';

const DEFAULT_FAULTS = 'loss:0.1%,stall:3s/60s,storm/300s,resize/200s,step/600s,drift:50ppm,slow:5%';

export const SOAK_HELP = `npm run soak -- [options]

Records for hours at 60 % of what the machine carries, with faults on: nothing may be lost, and memory, handles and
latency must be flat, which a regression over the second half decides.

  --hours N          how long (8)
  --cameras N        how many (60 % of the largest count that the last "npm run bench" found to hold)
  --faults LIST      (${DEFAULT_FAULTS})

and what describes cameras and load as in "vigie bench --help", --json and --html among them.
Exit codes: 0 flat and nothing lost, 1 not, 2 used wrongly.
`;

/** RTMP loses no packets. */
const DEFAULT_RTMP_FAULTS = DEFAULT_FAULTS.slice('loss:0.1%,'.length);
const NOT_OF_A_SOAK = ['--s3', '--baseline', '--search', '--each', '--markdown'];
const CAPACITY_SHARE = 0.6;
const DEFAULT_HOURS = 8;
const MAX_HOURS = 24 * 30;

/** What was meant; a sentence when it is wrong; `undefined` when help is asked for. */
export function parseSoakOptions(args: readonly string[]): BenchOptions | string | undefined {
  const at = args.findIndex((word) => word === '--hours' || word.startsWith('--hours='));
  const inline = args[at]?.includes('=') === true;
  const hours = at < 0 ? DEFAULT_HOURS : Number(inline ? args[at]?.slice('--hours='.length) : args[at + 1]);
  if (!(hours > 0 && hours <= MAX_HOURS)) return `--hours is a number up to ${MAX_HOURS}.`;
  const rest = at < 0 ? [...args] : args.toSpliced(at, inline ? 1 : 2);
  const says = (name: string): boolean => rest.some((word) => word === name || word.startsWith(`${name}=`));
  const strange = NOT_OF_A_SOAK.find(says);
  if (strange !== undefined) return `A soak is one run under one load: it knows no ${strange}.`;
  if (!says('--faults')) rest.push('--faults', rest.includes('rtmp') ? DEFAULT_RTMP_FAULTS : DEFAULT_FAULTS);
  if (!says('--cameras') && !says('--help') && !rest.includes('-h')) {
    const capacity = lastCapacity();
    if (capacity === undefined)
      return 'What this machine carries is not known yet: npm run bench -- --search finds it out, or say --cameras N.';
    rest.push('--cameras', `${Math.max(1, Math.floor(capacity * CAPACITY_SHARE))}`);
  }
  const options = parseBenchOptions(rest);
  if (typeof options !== 'object') return options;
  const load = { ...options.load, cameras: options.counts[0] as number, seconds: hours * 3_600 };
  return { ...options, load };
}

function lastCapacity(): number | undefined {
  try {
    const result: unknown = JSON.parse(readFileSync(benchResultPath(), 'utf8'));
    return z.object({ cameras: z.number().int().positive() }).parse(result).cameras;
  } catch {
    return undefined;
  }
}
