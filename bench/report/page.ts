import type { Measured } from '../load/measured.ts';
import type { RecorderName } from '../recorders/recorder.ts';
import type { BenchReport, Run } from './bench-report.ts';
import { framed, htmlTable, td } from './page-frame.ts';
import { at, CITY_CAMERAS, type Line } from './scaling.ts';
import { escape, lineChart, type Series, stackedBars } from './svg.ts';
import { conclusion, gapsOf } from './table.ts';
import { bytes, megabits, megabytes, millis, percent } from './words.ts';

const COLOUR: Readonly<Record<RecorderName, string>> = { vigie: 'a', ffmpeg: 'b', mediamtx: 'c' };
const HEAD = [
  ...['recorder', 'cameras', 'sent', 'on disk', 'missing', 'twice', 'order', 'gaps', 'CPU'],
  ...['s/camera·h', '× sink', 'memory', 'loop p99', 'write p50', 'write p99', 'behind', 'verdict'],
];

/** The report of a bench as one HTML file with its plots. */
export function page(report: BenchReport): string {
  const { machine, load, runs, calibration } = report;
  const { encoding } = load.fleet;
  const isGood = runs.every(({ measured, verdict }) => measured.who !== 'vigie' || verdict.held);
  const [lead = '', ...more] = conclusion(report);
  const how = [
    `${encoding.width}×${encoding.height} ${encoding.codec} at ${encoding.fps} a second, ${megabits(encoding.bitrateBps)}`,
    `a key frame every ${encoding.gopFrames / encoding.fps} s${load.fleet.aligned ? ', of all cameras at once' : ''}`,
    `${load.fleet.profile} by ${load.transport}`,
    ...(load.fleet.sound ? ['with sound'] : []),
    load.motion === 'off' ? 'without motion detection' : `motion detection on ${load.motion}`,
    ...(load.store === undefined ? [] : [`brought to ${load.store} meanwhile`]),
    ...(load.viewers + load.seeks > 0 ? [`${load.viewers} viewers, ${load.seeks} seeks a second`] : []),
    ...(load.fleet.faults === '' ? [] : [`faults: ${load.fleet.faults}`]),
  ];
  return framed('How many cameras does this machine carry?', [
    '<h1>How many cameras does this machine carry?</h1>',
    `<p class="lead ${isGood ? 'good' : 'not'}">${escape(lead)}</p>`,
    ...more.map((text) => `<p>${escape(text)}</p>`),
    `<p class="soft">${escape(`${report.startedAt} · ${machine.processor}, ${machine.cores} cores, ${bytes(machine.memoryBytes)} · Linux ${machine.kernel}, Node ${machine.node}`)}</p>`,
    `<p class="soft">${escape(how.join(' · '))}</p>`,
    '<h2>What was measured</h2>',
    htmlTable(
      HEAD,
      runs.flatMap((run) => rowsOf(run, calibration.sinkCpu)),
    ),
    '<h2>How it grows</h2>',
    `<div class="plots">${growth(report).join('')}</div>`,
    '<h2>Where the time goes</h2>',
    `<div class="plots">${stages(report).join('')}</div>`,
    '<h2>During the largest run</h2>',
    `<div class="plots">${during(runs).join('')}</div>`,
    '<h2>How it was measured</h2>',
    '<p>The cameras are simulated in a process of their own, and each frame that they send carries its number. When a run ends, every number is looked for in the recorded files: what is missing, twice or out of order cannot hide behind a counter. Processor and memory are what the operating system counts for the recorder’s processes and their children.</p>',
    `<p>“s/camera·h” is the processor’s seconds for an hour of one camera. “× sink” is the same as a multiple of what a program takes here that reads the same cameras and throws everything away (${percent(calibration.sinkCpu, 3)} of a core a camera): it carries from one machine to another better than any time.</p>`,
    `<p>The objective: every frame, no gap, at most ${report.limits.behindSeconds} s behind the cameras, 99 of 100 writes within ${millis(report.limits.writeSeconds)}, and no thread usually more than ${millis(report.limits.loopSeconds)} late.</p>`,
  ]);
}

