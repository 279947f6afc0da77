import { type Condition, PLAIN } from '../load/condition.ts';
import type { Measured } from '../load/measured.ts';
import type { RecorderName } from '../recorders/recorder.ts';
import type { Run } from './bench-report.ts';

/** What a condition takes more than plain recording, with the largest count of cameras that held under both; or
 * else of which nothing was lost. */
export interface Cost {
  readonly condition: string;
  readonly cameras: number;
  /** Cores, in all. */
  readonly cpu: number;
  readonly plainCpu: number;
  /** Bytes more. */
  readonly memoryBytes: number;
  /** What arrived in the object store, of what the cameras sent; 0 where nothing is brought there. */
  readonly storedBytesPerSecond: number;
}

/** Another recorder beside ours, with the same cameras. */
export interface Comparison {
  readonly who: RecorderName;
  /** That ours was under: `plain`, unless it has no such runs. */
  readonly condition: string;
  readonly cameras: number;
  /** Its share, as a multiple of ours. */
  readonly cpuTimes: number;
  readonly memoryTimes: number;
  /** Frames that it lost. */
  readonly missing: number;
}

export function costsOf(runs: readonly Run[], conditions: readonly Condition[]): readonly Cost[] {
  const costs: Cost[] = [];
  for (const { name } of conditions) {
    if (name === PLAIN.name) continue;
    const both = (which: Which): Pair | undefined =>
      largestOfBoth(byCount(runs, 'vigie', name, which), byCount(runs, 'vigie', PLAIN.name, which));
    const pair = both(hasHeld) ?? both(hasAll);
    if (!pair) continue;
    const [withIt, without] = pair;
    costs.push({
      ...{ condition: name, cameras: withIt.cameras, cpu: withIt.cpu, plainCpu: without.cpu },
      memoryBytes: withIt.residentBytes - without.residentBytes,
      storedBytesPerSecond: withIt.told?.storedBytesPerSecond ?? 0,
    });
  }
  return costs;
}

export function comparisonsOf(runs: readonly Run[], conditions: readonly Condition[]): readonly Comparison[] {
  const condition = (conditions.find(({ name }) => name === PLAIN.name) ?? conditions[0] ?? PLAIN).name;
  const others = new Set(runs.map(({ measured }) => measured.who).filter((who) => who !== 'vigie'));
  const comparisons: Comparison[] = [];
  for (const who of others) {
    const both = (which: Which): Pair | undefined =>
      largestOfBoth(byCount(runs, who, PLAIN.name, which), byCount(runs, 'vigie', condition, which));
    const pair = both(hasHeld) ?? both(hasAll) ?? both(any);
    if (!pair) continue;
    const [theirs, ours] = pair;
    comparisons.push({
      ...{ who, condition, cameras: ours.cameras, cpuTimes: theirs.cpu / ours.cpu },
      memoryTimes: theirs.residentBytes / ours.residentBytes,
      missing: theirs.findings.missing,
    });
  }
  return comparisons;
}

/** What did not hold says less: processors that are all in use make everybody look alike. */
type Which = (run: Run) => boolean;
const hasHeld: Which = ({ verdict }) => verdict.held;
/** Too late, perhaps, but whole. */
const hasAll: Which = ({ verdict }) => !verdict.lost;
const any: Which = () => true;

type ByCount = ReadonlyMap<number, Measured>;
type Pair = readonly [Measured, Measured];

const byCount = (runs: readonly Run[], who: RecorderName, condition: string, which: Which): ByCount =>
  new Map(
    runs
      .filter((run) => run.measured.who === who && run.condition === condition && which(run))
      .map(({ measured }) => [measured.cameras, measured]),
  );

function largestOfBoth(one: ByCount, other: ByCount): Pair | undefined {
  const cameras = Math.max(...[...one.keys()].filter((count) => other.has(count)));
  const [first, second] = [one.get(cameras), other.get(cameras)];
  return first && second && [first, second];
}
