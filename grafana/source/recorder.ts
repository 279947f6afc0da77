import * as units from '@grafana/grafana-foundation-sdk/units';
import { board, list, number, quantile, RECORDER, series, spread } from './parts.ts';

const R = `{${RECORDER}}`;
const PROCESS = `{job="vigie",${RECORDER}}`;
const RATE = '[$__rate_interval]';
const THREAD = '{{thread}}, {{instance}}';

/** How hard the machine works, and where it would give first. */
export const recorder = board({
  uid: 'vigie-recorder',
  title: 'recorder',
  description: 'The server itself: threads, memory, writing, answering.',
  from: 'now-3h',
  sections: [
    {
      panels: [
        list({
          title: 'Versions',
          description: 'What runs where.',
          unit: units.Short,
          width: 8,
          height: 4,
          queries: [{ expr: `vigie_build_info${R}` }],
        }),
        number({
          title: 'Ready',
          description: '1: the server does its work. 0: /readyz says why not.',
          unit: units.Short,
          queries: [{ expr: `min(vigie_ready${R})` }],
          colours: [{ color: 'red' }, { color: 'green', from: 1 }],
        }),
        number({
          title: 'Running for',
          description: 'Since the last start.',
          unit: units.Seconds,
          queries: [{ expr: `time() - process_start_time_seconds${PROCESS}`, legend: '{{instance}}' }],
        }),
        number({
          title: 'CPU',
          description: 'Cores that the whole process takes; ffmpeg processes are not in it.',
          unit: units.Short,
          decimals: 2,
          queries: [{ expr: `rate(process_cpu_seconds_total${PROCESS}${RATE})`, legend: '{{instance}}' }],
        }),
        number({
          title: 'Memory',
          description: 'What the process has in RAM.',
          unit: units.BytesIEC,
          queries: [{ expr: `process_resident_memory_bytes${PROCESS}`, legend: '{{instance}}' }],
        }),
      ],
    },
    {
      title: 'Threads',
      panels: [
        series({
          title: 'CPU by thread',
          description:
            'Cores. A thread has one at most: a recording thread at 0.8 wants record.workers raised.',
          unit: units.Short,
          look: 'stacked',
          queries: [{ expr: `rate(vigie_thread_cpu_seconds_total${R}${RATE})`, legend: THREAD }],
        }),
        series({
          title: 'Busy by thread',
          description: 'Share of the time in which an event loop waited for nothing.',
          unit: units.PercentUnit,
          min: 0,
          max: 1,
          queries: [{ expr: `rate(vigie_thread_busy_seconds_total${R}${RATE})`, legend: THREAD }],
        }),
        series({
          title: 'Event loop delay by thread',
          description: 'How late what is due is done: 99th percentile of the worst of the last 15 seconds.',
          unit: units.Seconds,
          min: 0,
          queries: [{ expr: `vigie_event_loop_delay_seconds${R}`, legend: THREAD }],
        }),
        series({
          title: 'Garbage collection by thread',
          description: 'Share of the time for which it stopped a thread.',
          unit: units.PercentUnit,
          min: 0,
          queries: [{ expr: `rate(vigie_thread_gc_pause_seconds_total${R}${RATE})`, legend: THREAD }],
        }),
        series({
          title: 'JavaScript heap by thread',
          description: 'Objects. Video lives outside of it.',
          unit: units.BytesIEC,
          min: 0,
          queries: [{ expr: `vigie_thread_heap_bytes${R}`, legend: THREAD }],
        }),
        series({
          title: 'Threads that are not up, and deaths',
          description: 'A thread that ended or hangs; it is started again by itself.',
          unit: units.Short,
          min: 0,
          queries: [
            { expr: `1 - vigie_thread_up${R}`, legend: `down: ${THREAD}` },
            { expr: `increase(vigie_thread_deaths_total${R}${RATE})`, legend: `deaths: ${THREAD}` },
          ],
        }),
      ],
    },
    {
      title: 'Writing',
      panels: [
        series({
          title: 'Time of one write',
          description: 'Of a fragment, two seconds of one camera.',
          unit: units.Seconds,
          min: 0,
          queries: [0.5, 0.95, 0.99].map((q) => ({
            expr: quantile(q, 'vigie_segment_write_seconds'),
            legend: `p${q * 100}, {{instance}}`,
          })),
        }),
        spread({
          title: 'Times of writes',
          description: 'How many writes took how long.',
          unit: units.Seconds,
          queries: [
            {
              expr: `sum by (le) (increase(vigie_segment_write_seconds_bucket${R}${RATE}))`,
              legend: '{{le}}',
            },
          ],
        }),
        series({
          title: 'Writes',
          description: 'Fragments a second.',
          unit: units.OpsPerSecond,
          min: 0,
          queries: [{ expr: `rate(vigie_segment_write_seconds_count${R}${RATE})`, legend: '{{instance}}' }],
        }),
        series({
          title: 'Video on its way to disk',
          description: 'Memory that holds it, and the limit: beyond that, cameras are blocked.',
          unit: units.BytesIEC,
          min: 0,
          queries: [
            { expr: `vigie_record_buffer_bytes${R}`, legend: THREAD },
            { expr: `vigie_record_buffer_limit_bytes${R}`, legend: `limit, ${THREAD}` },
          ],
        }),
        series({
          title: 'What went wrong',
          description:
            'Pauses because of the disk, times that the catalog began to refuse, clocks that were set.',
          unit: units.Short,
          look: 'bars',
          queries: [
            { expr: `increase(vigie_disk_errors_total${R}${RATE})`, legend: 'disk: {{cause}}' },
            { expr: `increase(vigie_catalog_errors_total${R}${RATE})`, legend: 'catalog' },
            { expr: `increase(vigie_clock_steps_total${R}${RATE})`, legend: 'clock set, {{thread}}' },
          ],
        }),
        series({
          title: 'Settled after a crash',
          description: 'Segments that were brought to an end, and files in which there was nothing.',
          unit: units.Short,
          look: 'bars',
          queries: [
            { expr: `increase(vigie_segments_recovered_total${R}${RATE})`, legend: 'recovered' },
            { expr: `increase(vigie_segments_discarded_total${R}${RATE})`, legend: 'discarded' },
          ],
        }),
      ],
    },
    {
      title: 'Answering',
      panels: [
        series({
          title: 'First byte of footage',
          description: 'From a request to the first byte of its answer, 95 of 100.',
          unit: units.Seconds,
          min: 0,
          queries: [
            {
              expr: quantile(0.95, 'vigie_playback_first_byte_seconds', 'route'),
              legend: '{{route}}',
            },
          ],
        }),
        series({
          title: 'Requests for footage',
          description: 'A second.',
          unit: units.RequestsPerSecond,
          min: 0,
          queries: [
            {
              expr: `sum by (route) (rate(vigie_playback_first_byte_seconds_count${R}${RATE}))`,
              legend: '{{route}}',
            },
          ],
        }),
        series({
          title: 'RTMP connections that were cut',
          description: 'By why: wrong keys and names are somebody who tries.',
          unit: units.Short,
          look: 'bars',
          queries: [
            {
              expr: `sum by (cause) (increase(vigie_rtmp_refused_total${R}${RATE}))`,
              legend: '{{cause}}',
            },
          ],
        }),
        series({
          title: 'Open files and sockets',
          description: 'Of the process, and how many it may have. Each camera takes two or so.',
          unit: units.Short,
          min: 0,
          queries: [
            { expr: `process_open_fds${PROCESS}`, legend: 'open, {{instance}}' },
            { expr: `process_max_fds${PROCESS}`, legend: 'most, {{instance}}' },
          ],
        }),
        series({
          title: 'What keeps the main thread busy',
          description: 'Open handles by type, as Node names them.',
          unit: units.Short,
          min: 0,
          queries: [{ expr: `nodejs_active_resources${PROCESS}`, legend: '{{type}}, {{instance}}' }],
        }),
        series({
          title: 'Memory of the process',
          description: 'In RAM, and what of it is outside of the JavaScript heap.',
          unit: units.BytesIEC,
          min: 0,
          queries: [
            { expr: `process_resident_memory_bytes${PROCESS}`, legend: 'in RAM, {{instance}}' },
            { expr: `nodejs_external_memory_bytes${PROCESS}`, legend: 'external, {{instance}}' },
          ],
        }),
      ],
    },
  ],
});
