import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a camera's recording thread last said, in totals since that thread started, and what follows from it. */
export interface CameraTotals {
  readonly bytes: number;
  readonly frames: number;
  readonly packetsLost: number;
  readonly recordedSeconds: number;
  readonly reconnects: Readonly<Record<string, number>>;
}

export interface CameraGauges {
  readonly state: string;
  readonly clockOffsetSeconds: number | null;
  readonly clockDriftPpm: number | null;
}

/** All metrics of the server: names, labels and units are the contract's. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #states: readonly string[];
  readonly #before = new Map<string, CameraTotals>();

  readonly #state = this.#gauge('vigie_camera_state', '1 for the state a camera is in, 0 for the others', [
    'camera',
    'state',
  ]);
  readonly #bytes = this.#counter('vigie_ingest_bytes_total', 'Bytes read from a camera', ['camera']);
  readonly #frames = this.#counter('vigie_ingest_frames_total', 'Pictures received whole', ['camera']);
  readonly #lost = this.#counter('vigie_rtp_packets_lost_total', 'RTP packets that never came', ['camera']);
  readonly #reconnects = this.#counter('vigie_reconnects_total', 'Connections that failed or ended', [
    'camera',
    'cause',
  ]);
  readonly #recorded = this.#counter('vigie_recorded_seconds_total', 'Seconds of video on disk', ['camera']);
  readonly #expected = this.#counter(
    'vigie_expected_seconds_total',
    'Seconds for which an enabled camera should have been recorded',
    ['camera'],
  );
  readonly #gaps = this.#counter('vigie_gap_seconds_total', 'Seconds not recorded, by cause', [
    'camera',
    'cause',
  ]);
  readonly #offset = this.#gauge('vigie_clock_offset_seconds', 'Camera clock minus ours', ['camera']);
  readonly #drift = this.#gauge('vigie_clock_drift_ppm', 'How fast the camera clock runs against ours', [
    'camera',
  ]);
  readonly #loopDelay = this.#gauge(
    'vigie_event_loop_delay_seconds',
    '99th percentile of the event loop delay over the last seconds',
    ['thread'],
  );
  readonly #diskFree = this.#gauge('vigie_disk_free_bytes', 'Free space where segments are kept', []);
  readonly #write = new Histogram({
    name: 'vigie_segment_write_seconds',
    help: 'One write of a fragment to its file',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  });
  readonly #firstByte = new Histogram({
    name: 'vigie_playback_first_byte_seconds',
    help: 'From a request for footage to the first byte of its answer',
    labelNames: ['route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.#registry],
  });

  /** @param states every state that a camera can be in */
  constructor(states: readonly string[]) {
    this.#states = states;
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Totals may start again at zero, with their thread; counters here never go back. */
  cameraReported(camera: string, totals: CameraTotals, gauges: CameraGauges): void {
    const before = this.#before.get(camera);
    this.#before.set(camera, totals);
    const since = (now: number, then: number | undefined): number =>
      then === undefined || now < then ? now : now - then;
    this.#bytes.inc({ camera }, since(totals.bytes, before?.bytes));
    this.#frames.inc({ camera }, since(totals.frames, before?.frames));
    this.#lost.inc({ camera }, since(totals.packetsLost, before?.packetsLost));
    this.#recorded.inc({ camera }, since(totals.recordedSeconds, before?.recordedSeconds));
    for (const [cause, count] of Object.entries(totals.reconnects)) {
      this.#reconnects.inc({ camera, cause }, since(count, before?.reconnects[cause]));
    }
    for (const state of this.#states) this.#state.set({ camera, state }, state === gauges.state ? 1 : 0);
    if (gauges.clockOffsetSeconds !== null) this.#offset.set({ camera }, gauges.clockOffsetSeconds);
    if (gauges.clockDriftPpm !== null) this.#drift.set({ camera }, gauges.clockDriftPpm);
  }

  /** So much more time for which the camera should have been recorded; `cause` when it was not. */
  timePassed(camera: string, seconds: number, cause: string | undefined): void {
    this.#expected.inc({ camera }, seconds);
    if (cause !== undefined) this.#gaps.inc({ camera, cause }, seconds);
  }

  wrote(seconds: number): void {
    this.#write.observe(seconds);
  }

  loopDelay(thread: string, seconds: number): void {
    this.#loopDelay.set({ thread }, seconds);
  }

  diskFree(bytes: number): void {
    this.#diskFree.set(bytes);
  }

  firstByte(route: string, seconds: number): void {
    this.#firstByte.observe({ route }, seconds);
  }

  /** Prometheus text. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}
