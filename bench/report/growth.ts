import type { Measured } from '../load/measured.ts';
import { basisOf, type BenchReport } from './bench-report.ts';
import { colourOf, type Contender, isSame, nameOf } from './contender.ts';
import { at, CITY_CAMERAS, type Line } from './scaling.ts';
import { lineChart, type Series } from './svg.ts';

type Value = (measured: Measured) => number | null | undefined;

/** Over the count of cameras: a line for each recorder and condition. */
export function growth(report: BenchReport): readonly string[] {
  const { runs, scaling, limits } = report;
  const mark = { at: CITY_CAMERAS, name: `${CITY_CAMERAS} cameras` };
  const most = Math.max(CITY_CAMERAS, ...runs.map(({ measured }) => measured.cameras));
  const all = (value: Value): readonly Series[] =>
    report.capacities.map((contender) =>
      lineOf(report, contender, { name: nameOf(contender), colour: colourOf(contender) }, value),
    );
  return [
    lineChart({
      ...{ title: 'Processor', x: 'cameras', y: '% of a core', mark },
      series: [
        ...all(({ cpu }) => cpu * 100),
        ...reckoned(report, scaling?.cpu, 0.01, most),
        sinkLine(report, most),
      ],
    }),
    lineChart({
      ...{ title: 'Memory', x: 'cameras', y: 'MB', mark },
      series: [
        ...all(({ residentBytes }) => residentBytes / 1e6),
        ...reckoned(report, scaling?.memory, 1e6, most),
      ],
    }),
    lineChart({
      ...{ title: 'Writes to disk', x: 'cameras', y: 'ms' },
      limit: { at: limits.writeSeconds * 1_000, name: 'allowed for the 99th percentile' },
      series: latencies(report, [
        { name: 'p99', colour: 'd', value: ({ told }) => told?.write.p99 },
        { name: 'p95', colour: 'b', value: ({ told }) => told?.write.p95 },
        { name: 'p50', colour: 'a', value: ({ told }) => told?.write.p50 },
      ]),
    }),
    lineChart({
      ...{ title: 'How late a thread comes to what is due (p99)', x: 'cameras', y: 'ms' },
      limit: { at: limits.loopSeconds * 1_000, name: 'allowed for the usual window' },
      series: latencies(report, [
        { name: 'usual window', colour: 'a', value: ({ told }) => told?.loopDelay.usual },
        { name: 'worst window', colour: 'd', value: ({ told }) => told?.loopDelay.worst },
      ]),
    }),
  ];
}

function lineOf(
  { runs }: BenchReport,
  contender: Contender,
  look: Pick<Series, 'name' | 'colour'>,
  value: Value,
): Series {
  const own = runs.filter(({ measured: { who }, condition }) => isSame(contender, { who, condition }));
  return {
    ...look,
    points: own
      .map(({ measured }) => [measured.cameras, value(measured) ?? 0] as const)
      .toSorted(([a], [b]) => a - b),
    bad: own.filter(({ verdict }) => !verdict.held).map(({ measured }) => measured.cameras),
  };
}

/** Of our server, in ms: all of these under one condition; of several conditions a line each, of the first of these. */
function latencies(
  report: BenchReport,
  values: readonly { readonly name: string; readonly colour: string; readonly value: Value }[],
): readonly Series[] {
  const ours = report.capacities.filter(({ who }) => who === 'vigie');
  return ours.flatMap((contender) =>
    values.slice(0, ours.length > 1 ? 1 : values.length).map(({ name, colour, value }) => {
      const look =
        ours.length > 1
          ? { name: `${nameOf(contender)}, ${name}`, colour: colourOf(contender) }
          : { name, colour };
      return lineOf(report, contender, look, (measured) => (value(measured) ?? 0) * 1_000);
    }),
  );
}

function reckoned(
  { conditions }: BenchReport,
  line: Line | undefined,
  unit: number,
  most: number,
): readonly Series[] {
  const basis = basisOf(conditions);
  if (!line || !basis) return [];
  const contender = { who: 'vigie', condition: basis.name } as const;
  return [
    {
      ...{ name: `${nameOf(contender)}, straight line`, colour: colourOf(contender), reckoned: true },
      points: [
        [0, at(line, 0) / unit],
        [most, at(line, most) / unit],
      ],
    },
  ];
}

const sinkLine = ({ calibration }: BenchReport, most: number): Series => ({
  ...{ name: 'byte sink: reading alone', colour: 'f', reckoned: true },
  points: [
    [0, 0],
    [most, calibration.sinkCpu * most * 100],
  ],
});
