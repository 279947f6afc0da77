import { withWords } from '../load/condition.ts';
import type { BenchReport } from './bench-report.ts';
import type { Capacity } from './capacity.ts';
import { type Contender, isSame } from './contender.ts';
import { megabytes, percent } from './words.ts';

/** Counts of cameras down, recorders and conditions across. */
export interface Matrix {
  readonly head: readonly string[];
  /** The first cell of each is the count. */
  readonly rows: readonly (readonly string[])[];
}

const NOTHING = '–';

/** Of the counts that were asked for, and the largest that was found. */
export function matrixOf(report: BenchReport): Matrix {
  const { capacities } = report;
  const counts = [...new Set(report.counts)].toSorted((a, b) => a - b);
  const rows = counts.map((count) => [
    `${count}`,
    ...capacities.map((contender) => cell(report, contender, count)),
  ]);
  if (report.search) rows.push(['largest', ...capacities.map((capacity) => largestCell(report, capacity))]);
  return { head: ['cameras', ...capacities.map(titleOf)], rows };
}

const titleOf = ({ who, condition }: Contender): string =>
  `${who === 'vigie' ? 'Vigie' : who}${withWords(condition)}`;

function cell(report: BenchReport, contender: Contender, cameras: number): string {
  const run = runOf(report, contender, cameras);
  if (run) return `${figures(run)}, ${run.verdict.held ? 'held' : 'not held'}`;
  const failed = report.failures.some((one) => isSame(one, contender) && one.cameras === cameras);
  return failed ? 'could not be measured' : NOTHING;
}

function largestCell(report: BenchReport, capacity: Capacity): string {
  const { largest, smallestTooMuch } = capacity;
  const run = largest === undefined ? undefined : runOf(report, capacity, largest);
  if (!run) return 'none held';
  const more = smallestTooMuch === undefined ? 'more not tried' : `${smallestTooMuch} too much`;
  return `${largest}: ${figures(run)}; ${more}`;
}

const runOf = (
  { runs }: BenchReport,
  contender: Contender,
  cameras: number,
): BenchReport['runs'][number] | undefined =>
  runs.findLast(
    ({ condition, measured }) =>
      measured.cameras === cameras && isSame(contender, { who: measured.who, condition }),
  );

const figures = ({ measured: { cpu, residentBytes, findings } }: BenchReport['runs'][number]): string =>
  `${percent(cpu)}, ${megabytes(residentBytes)}, ${findings.missing} missing`;
