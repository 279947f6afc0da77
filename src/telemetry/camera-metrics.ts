import type { Gauge } from 'prom-client';
import { growth, type Instruments } from './instruments.ts';

/** What a camera's recording thread last said, in totals since that thread started. */
export interface CameraTotals {
  readonly bytes: number;
  readonly frames: number;
  readonly framesDamaged: number;
  readonly timestampsRepaired: number;
  readonly packetsLost: number;
  readonly recordedSeconds: number;
  readonly reconnects: Readonly<Record<string, number>>;
}

/** What is so at the moment; `null`: not known, and then not told. */
export interface CameraGauges {
  readonly state: string;
  /** Seconds since 1970. */
  readonly stateSince: number;
  readonly codec: string | null;
  readonly widthPixels: number | null;
  readonly heightPixels: number | null;
  readonly keyFrameIntervalSeconds: number | null;
  readonly hasSound: boolean;
  readonly clockOffsetSeconds: number | null;
  readonly clockOffsetErrorSeconds: number | null;
  readonly clockDriftPpm: number | null;
  readonly clockDriftErrorPpm: number | null;
  /** Seconds since 1970. */
  readonly certificateEnd: number | null;
}

/** The gauges that are only there while something is known. */
type OptionalGauge =
  | 'widthPixels'
  | 'heightPixels'
  | 'keyFrameIntervalSeconds'
  | 'clockOffsetSeconds'
  | 'clockOffsetErrorSeconds'
  | 'clockDriftPpm'
  | 'clockDriftErrorPpm'
  | 'certificateEnd';

/** Every word that a label may be. What a camera sends never becomes one. */
export interface CameraWords {
  readonly states: readonly string[];
  readonly gapCauses: readonly string[];
  readonly reconnectCauses: readonly string[];
  readonly codecs: readonly string[];
}

const CAMERA = ['camera'] as const;

/** One set of series for each configured camera, all of them there from the start. */
export class CameraMetrics {
  readonly #words: CameraWords;
  readonly #before = new Map<string, CameraTotals>();
  readonly #state;
  readonly #stateSince;
  readonly #bytes;
  readonly #frames;
  readonly #damaged;
  readonly #repaired;
  readonly #lost;
  readonly #reconnects;
  readonly #recorded;
  readonly #expected;
  readonly #gaps;
  readonly #codec;
  readonly #sound;
  readonly #optional: Readonly<Record<OptionalGauge, Gauge<'camera'>>>;