function rowsOf({ measured, verdict }: Run, sinkCpu: number): readonly (readonly string[])[] {
  const { who, cameras, cpu, findings, told } = measured;
  const row = [
    ...[td(who), td(cameras), td(findings.expected), td(findings.found)],
    ...[td(findings.missing), td(findings.doubled), td(findings.outOfOrder), td(gapsOf(measured))],
    ...[td(percent(cpu)), td(((cpu * 3_600) / cameras).toFixed(1)), td((cpu / cameras / sinkCpu).toFixed(1))],
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

function growth({ runs, scaling, calibration, limits }: BenchReport): readonly string[] {
  const names = [...new Set(runs.map(({ measured }) => measured.who))];
  const most = Math.max(CITY_CAMERAS, ...runs.map(({ measured }) => measured.cameras));
  const series = (value: (measured: Measured) => number): Series[] =>
    names.map((who) => {
      const own = runs.filter(({ measured }) => measured.who === who);
      return {
        ...{ name: who, colour: COLOUR[who] },
        points: own
          .map(({ measured }) => [measured.cameras, value(measured)] as const)
          .toSorted(([a], [b]) => a - b),
        bad: own.filter(({ verdict }) => !verdict.held).map(({ measured }) => measured.cameras),
      };
    });
  const reckoned = (line: Line | undefined, unit: number): Series[] =>
    line
      ? [
          {
            ...{ name: 'vigie, straight line', colour: 'a', reckoned: true },
            points: [
              [0, at(line, 0) / unit],
              [most, at(line, most) / unit],
            ],
          },
        ]
      : [];
  const sink: Series = {
    ...{ name: 'byte sink: reading alone', colour: 'f', reckoned: true },
    points: [
      [0, 0],
      [most, calibration.sinkCpu * most * 100],
    ],
  };
  const ours = runs.filter(({ measured }) => measured.who === 'vigie').map(({ measured }) => measured);
  const latency = (
    name: string,
    colour: string,
    value: (measured: Measured) => number | null | undefined,
  ): Series => ({
    ...{ name, colour },
    points: ours
      .map((measured) => [measured.cameras, (value(measured) ?? 0) * 1_000] as const)
      .toSorted(([a], [b]) => a - b),
  });
  const mark = { at: CITY_CAMERAS, name: `${CITY_CAMERAS} cameras` };
  return [
    lineChart({
      ...{ title: 'Processor', x: 'cameras', y: '% of a core', mark },
      series: [...series(({ cpu }) => cpu * 100), ...reckoned(scaling?.cpu, 0.01), sink],
    }),
    lineChart({
      ...{ title: 'Memory', x: 'cameras', y: 'MB', mark },
      series: [...series(({ residentBytes }) => residentBytes / 1e6), ...reckoned(scaling?.memory, 1e6)],
    }),
    lineChart({
      ...{ title: 'Writes to disk', x: 'cameras', y: 'ms' },
      limit: { at: limits.writeSeconds * 1_000, name: 'allowed for the 99th percentile' },
      series: [
        latency('p99', 'd', ({ told }) => told?.write.p99),
        latency('p95', 'b', ({ told }) => told?.write.p95),
        latency('p50', 'a', ({ told }) => told?.write.p50),
      ],
    }),
    lineChart({
      ...{ title: 'How late a thread comes to what is due (p99)', x: 'cameras', y: 'ms' },
      limit: { at: limits.loopSeconds * 1_000, name: 'allowed for the usual window' },
      series: [
        latency('worst window', 'd', ({ told }) => told?.loopDelay.worst),
        latency('usual window', 'a', ({ told }) => told?.loopDelay.usual),
      ],
    }),
  ];
}

function stages({ runs, calibration }: BenchReport): readonly string[] {
  const kernel = runs.map(({ measured }) => {
    const receiving = Math.min(measured.cpu, calibration.sinkCpu * measured.cameras);
    const system = Math.max(0, Math.min(measured.systemCpu, measured.cpu) - receiving);
    return {
      name: `${measured.who}, ${measured.cameras}`,
      values: [receiving, system, Math.max(0, measured.cpu - receiving - system)].map((share) => share * 100),
    };
  });
  const ours = runs.filter(({ measured }) => measured.who === 'vigie').map(({ measured }) => measured);
  const names = [...new Set(ours.flatMap(({ parts }) => parts.slice(0, 6).map(({ name }) => name)))].slice(
    0,
    6,
  );
  const colours = ['a', 'b', 'c', 'd', 'e', 'f'];
  return [
    stackedBars(
      'Receiving, kernel, own code',
      '% of a core',
      [
        { name: 'receiving, as the byte sink pays for it', colour: 'f' },
        { name: 'other work of the kernel: writing', colour: 'b' },
        { name: 'its own code', colour: 'a' },
      ],
      kernel,
    ),
    stackedBars(
      'Threads and children of vigie',
      '% of a core',
      names.map((name, i) => ({ name, colour: colours[i] as string })),
      ours.map(({ cameras, parts }) => ({
        name: `${cameras} cameras`,
        values: names.map((name) => {
          const part = parts.find((one) => one.name === name);
          return part ? (part.user + part.system) * 100 : 0;
        }),
      })),
    ),
  ];
}

function during(runs: readonly Run[]): readonly string[] {
  const ours = runs.filter(({ measured }) => measured.who === 'vigie').map(({ measured }) => measured);
  const largest = ours.toSorted((a, b) => b.cameras - a.cameras)[0];
  if (!largest) return [];
  const of = (value: (moment: Measured['moments'][number]) => number): Series[] => [
    {
      ...{ name: `vigie, ${largest.cameras} cameras`, colour: 'a' },
      points: largest.moments.map((moment) => [moment.seconds, value(moment)] as const),
    },
  ];
  return [
    lineChart({ title: 'Processor', x: 'seconds', y: '% of a core', series: of(({ cpu }) => cpu * 100) }),
    lineChart({ title: 'Memory', x: 'seconds', y: 'MB', series: of((moment) => moment.residentBytes / 1e6) }),
  ];
}
