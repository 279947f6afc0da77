import * as units from '@grafana/grafana-foundation-sdk/units';
import { board, number, quantile, RECORDER, series } from './parts.ts';

const R = `{${RECORDER}}`;
const PROCESS = `{job="vigie",${RECORDER}}`;
const RECORDED = `sum by (instance) (vigie_camera_state{${RECORDER},state="recording"})`;

/** The few curves to watch while a machine is loaded until it gives: short windows, one line a recorder. */
export const bench = board({
  uid: 'vigie-bench',
  title: 'bench',
  description: 'A load test as the server sees it: what a camera costs, and which limit comes first.',
  from: 'now-15m',
  sections: [
    {
      panels: [
        number({
          title: 'Cameras recorded',
          description: 'At the moment.',
          unit: units.Short,
          queries: [{ expr: RECORDED, legend: '{{instance}}' }],
        }),
        number({
          title: 'CPU a camera',
          description: 'Share of a core that the whole server takes for each.',
          unit: units.PercentUnit,
          decimals: 3,
          queries: [
            {
              expr: `sum by (instance) (rate(process_cpu_seconds_total${PROCESS}[1m])) / ${RECORDED}`,
              legend: '{{instance}}',
            },
          ],
        }),
        number({
          title: 'Memory a camera',
          description: 'Of the whole server, for each.',
          unit: units.BytesIEC,
          queries: [
            {
              expr: `sum by (instance) (process_resident_memory_bytes${PROCESS}) / ${RECORDED}`,
              legend: '{{instance}}',
            },
          ],
        }),
        number({
          title: 'Recorded, last minute',
          description:
            'Of the time for which cameras should have been. Fragments of two seconds: it can be a little over 1.',
          unit: units.PercentUnit,
          decimals: 2,
          queries: [
            {
              expr: `sum by (instance) (rate(vigie_recorded_seconds_total${R}[1m])) / sum by (instance) (rate(vigie_expected_seconds_total${R}[1m]))`,
              legend: '{{instance}}',
            },
          ],
        }),
        number({
          title: 'One write, 99 of 100',
          description: 'When it comes near two seconds the disk is the limit.',
          unit: units.Seconds,
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (le, instance) (rate(vigie_segment_write_seconds_bucket${R}[1m])))`,
              legend: '{{instance}}',
            },
          ],
        }),
        number({
          title: 'Worst event loop delay',
          description: 'Of recording threads. When it comes near a second a core is the limit.',
          unit: units.Seconds,
          queries: [
            {
              expr: `max by (instance) (vigie_event_loop_delay_seconds{${RECORDER},thread=~"ingest-.+"})`,
              legend: '{{instance}}',
            },
          ],
        }),
        series({
          title: 'Cameras',
          description: 'Recorded, and configured.',
          unit: units.Short,
          min: 0,
          queries: [
            { expr: RECORDED, legend: 'recorded' },
            { expr: `count by (instance) (vigie_expected_seconds_total${R})`, legend: 'configured' },
          ],
        }),
        series({
          title: 'Cores',
          description: 'Taken by each thread.',
          unit: units.Short,
          look: 'stacked',
          queries: [{ expr: `rate(vigie_thread_cpu_seconds_total${R}[1m])`, legend: '{{thread}}' }],
        }),
        series({
          title: 'Incoming and pictures',
          description: 'Bytes a second; whole pictures a second times 10,000, to be seen on the same axis.',
          unit: units.BytesPerSecondSI,
          min: 0,
          queries: [
            { expr: `sum(rate(vigie_ingest_bytes_total${R}[1m]))`, legend: 'bytes' },
            { expr: `10000 * sum(rate(vigie_ingest_frames_total${R}[1m]))`, legend: 'pictures × 10,000' },
          ],
        }),
        series({
          title: 'What is lost',
          description:
            'A second: packets, damaged pictures, seconds that were not recorded, pictures that motion left out.',
          unit: units.Short,
          min: 0,
          queries: [
            { expr: `sum(rate(vigie_rtp_packets_lost_total${R}[1m]))`, legend: 'packets' },
            { expr: `sum(rate(vigie_ingest_frames_damaged_total${R}[1m]))`, legend: 'damaged pictures' },
            { expr: `sum(rate(vigie_gap_seconds_total${R}[1m]))`, legend: 'seconds not recorded' },
            { expr: `sum(rate(vigie_shed_total${R}[1m]))`, legend: 'left out by motion' },
          ],
        }),
        series({
          title: 'Event loop delay',
          description: 'Of every thread: 99th percentile of the worst of the last 15 seconds.',
          unit: units.Seconds,
          min: 0,
          queries: [{ expr: `vigie_event_loop_delay_seconds${R}`, legend: '{{thread}}' }],
        }),
        series({
          title: 'One write',
          description: 'Of a fragment.',
          unit: units.Seconds,
          min: 0,
          queries: [0.5, 0.99].map((q) => ({
            expr: quantile(q, 'vigie_segment_write_seconds'),
            legend: `p${q * 100}`,
          })),
        }),
        series({
          title: 'Memory',
          description: 'In RAM, and what holds video on its way to disk.',
          unit: units.BytesIEC,
          min: 0,
          queries: [
            { expr: `process_resident_memory_bytes${PROCESS}`, legend: 'in RAM' },
            { expr: `sum by (instance) (vigie_record_buffer_bytes${R})`, legend: 'video on its way' },
          ],
        }),
        series({
          title: 'Garbage collection',
          description: 'Share of the time for which it stops each thread.',
          unit: units.PercentUnit,
          min: 0,
          queries: [{ expr: `rate(vigie_thread_gc_pause_seconds_total${R}[1m])`, legend: '{{thread}}' }],
        }),
      ],
    },
  ],
});
