import * as units from '@grafana/grafana-foundation-sdk/units';
import { board, number, RECORDER, series } from './parts.ts';

const R = `{${RECORDER}}`;
const RATE = '[$__rate_interval]';

/** Where footage goes, and when it dies. */
export const storage = board({
  uid: 'vigie-storage',
  title: 'storage',
  description: 'Disk, object store, retention: what comes, what goes, what waits.',
  from: 'now-24h',
  sections: [
    {
      panels: [
        number({
          title: 'Free',
          description: 'On the disk of the recordings.',
          unit: units.BytesSI,
          queries: [{ expr: `vigie_disk_free_bytes${R}`, legend: '{{instance}}' }],
        }),
        number({
          title: 'Used',
          description: 'Of that disk, by whatever is on it.',
          unit: units.PercentUnit,
          queries: [
            { expr: `1 - vigie_disk_free_bytes${R} / vigie_disk_size_bytes${R}`, legend: '{{instance}}' },
          ],
        }),
        number({
          title: 'Until the reserve',
          description:
            'At the rate at which cameras send now, if nothing is deleted. Negative: recordings make room.',
          unit: units.Seconds,
          queries: [
            {
              expr: `(vigie_disk_free_bytes${R} - vigie_disk_reserve_bytes${R}) / on (instance) sum by (instance) (rate(vigie_ingest_bytes_total${R}[5m]))`,
              legend: '{{instance}}',
            },
          ],
        }),
        number({
          title: 'Waiting',
          description: 'Closed segments that the object store does not have yet. 0 without one.',
          unit: units.BytesSI,
          queries: [{ expr: `sum(vigie_upload_backlog_bytes${R})` }],
        }),
        number({
          title: 'Oldest that waits',
          description: 'Its age. What is on one machine only is lost with it.',
          unit: units.Seconds,
          queries: [{ expr: `max(vigie_upload_backlog_age_seconds${R})` }],
          colours: [{ color: 'green' }, { color: 'orange', from: 900 }, { color: 'red', from: 3600 }],
        }),
        number({
          title: 'Lost',
          description: 'Segments that were found to be nowhere any more. Anything but 0 wants looking into.',
          unit: units.Short,
          queries: [{ expr: `sum(vigie_storage_lost_total${R})` }],
          colours: [{ color: 'green' }, { color: 'red', from: 1 }],
        }),
        series({
          title: 'Disk',
          description: 'Free, and the reserve that recordings keep free.',
          unit: units.BytesSI,
          min: 0,
          queries: [
            { expr: `vigie_disk_free_bytes${R}`, legend: 'free, {{instance}}' },
            { expr: `vigie_disk_reserve_bytes${R}`, legend: 'reserve, {{instance}}' },
            { expr: `vigie_disk_size_bytes${R}`, legend: 'size, {{instance}}' },
          ],
        }),
        series({
          title: 'In and out',
          description:
            'What cameras send, and what goes to the object store. In the long run they are equal.',
          unit: units.BytesPerSecondSI,
          min: 0,
          queries: [
            {
              expr: `sum by (instance) (rate(vigie_ingest_bytes_total${R}${RATE}))`,
              legend: 'in, {{instance}}',
            },
            { expr: `rate(vigie_upload_bytes_total${R}${RATE})`, legend: 'to the store, {{instance}}' },
          ],
        }),
      ],
    },
    {
      title: 'Object store',
      panels: [
        series({
          title: 'Waiting',
          description: 'Segments that it does not have yet.',
          unit: units.Short,
          min: 0,
          queries: [{ expr: `vigie_upload_backlog_segments${R}`, legend: '{{instance}}' }],
        }),
        series({
          title: 'Age of the oldest that waits',
          description: 'Grows by a second a second while the store takes nothing.',
          unit: units.Seconds,
          min: 0,
          queries: [{ expr: `vigie_upload_backlog_age_seconds${R}`, legend: '{{instance}}' }],
        }),
        series({
          title: 'Segments stored',
          description: 'A second.',
          unit: units.OpsPerSecond,
          min: 0,
          queries: [{ expr: `rate(vigie_upload_segments_total${R}${RATE})`, legend: '{{instance}}' }],
        }),
        series({
          title: 'What it did not take',
          description:
            'By what was wrong: untrusted is its certificate, refused its permissions, corrupt the bytes.',
          unit: units.Short,
          look: 'bars',
          queries: [
            {
              expr: `sum by (problem) (increase(vigie_upload_errors_total${R}${RATE}))`,
              legend: '{{problem}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'What goes',
      panels: [
        series({
          title: 'Deleted on its day',
          description: 'Segments whose time was over, by where they were.',
          unit: units.Short,
          look: 'bars',
          queries: [
            {
              expr: `sum by (tier) (increase(vigie_retention_deleted_total${R}${RATE}))`,
              legend: '{{tier}}',
            },
          ],
        }),
        series({
          title: 'To make room',
          description: 'Local copies of what is in the store are no loss; what goes before its time is.',
          unit: units.Short,
          look: 'bars',
          queries: [
            {
              expr: `increase(vigie_storage_evicted_total${R}${RATE})`,
              legend: 'local copies, {{instance}}',
            },
            {
              expr: `increase(vigie_storage_sacrificed_total${R}${RATE})`,
              legend: 'before its time, {{instance}}',
            },
          ],
        }),
        series({
          title: 'Rounds that failed',
          description:
            'Of keeping room, retention or counting. They are tried again; the log says what it was.',
          unit: units.Short,
          look: 'bars',
          queries: [{ expr: `increase(vigie_storage_errors_total${R}${RATE})`, legend: '{{instance}}' }],
        }),
      ],
    },
  ],
});
