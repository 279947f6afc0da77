import * as units from '@grafana/grafana-foundation-sdk/units';
import { board, number, quantile, RECORDER, series } from './parts.ts';

const R = `{${RECORDER}}`;
const RATE = '[$__rate_interval]';

/** Whether motion detection keeps up, and who is told of what it finds. */
export const motion = board({
  uid: 'vigie-motion',
  title: 'motion',
  description: 'Motion detection and what it tells: pictures, time, what was left out, webhooks.',
  from: 'now-6h',
  sections: [
    {
      panels: [
        number({
          title: 'Pictures looked at',
          description: 'A second, of all cameras, whatever became of them.',
          unit: units.Short,
          width: 6,
          decimals: 1,
          queries: [{ expr: `sum(rate(vigie_motion_frames_total${R}${RATE}))` }],
        }),
        number({
          title: 'Time of one picture',
          description: 'From its arrival to what was seen, 95 of 100.',
          unit: units.Seconds,
          width: 6,
          queries: [{ expr: quantile(0.95, 'vigie_motion_seconds'), legend: '{{instance}}' }],
        }),
        number({
          title: 'Left out',
          description: 'Pictures a second that were not looked at because the machine has too much to do.',
          unit: units.Short,
          width: 6,
          queries: [{ expr: `sum(rate(vigie_shed_total${R}${RATE}))` }],
          colours: [{ color: 'green' }, { color: 'orange', from: 0.01 }],
        }),
        number({
          title: 'Untold',
          description: 'Events that webhooks have not taken yet.',
          unit: units.Short,
          width: 6,
          queries: [{ expr: `sum(vigie_webhook_backlog${R})` }],
          colours: [{ color: 'green' }, { color: 'orange', from: 10 }],
        }),
        series({
          title: 'Pictures, by what became of them',
          description: 'A second.',
          unit: units.Short,
          look: 'stacked',
          queries: [
            { expr: `sum by (result) (rate(vigie_motion_frames_total${R}${RATE}))`, legend: '{{result}}' },
          ],
        }),
        series({
          title: 'Time of one picture',
          description: 'From its arrival to what was seen.',
          unit: units.Seconds,
          min: 0,
          queries: [0.5, 0.95, 0.99].map((q) => ({
            expr: quantile(q, 'vigie_motion_seconds'),
            legend: `p${q * 100}, {{instance}}`,
          })),
        }),
        series({
          title: 'Left out, by stage',
          description: 'A second. Recording is never left out: this is what gives instead.',
          unit: units.Short,
          look: 'bars',
          queries: [{ expr: `sum by (stage) (rate(vigie_shed_total${R}${RATE}))`, legend: '{{stage}}' }],
        }),
        series({
          title: 'Busiest cameras',
          description: 'Those of which most pictures a second are looked at.',
          unit: units.Short,
          queries: [
            {
              expr: `topk(10, sum by (camera) (rate(vigie_motion_frames_total${R}${RATE})))`,
              legend: '{{camera}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Who is told',
      panels: [
        series({
          title: 'Webhooks',
          description: 'What became of tries to tell them, and what was dropped untold.',
          unit: units.Short,
          look: 'bars',
          queries: [
            {
              expr: `sum by (hook, result) (increase(vigie_webhook_deliveries_total${R}${RATE}))`,
              legend: '{{hook}}: {{result}}',
            },
          ],
        }),
        series({
          title: 'Waiting for webhooks',
          description: 'Events that they have not taken yet.',
          unit: units.Short,
          min: 0,
          queries: [{ expr: `vigie_webhook_backlog${R}`, legend: '{{hook}}, {{instance}}' }],
        }),
        series({
          title: 'Events that were lost',
          description: 'The catalog did not take them in time. Footage is not concerned.',
          unit: units.Short,
          look: 'bars',
          queries: [{ expr: `increase(vigie_events_dropped_total${R}${RATE})`, legend: '{{instance}}' }],
        }),
      ],
    },
  ],
});
