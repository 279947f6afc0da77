import type { BenchReport } from './bench-report.ts';
import { loadWords, machineWords } from './load-words.ts';
import { type Matrix, matrixOf } from './matrix.ts';

/** A table to paste into a README or a tender, with what it is of before it. */
export const markdown = (report: BenchReport): string =>
  [
    `${machineWords(report.machine)} · ${report.startedAt.slice(0, 10)}. ${loadWords(report)}. ` +
      'Each cell: processor in % of one core, memory, frames missing on disk, and whether the objective held.',
    '',
    markdownTable(matrixOf(report)),
  ].join('\n');

/** Padded, so that it can be read as it is, too. */
export function markdownTable({ head, rows }: Matrix): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell[column === 0 ? 'padStart' : 'padEnd'](widths[column] ?? 0)).join(' | ')} |\n`;
  const rule = widths.map((width, column) =>
    column === 0 ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(all[0] ?? []), line(rule), ...all.slice(1).map(line)].join('');
}