  constructor(instruments: Instruments, words: CameraWords) {
    this.#words = words;
    const counter = (name: string, help: string) => instruments.counter(name, help, CAMERA);
    const gauge = (name: string, help: string) => instruments.gauge(name, help, CAMERA);
    this.#state = instruments.gauge(
      'vigie_camera_state',
      '1 for the state that a camera is in, 0 for the others',
      ['camera', 'state'],
    );
    this.#stateSince = gauge(
      'vigie_camera_state_since_timestamp_seconds',
      'When a camera got into the state that it is in',
    );
    this.#bytes = counter('vigie_ingest_bytes_total', 'Bytes read from a camera');
    this.#frames = counter('vigie_ingest_frames_total', 'Pictures received whole');
    this.#damaged = counter(
      'vigie_ingest_frames_damaged_total',
      'Pictures left out because a part of them was lost or broken',
    );
    this.#repaired = counter(
      'vigie_ingest_timestamps_repaired_total',
      'Timestamps of pictures that made no sense and were replaced',
    );
    this.#lost = counter('vigie_rtp_packets_lost_total', 'RTP packets of the video that never came');
    this.#reconnects = instruments.counter(
      'vigie_reconnects_total',
      'Connections to a camera that failed or ended, by cause',
      ['camera', 'cause'],
    );
    this.#recorded = counter('vigie_recorded_seconds_total', 'Seconds of video written to disk');
    this.#expected = counter(
      'vigie_expected_seconds_total',
      'Seconds for which an enabled camera should have been recorded',
    );
    this.#gaps = instruments.counter(
      'vigie_gap_seconds_total',
      'Seconds that were not recorded, by cause; a gap counts until the first fragment after it is on disk',
      ['camera', 'cause'],
    );
    this.#codec = instruments.gauge('vigie_video_codec', '1 for the codec that a camera sends', [
      'camera',
      'codec',
    ]);
    this.#sound = gauge('vigie_camera_sound', '1 when the sound of a camera is recorded, 0 when it is not');
    this.#optional = {
      widthPixels: gauge('vigie_video_width_pixels', 'Width of the pictures that a camera sends'),
      heightPixels: gauge('vigie_video_height_pixels', 'Height of the pictures that a camera sends'),
      keyFrameIntervalSeconds: gauge(
        'vigie_video_key_frame_interval_seconds',
        'From the last key frame but one of a camera to the last one',
      ),
      clockOffsetSeconds: gauge(
        'vigie_clock_offset_seconds',
        'Camera clock minus the clock of this machine; only of cameras that tell the time',
      ),
      clockOffsetErrorSeconds: gauge(
        'vigie_clock_offset_error_seconds',
        'The true offset of the camera clock is within this of vigie_clock_offset_seconds',
      ),
      clockDriftPpm: gauge(
        'vigie_clock_drift_ppm',
        'How fast the camera clock runs against the clock of this machine, in millionths',
      ),
      clockDriftErrorPpm: gauge(
        'vigie_clock_drift_error_ppm',
        'The true drift of the camera clock is within this of vigie_clock_drift_ppm',
      ),
      certificateEnd: gauge(
        'vigie_camera_certificate_expiry_timestamp_seconds',
        'When the certificate of an RTSPS camera ends; not of cameras whose certificate is pinned',
      ),
    };
  }

  /** A camera of the configuration: from here on its counters are there, at zero. */
  add(camera: string, enabled: boolean): void {
    for (const state of this.#words.states) {
      this.#state.set({ camera, state }, !enabled && state === 'disabled' ? 1 : 0);
    }
    if (!enabled) return;
    for (const counter of [
      ...[this.#bytes, this.#frames, this.#damaged, this.#repaired, this.#lost],
      ...[this.#recorded, this.#expected],
    ]) {
      counter.inc({ camera }, 0);
    }
    for (const cause of this.#words.gapCauses) this.#gaps.inc({ camera, cause }, 0);
    for (const cause of this.#words.reconnectCauses) this.#reconnects.inc({ camera, cause }, 0);
  }

  reported(camera: string, totals: CameraTotals, gauges: CameraGauges): void {
    const before = this.#before.get(camera);
    this.#before.set(camera, totals);
    this.#bytes.inc({ camera }, growth(totals.bytes, before?.bytes));
    this.#frames.inc({ camera }, growth(totals.frames, before?.frames));
    this.#damaged.inc({ camera }, growth(totals.framesDamaged, before?.framesDamaged));
    this.#repaired.inc({ camera }, growth(totals.timestampsRepaired, before?.timestampsRepaired));
    this.#lost.inc({ camera }, growth(totals.packetsLost, before?.packetsLost));
    this.#recorded.inc({ camera }, growth(totals.recordedSeconds, before?.recordedSeconds));
    for (const cause of this.#words.reconnectCauses) {
      const count = totals.reconnects[cause];
      if (count !== undefined) {
        this.#reconnects.inc({ camera, cause }, growth(count, before?.reconnects[cause]));
      }
    }
    for (const state of this.#words.states) {
      this.#state.set({ camera, state }, state === gauges.state ? 1 : 0);
    }
    this.#stateSince.set({ camera }, gauges.stateSince);
    if (gauges.codec !== null) {
      for (const codec of this.#words.codecs) {
        this.#codec.set({ camera, codec }, codec === gauges.codec ? 1 : 0);
      }
    }
    this.#sound.set({ camera }, gauges.hasSound ? 1 : 0);
    for (const [name, gauge] of Object.entries(this.#optional)) {
      const value = gauges[name as OptionalGauge];
      if (value === null) gauge.remove({ camera });
      else gauge.set({ camera }, value);
    }
  }

  /** So much more time for which the camera should have been recorded. */
  timePassed(camera: string, seconds: number): void {
    this.#expected.inc({ camera }, seconds);
  }

  notRecorded(camera: string, cause: string, seconds: number): void {
    this.#gaps.inc({ camera, cause }, seconds);
  }
}
