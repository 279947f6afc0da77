import { type BenchReport, type Failure, isGood, type Run } from './bench-report.ts';
import { conclusion } from './conclusion.ts';
import { growth } from './growth.ts';
import { loadWords, machineWords } from './load-words.ts';
import { matrixOf } from './matrix.ts';
import { framed, htmlTable, td } from './page-frame.ts';
import { during, stages } from './stages.ts';
import { escape } from './svg.ts';
import { gapsOf } from './table.ts';
import { megabytes, millis, percent, times } from './words.ts';

const HEAD = [
  ...['recorder', 'with', 'cameras', 'sent', 'on disk', 'missing', 'twice', 'order', 'gaps', 'CPU'],
  ...['s/camera·h', '× sink', 'memory', 'loop p99', 'write p50', 'write p99', 'behind', 'verdict'],
];

/** The report of a bench as one HTML file with its plots. */
export function page(report: BenchReport): string {
  const { machine, runs, failures, calibration } = report;
  const [lead = '', ...more] = conclusion(report);
  const isOfSeveral = report.capacities.length > 1;
  return framed('How many cameras does this machine carry?', [
    '<h1>How many cameras does this machine carry?</h1>',
    `<p class="lead ${isGood(report) ? 'good' : 'not'}">${escape(lead)}</p>`,
    ...more.map((text) => `<p>${escape(text)}</p>`),
    `<p class="soft">${escape(`${report.startedAt} · ${machineWords(machine)}`)}</p>`,
    `<p class="soft">${escape(loadWords(report))}</p>`,
    ...(isOfSeveral ? glance(report) : []),
    '<h2>What was measured</h2>',
    htmlTable(HEAD, [...runs.flatMap((run) => rowsOf(run, calibration.sinkCpu)), ...failures.map(failedRow)]),
    '<h2>How it grows</h2>',
    `<div class="plots">${growth(report).join('')}</div>`,
    '<h2>Where the time goes</h2>',
    `<div class="plots">${stages(report).join('')}</div>`,
    `<h2>During the largest run${isOfSeveral ? ' of each' : ''}</h2>`,
    `<div class="plots">${during(report).join('')}</div>`,
    '<h2>How it was measured</h2>',
    '<p>The cameras are simulated in a process of their own, and each frame that they send carries its number. When a run ends, every number is looked for in the recorded files: what is missing, twice or out of order cannot hide behind a counter. Processor and memory are what the operating system counts for the recorder’s processes and their children.</p>',
    `<p>“s/camera·h” is the processor’s seconds for an hour of one camera. “× sink” is the same as a multiple of what a program takes here that reads the same cameras and throws everything away (${percent(calibration.sinkCpu, 3)} of a core a camera): it carries from one machine to another better than any time.</p>`,
    `<p>The objective: every frame, no gap, at most ${report.limits.behindSeconds} s behind the cameras, 99 of 100 writes within ${millis(report.limits.writeSeconds)}, and no thread usually more than ${millis(report.limits.loopSeconds)} late.</p>`,
  ]);
}

function glance(report: BenchReport): readonly string[] {
  const { head, rows } = matrixOf(report);
  return [
    '<h2>At a glance</h2>',
    htmlTable(
      head,
      rows.map((row) => row.map((cell) => td(cell))),
    ),
    '<p class="soft">Processor in % of one core, memory, frames missing on disk, and whether the objective held.</p>',
  ];
}

function rowsOf({ condition, measured, verdict }: Run, sinkCpu: number): readonly (readonly string[])[] {
  const { who, cameras, cpu, findings, told } = measured;
  const row = [
    ...[td(who), td(condition), td(cameras), td(findings.expected), td(findings.found)],
    ...[td(findings.missing), td(findings.doubled), td(findings.outOfOrder), td(gapsOf(measured))],
    ...[td(percent(cpu)), td(((cpu * 3_600) / cameras).toFixed(1)), td(times(cpu / cameras, sinkCpu))],
    ...[td(megabytes(measured.residentBytes)), td(millis(told?.loopDelay.usual))],
    ...[
      td(millis(told?.write.p50)),
      td(millis(told?.write.p99)),
      td(`${measured.behindSeconds.toFixed(2)} s`),
    ],
    verdict.held ? td('held', 'good') : td('not held', 'not'),
  ];
  const why = [...verdict.problems, ...findings.examples];
  if (why.length === 0) return [row];
  return [row, [`<td></td><td class="why" colspan="${HEAD.length - 1}">${escape(why.join('; '))}</td>`]];
}

const failedRow = ({ who, condition, cameras, problem }: Failure): readonly string[] => [
  ...[td(who), td(condition), td(cameras)],
  `<td class="why" colspan="${HEAD.length - 3}">${escape(`could not be measured: ${problem}`)}</td>`,
];
