import type { Calibration } from '../load/calibrate.ts';
import type { Measured } from '../load/measured.ts';
import type { Failure, Run } from './bench-report.ts';
import { nameOf } from './contender.ts';
import { megabytes, millis, percent, times } from './words.ts';

const COLUMNS = [
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
const LEAST_NAME_WIDTH = 8;
const INDENT = 9;

/** Runs as they come, a line each, and under it what was wrong. */
export class RunTable {
  readonly #nameWidth: number;
  readonly #calibration: Calibration;

  /** @param names of all that will be in it */
  constructor(names: readonly string[], calibration: Calibration) {
    this.#nameWidth = Math.max(LEAST_NAME_WIDTH, ...names.map((name) => name.length + 1));
    this.#calibration = calibration;
  }

  head(): string {
    return this.#line(
      'who',
      COLUMNS.map(([name]) => name),
    );
  }

  row({ condition, measured, verdict }: Run): string {
    const { who, cameras, cpu, findings, told } = measured;
    const { expected, found, missing, doubled, outOfOrder } = findings;
    const cells = [
      ...[cameras, expected, found, missing + doubled + outOfOrder, gapsOf(measured), percent(cpu)],
      ...[((cpu * 3_600) / cameras).toFixed(1), times(cpu / cameras, this.#calibration.sinkCpu)],
      ...[megabytes(measured.residentBytes), millis(told?.loopDelay.usual), millis(told?.write.p99)],
      verdict.held ? 'held' : 'NOT',
    ];
    return (
      this.#line(nameOf({ who, condition }), cells.map(String)) +
      under([...verdict.problems, ...findings.examples])
    );
  }

  failed(failure: Failure): string {
    return (
      this.#line(nameOf(failure), [String(failure.cameras), '  could not be measured']) +
      under([failure.problem])
    );
  }

  #line(name: string, cells: readonly string[]): string {
    const padded = cells.map((cell, i) => cell.padStart(COLUMNS[i]?.[1] ?? 0));
    return `${name.padStart(this.#nameWidth)}${padded.join('')}\n`;
  }
}

const under = (texts: readonly string[]): string =>
  texts.map((text) => `${' '.repeat(INDENT)}${text}\n`).join('');

/** Places where a recording ends and goes on later. */
export const gapsOf = ({ findings }: Measured): number => findings.holes + findings.reconnections;
