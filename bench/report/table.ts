import type { Calibration } from '../load/calibrate.ts';
import type { Measured } from '../load/measured.ts';
import { CITY_CAMERAS } from './scaling.ts';
import type { BenchReport, Run } from './bench-report.ts';
import { bytes, megabits, megabytes, millis, percent } from './words.ts';

const COLUMNS = [
  ['who', 8],
  ['cameras', 8],
  ['sent', 9],
  ['on disk', 9],
  ['lost', 6],
  ['gaps', 6],
  ['cpu', 9],
  ['s/cam·h', 9],
  ['×sink', 7],
  ['memory', 9],
  ['loop p99', 10],
  ['write p99', 11],
  ['', 6],
] as const;

export const tableHead = (): string => line(COLUMNS.map(([name]) => name));

/** One run, and under it what was wrong. */
export function tableRow({ measured, verdict }: Run, calibration: Calibration): string {
  const { cameras, cpu, findings, told } = measured;
  const { expected, found, missing, doubled, outOfOrder } = findings;
  const cells = [
    ...[
      measured.who,
      cameras,
      expected,
      found,
      missing + doubled + outOfOrder,
      gapsOf(measured),
      percent(cpu),
    ],
    ...[((cpu * 3_600) / cameras).toFixed(1), (cpu / cameras / calibration.sinkCpu).toFixed(1)],
    ...[megabytes(measured.residentBytes), millis(told?.loopDelay.usual), millis(told?.write.p99)],
    verdict.held ? 'held' : 'NOT',
  ];
  const more = [...verdict.problems, ...findings.examples];
  return line(cells.map(String)) + more.map((text) => `${' '.repeat(9)}${text}\n`).join('');
}

/** Places where a recording ends and goes on later. */
export const gapsOf = ({ findings }: Measured): number => findings.holes + findings.reconnections;

/** More than what a system does by itself. */
const DISTURBED_CORES = 0.2;

const line = (cells: readonly string[]): string =>
  `${cells.map((cell, i) => cell.padStart(COLUMNS[i]?.[1] ?? 0)).join('')}\n`;

/** What all of it says, in sentences. */
export function conclusion(report: BenchReport): readonly string[] {
  const { largest, smallestTooMuch, city, runs, load, machine } = report;
  const said: string[] = [];
  const each = `${load.fleet.encoding.width}×${load.fleet.encoding.height}, ${megabits(load.fleet.encoding.bitrateBps)}`;
  if (largest === undefined) {
    said.push(`No count of cameras (${each}) held the objective on this machine.`);
  } else {
    const more =
      smallestTooMuch === undefined ? 'and more were not tried' : `and ${smallestTooMuch} were too much`;
    said.push(
      `This machine of ${machine.cores} cores recorded ${largest} cameras (${each}) with every frame on disk, ${more}.`,
    );
  }
  const first = runs.find(
    ({ measured, verdict }) =>
      measured.who === 'vigie' && measured.cameras === smallestTooMuch && !verdict.held,
  );
  const last = runs.findLast(({ measured }) => measured.who === 'vigie' && measured.cameras === largest);
  if (first) said.push(`What bound it at ${first.measured.cameras}: ${first.verdict.bound.name}.`);
  else if (last) {
    const { name, share } = last.verdict.bound;
    said.push(`Closest to its end at ${largest}: ${name} (${percent(share, 0)} in use).`);
  }
  if (city) {
    said.push(
      `${CITY_CAMERAS} cameras need ${city.cores.toFixed(2)} cores, ${bytes(city.memoryBytes)} of memory, ` +
        `${bytes(city.bytesPerSecond)}/s to disk and ${bytes(city.bytesPerDay)} a day` +
        `${city.measured ? '' : ', reckoned from what was measured'}.`,
    );
  }
  // The largest count of each other recorder: it says the most.
  const others = new Map(runs.map(({ measured }) => [measured.who, measured]));
  for (const measured of others.values()) {
    if (measured.who === 'vigie') continue;
    const ours = runs.find(
      (run) => run.measured.who === 'vigie' && run.measured.cameras === measured.cameras,
    )?.measured;
    if (!ours) continue;
    said.push(
      `${measured.who} took ${(measured.cpu / ours.cpu).toFixed(1)} times the processor and ` +
        `${(measured.residentBytes / ours.residentBytes).toFixed(1)} times the memory for ${measured.cameras} cameras` +
        `${measured.findings.missing > 0 ? `, and lost ${measured.findings.missing} frames` : ''}.`,
    );
  }
  const disturbed = Math.max(0, ...runs.map(({ measured }) => measured.machine.othersCpu));
  if (disturbed > DISTURBED_CORES)
    said.push(
      `Other programs took up to ${disturbed.toFixed(1)} cores meanwhile: on a quiet machine it carries more.`,
    );
  return [...said, ...report.notes];
}
