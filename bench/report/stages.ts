import type { Measured } from '../load/measured.ts';
import type { BenchReport, Run } from './bench-report.ts';
import { colourOf, isSame, nameOf } from './contender.ts';
import { lineChart, type Series, stackedBars } from './svg.ts';

const PART_COLOURS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

/** Where the processor's time goes: a bar a run. */
export function stages({ runs, calibration }: BenchReport): readonly string[] {
  const sorted = runs.toSorted((a, b) => a.measured.cameras - b.measured.cameras);
  const ours = sorted.filter(({ measured }) => measured.who === 'vigie');
  const names = busiestParts(ours);
  return [
    stackedBars(
      'Receiving, kernel, own code',
      '% of a core',
      [
        { name: 'receiving, as the byte sink pays for it', colour: 'f' },
        { name: 'other work of the kernel: writing', colour: 'b' },
        { name: 'its own code', colour: 'a' },
      ],
      sorted.map((run) => ({ name: barName(run), values: layersOf(run.measured, calibration.sinkCpu) })),
    ),
    stackedBars(
      'Threads and children of vigie',
      '% of a core',
      names.map((name, i) => ({ name, colour: PART_COLOURS[i] as string })),
      ours.map((run) => ({
        name: barName(run),
        values: names.map((name) => {
          const part = run.measured.parts.find((one) => one.name === name);
          return part ? (part.user + part.system) * 100 : 0;
        }),
      })),
    ),
  ];
}

/** Names of threads and children, the busiest of any run first. */
function busiestParts(runs: readonly Run[]): readonly string[] {
  const most = new Map<string, number>();
  for (const { name, user, system } of runs.flatMap(({ measured }) => measured.parts))
    most.set(name, Math.max(most.get(name) ?? 0, user + system));
  const sorted = [...most].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  return sorted.slice(0, PART_COLOURS.length);
}

const barName = ({ condition, measured: { who, cameras } }: Run): string =>
  `${nameOf({ who, condition })}, ${cameras}`;

function layersOf(measured: Measured, sinkCpu: number): readonly number[] {
  const receiving = Math.min(measured.cpu, sinkCpu * measured.cameras);
  const system = Math.max(0, Math.min(measured.systemCpu, measured.cpu) - receiving);
  return [receiving, system, Math.max(0, measured.cpu - receiving - system)].map((share) => share * 100);
}

/** The seconds of the largest run of our server under each condition. */
export function during({ runs, capacities }: BenchReport): readonly string[] {
  const largest = capacities
    .filter(({ who }) => who === 'vigie')
    .flatMap((contender) => {
      const own = runs
        .filter(({ measured: { who }, condition }) => isSame(contender, { who, condition }))
        .toSorted((a, b) => b.measured.cameras - a.measured.cameras);
      return own.slice(0, 1).map(({ measured }) => ({ contender, measured }));
    });
  const of = (value: (moment: Measured['moments'][number]) => number): Series[] =>
    largest.map(({ contender, measured }) => ({
      name: `${nameOf(contender)}, ${measured.cameras} cameras`,
      colour: colourOf(contender),
      points: measured.moments.map((moment) => [moment.seconds, value(moment)] as const),
    }));
  if (largest.length === 0) return [];
  return [
    lineChart({ title: 'Processor', x: 'seconds', y: '% of a core', series: of(({ cpu }) => cpu * 100) }),
    lineChart({ title: 'Memory', x: 'seconds', y: 'MB', series: of((moment) => moment.residentBytes / 1e6) }),
  ];
}
