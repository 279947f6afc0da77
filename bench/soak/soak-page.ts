import { framed } from '../report/page-frame.ts';
import { escape, lineChart } from '../report/svg.ts';
import { megabits } from '../report/words.ts';
import type { SoakReport } from './soak.ts';
import { saidOf } from './trend.ts';

/** The report of a soak as one HTML file with its plots. */
export function soakPage(report: SoakReport): string {
  const { machine, load, trends, problems } = report;
  const { encoding } = load.fleet;
  const good = problems.length === 0;
  return framed('Does it stay as it is?', [
    '<h1>Does it stay as it is?</h1>',
    `<p class="lead ${good ? 'good' : 'not'}">${escape(report.said)}</p>`,
    ...problems.map((text) => `<p class="not">${escape(text)}</p>`),
    `<p class="soft">${escape(`${report.startedAt} · ${machine.processor}, ${machine.cores} cores · Node ${machine.node} · ${load.cameras} cameras, ${encoding.width}×${encoding.height}, ${megabits(encoding.bitrateBps)}, ${load.transport} · faults: ${load.fleet.faults}`)}</p>`,
    '<h2>The second half</h2>',
    ...trends.map((trend) => `<p class="${trend.flat ? '' : 'not'}">${escape(saidOf(trend))}</p>`),
    '<h2>All of it</h2>',
    '<div class="plots">',
    ...trends.map(({ name, unit, points, slope, usual, flat }) => {
      const end = points.at(-1)?.[0] ?? 0;
      const line = (seconds: number): number => usual + (slope?.slope ?? 0) * (seconds - (end * 3) / 4);
      return lineChart({
        ...{ title: name, x: 'minutes', y: unit },
        series: [
          {
            name,
            colour: flat ? 'a' : 'd',
            points: points.map(([at, value]) => [at / 60, value] as const),
            dots: false,
          },
          {
            ...{ name: 'trend of the second half', colour: 'f', reckoned: true },
            points: [end / 2, end].map((at) => [at / 60, Math.max(0, line(at))] as const),
          },
        ],
      });
    }),
    '</div>',
  ]);
}
