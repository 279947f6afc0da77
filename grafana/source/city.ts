import * as units from '@grafana/grafana-foundation-sdk/units';
import { board, list, number, RECORDER, series } from './parts.ts';

const R = `{${RECORDER}}`;
const complete = (range: string, by = ''): string =>
  `sum${by} (increase(vigie_recorded_seconds_total${R}[${range}])) / sum${by} (increase(vigie_expected_seconds_total${R}[${range}]))`;

/** Is everything recorded, everywhere, and will it stay so? */
export const city = board({
  uid: 'vigie-city',
  title: 'city',
  description:
    'All cameras of all recorders: what is recorded, what is not and why, and how long it can go on.',
  from: 'now-6h',
  sections: [
    {
      panels: [
        number({
          title: 'Recorded, last hour',
          description: 'Of the time that enabled cameras should have been recorded. The objective is 99.9 %.',
          unit: units.PercentUnit,
          decimals: 3,
          queries: [{ expr: complete('1h') }],
          colours: [{ color: 'red' }, { color: 'orange', from: 0.99 }, { color: 'green', from: 0.999 }],
        }),
        number({
          title: 'Recorded, shown time',
          description: 'The same over the time that this dashboard shows.',
          unit: units.PercentUnit,
          decimals: 3,
          queries: [{ expr: complete('$__range') }],
          colours: [{ color: 'red' }, { color: 'orange', from: 0.99 }, { color: 'green', from: 0.999 }],
        }),
        number({
          title: 'Cameras recorded',
          description: 'Cameras of which something is being written at the moment.',
          unit: units.Short,
          queries: [{ expr: `sum(vigie_camera_state{${RECORDER},state="recording"})` }],
        }),
        number({
          title: 'Cameras not recorded',
          description: 'Enabled cameras that are connecting, offline, silent or blocked.',
          unit: units.Short,
          queries: [{ expr: `sum(vigie_camera_state{${RECORDER},state!~"recording|disabled"})` }],
          colours: [{ color: 'green' }, { color: 'orange', from: 1 }, { color: 'red', from: 10 }],
        }),
        number({
          title: 'Incoming',
          description: 'What all cameras send together.',
          unit: units.BitsPerSecondSI,
          queries: [{ expr: `8 * sum(rate(vigie_ingest_bytes_total${R}[$__rate_interval]))` }],
        }),
        number({
          title: 'Waiting for the object store',
          description: 'Age of the oldest segment that is on a recorder only. 0 without an object store.',
          unit: units.Seconds,
          queries: [{ expr: `max(vigie_upload_backlog_age_seconds${R})` }],
          colours: [{ color: 'green' }, { color: 'orange', from: 900 }, { color: 'red', from: 3600 }],
        }),
        list({
          title: 'Cameras that are not recorded',
          description: 'Enabled cameras and what they are doing instead. Why is on the page of the recorder.',
          unit: units.Short,
          queries: [
            {
              expr: `sum by (instance, camera, state) (vigie_camera_state{${RECORDER},state!~"recording|disabled"} == 1)`,
            },
          ],
        }),
        list({
          title: 'Alerts',
          description: 'What Prometheus complains about, or is about to (pending).',
          unit: units.Short,
          queries: [
            {
              expr: 'sum by (alertname, alertstate, severity, instance, camera) (ALERTS{alertname=~"Vigie.+"})',
            },
          ],
        }),
        list({
          title: 'Least complete cameras',
          description: 'Share of the shown time that was recorded, of the ten cameras that lost most.',
          unit: units.PercentUnit,
          queries: [{ expr: `bottomk(10, ${complete('$__range', ' by (instance, camera)')})` }],
          colours: [{ color: 'red' }, { color: 'orange', from: 0.99 }, { color: 'green', from: 0.999 }],
        }),
        series({
          title: 'Not recorded, by cause',
          description: 'Seconds of all cameras together that are missing.',
          unit: units.Seconds,
          look: 'bars',
          queries: [
            {
              expr: `sum by (cause) (increase(vigie_gap_seconds_total${R}[$__rate_interval])) > 0`,
              legend: '{{cause}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'What comes in',
      panels: [
        series({
          title: 'Cameras by state',
          description: 'Every configured camera is in exactly one.',
          unit: units.Short,
          look: 'stacked',
          queries: [{ expr: `sum by (state) (vigie_camera_state${R})`, legend: '{{state}}' }],
        }),
        series({
          title: 'Incoming, by recorder',
          description: 'What cameras send.',
          unit: units.BitsPerSecondSI,
          queries: [
            {
              expr: `8 * sum by (instance) (rate(vigie_ingest_bytes_total${R}[$__rate_interval]))`,
              legend: '{{instance}}',
            },
          ],
        }),
        series({
          title: 'Lost packets, worst cameras',
          description:
            'RTP packets of the video that never came. Over TCP a camera that cannot keep up loses them too.',
          unit: units.PacketsPerSecond,
          queries: [
            {
              expr: `topk(10, sum by (camera) (rate(vigie_rtp_packets_lost_total${R}[$__rate_interval])))`,
              legend: '{{camera}}',
            },
          ],
        }),
        series({
          title: 'Failed connections, by cause',
          description: 'Of all cameras: connections that could not be made, or ended.',
          unit: units.Short,
          look: 'bars',
          queries: [
            {
              expr: `sum by (cause) (increase(vigie_reconnects_total${R}[$__rate_interval])) > 0`,
              legend: '{{cause}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'How long it can go on',
      panels: [
        series({
          title: 'Free on disk',
          description: 'Recordings make room when less than the reserve is free.',
          unit: units.BytesSI,
          min: 0,
          queries: [
            { expr: `vigie_disk_free_bytes${R}`, legend: 'free, {{instance}}' },
            { expr: `vigie_disk_reserve_bytes${R}`, legend: 'reserve, {{instance}}' },
          ],
        }),
        series({
          title: 'Waiting for the object store',
          description: 'Bytes of closed segments that are on a recorder only. 0 without an object store.',
          unit: units.BytesSI,
          min: 0,
          queries: [{ expr: `vigie_upload_backlog_bytes${R}`, legend: '{{instance}}' }],
        }),
      ],
    },
  ],
});
