import * as units from '@grafana/grafana-foundation-sdk/units';
import { board, CAMERA, number, series, states } from './parts.ts';

const C = `{${CAMERA}}`;
const RATE = '[$__rate_interval]';

/** Everything that is known of one camera. */
export const camera = board({
  uid: 'vigie-camera',
  title: 'camera',
  description: 'One camera: whether it is recorded, what it sends, what is wrong with it.',
  camera: true,
  from: 'now-6h',
  sections: [
    {
      panels: [
        states({
          title: 'State',
          description: 'Green bands: what the camera was doing when.',
          unit: units.Short,
          queries: [{ expr: `sum by (state) (vigie_camera_state${C})`, legend: '{{state}}' }],
          colours: [{ color: 'transparent' }, { color: 'green', from: 1 }],
        }),
        number({
          title: 'Recorded, shown time',
          description: 'Of the time for which it should have been recorded. The objective is 99.9 %.',
          unit: units.PercentUnit,
          decimals: 3,
          queries: [
            {
              expr: `increase(vigie_recorded_seconds_total${C}[$__range]) / increase(vigie_expected_seconds_total${C}[$__range])`,
            },
          ],
          colours: [{ color: 'red' }, { color: 'orange', from: 0.99 }, { color: 'green', from: 0.999 }],
        }),
        number({
          title: 'State',
          description: 'What it is doing now.',
          unit: units.Short,
          text: 'name',
          queries: [{ expr: `vigie_camera_state${C} == 1`, legend: '{{state}}' }],
        }),
        number({
          title: 'In that state for',
          description: 'How long it has been doing that.',
          unit: units.Seconds,
          queries: [{ expr: `time() - vigie_camera_state_since_timestamp_seconds${C}` }],
        }),
        number({
          title: 'Codec',
          description: 'What it sends.',
          unit: units.Short,
          text: 'name',
          queries: [{ expr: `vigie_video_codec${C} == 1`, legend: '{{codec}}' }],
        }),
        number({
          title: 'Picture',
          description: 'Width and height of its pictures.',
          unit: units.Pixels,
          queries: [
            { expr: `vigie_video_width_pixels${C}`, legend: 'width' },
            { expr: `vigie_video_height_pixels${C}`, legend: 'height' },
          ],
        }),
        number({
          title: 'Sound',
          description: '1: its sound is recorded.',
          unit: units.Short,
          queries: [{ expr: `vigie_camera_sound${C}` }],
        }),
        series({
          title: 'Not recorded, by cause',
          description: 'Seconds that are missing.',
          unit: units.Seconds,
          look: 'bars',
          queries: [{ expr: `increase(vigie_gap_seconds_total${C}${RATE}) > 0`, legend: '{{cause}}' }],
        }),
        series({
          title: 'Failed connections, by cause',
          description: 'Connections that could not be made, or ended.',
          unit: units.Short,
          look: 'bars',
          queries: [{ expr: `increase(vigie_reconnects_total${C}${RATE})`, legend: '{{cause}}' }],
        }),
      ],
    },
    {
      title: 'What it sends',
      panels: [
        series({
          title: 'Bitrate',
          description: 'Everything that is read from it, sound and protocol included.',
          unit: units.BitsPerSecondSI,
          min: 0,
          queries: [{ expr: `8 * rate(vigie_ingest_bytes_total${C}${RATE})`, legend: 'bitrate' }],
        }),
        series({
          title: 'Pictures',
          description: 'Whole ones a second, and those left out because a part of them was lost or broken.',
          unit: units.Short,
          min: 0,
          queries: [
            { expr: `rate(vigie_ingest_frames_total${C}${RATE})`, legend: 'whole' },
            { expr: `rate(vigie_ingest_frames_damaged_total${C}${RATE})`, legend: 'damaged' },
          ],
        }),
        series({
          title: 'Key frames',
          description: 'Time from one to the next: how exactly a moment can be jumped to.',
          unit: units.Seconds,
          min: 0,
          queries: [{ expr: `vigie_video_key_frame_interval_seconds${C}`, legend: 'interval' }],
        }),
        series({
          title: 'Lost packets, repaired timestamps',
          description:
            'A second. Lost packets are the network, or a camera that cannot keep up; timestamps are the camera.',
          unit: units.Short,
          min: 0,
          queries: [
            { expr: `rate(vigie_rtp_packets_lost_total${C}${RATE})`, legend: 'packets lost' },
            {
              expr: `rate(vigie_ingest_timestamps_repaired_total${C}${RATE})`,
              legend: 'timestamps repaired',
            },
            {
              expr: `rate(vigie_rtmp_messages_dropped_total${C}${RATE})`,
              legend: 'messages of its encoder dropped',
            },
          ],
        }),
      ],
    },
    {
      title: 'Its clock and its certificate',
      panels: [
        series({
          title: 'Clock',
          description:
            'Its clock minus ours, between the two bounds. Nothing is shown of a camera that tells no time.',
          unit: units.Seconds,
          queries: [
            { expr: `vigie_clock_offset_seconds${C}`, legend: 'offset' },
            {
              expr: `vigie_clock_offset_seconds${C} + vigie_clock_offset_error_seconds${C}`,
              legend: 'at most',
            },
            {
              expr: `vigie_clock_offset_seconds${C} - vigie_clock_offset_error_seconds${C}`,
              legend: 'at least',
            },
          ],
        }),
        series({
          title: 'Drift of its clock',
          description: 'How fast it runs against ours, known after some eight minutes.',
          unit: units.PartsPerMillion,
          queries: [
            { expr: `vigie_clock_drift_ppm${C}`, legend: 'drift' },
            { expr: `vigie_clock_drift_ppm${C} + vigie_clock_drift_error_ppm${C}`, legend: 'at most' },
            { expr: `vigie_clock_drift_ppm${C} - vigie_clock_drift_error_ppm${C}`, legend: 'at least' },
          ],
        }),
        number({
          title: 'Certificate ends in',
          description: 'Of RTSPS cameras whose certificate is not pinned; others show nothing.',
          unit: units.Seconds,
          width: 6,
          queries: [{ expr: `vigie_camera_certificate_expiry_timestamp_seconds${C} - time()` }],
          colours: [{ color: 'red' }, { color: 'orange', from: 604800 }, { color: 'green', from: 1209600 }],
        }),
      ],
    },
    {
      title: 'Motion',
      panels: [
        series({
          title: 'Pictures looked at',
          description: 'What became of pictures that were given to motion detection, a second.',
          unit: units.Short,
          look: 'stacked',
          queries: [{ expr: `rate(vigie_motion_frames_total${C}${RATE})`, legend: '{{result}}' }],
        }),
      ],
    },
  ],
});
