import { setImmediate as nextTurn } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { CameraMetrics, type CameraWords } from './camera-metrics.ts';
import { Instruments } from './instruments.ts';
import { MotionMetrics, type MotionWords } from './motion-metrics.ts';
import { StorageMetrics, type StorageWords } from './storage-metrics.ts';
import { ThreadMetrics } from './thread-metrics.ts';

/** Of the default ones: gauges whose names say that they are counters. Their parts are told by type. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Every word that a label may be, so that no camera, encoder or browser can add a series. */
export interface MetricWords {
  readonly camera: CameraWords;
  readonly storage: StorageWords;
  readonly motion: MotionWords;
  readonly playbackRoutes: readonly string[];
  readonly refusalCauses: readonly string[];
}

export interface MetricsOptions {
  readonly words: MetricWords;
  readonly version: string;
  /** Of the configuration. */
  readonly cameras: readonly {
    readonly id: string;
    readonly enabled: boolean;
    /** Its encoder pushes to us. */
    readonly pushed: boolean;
    /** Motion is looked for. */
    readonly watched: boolean;
  }[];
}

/** All metrics of the server: names, labels and units are the contract's. */
export class Metrics {
  readonly camera: CameraMetrics;
  readonly thread: ThreadMetrics;
  readonly storage: StorageMetrics;
  readonly motion: MotionMetrics;

  readonly #registry = new Registry();
  readonly #instruments = new Instruments(this.#registry);
  readonly #ready = this.#instruments.gauge(
    'vigie_ready',
    '1 when the server does its work, 0 when /readyz says why not',
  );
  readonly #rtmpRefusals = this.#instruments.counter(
    'vigie_rtmp_refused_total',
    'RTMP connections that were cut, by why',
    ['cause'],
  );
  readonly #rtmpDrops = this.#instruments.counter(
    'vigie_rtmp_messages_dropped_total',
    'Audio and video messages of an encoder that its recording thread did not take in time',
    ['camera'],
  );
  readonly #firstByte = this.#instruments.histogram(
    'vigie_playback_first_byte_seconds',
    'From a request for footage to the first byte of its answer',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    ['route'],
  );

  constructor({ words, version, cameras }: MetricsOptions) {
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
    this.#instruments
      .gauge('vigie_build_info', 'Always 1: which version runs, on which Node', ['version', 'node'])
      .set({ version, node: process.version }, 1);
    this.camera = new CameraMetrics(this.#instruments, words.camera);
    this.thread = new ThreadMetrics(this.#instruments, () => performance.now() / 1e3);
    this.storage = new StorageMetrics(this.#instruments, words.storage);
    this.motion = new MotionMetrics(this.#instruments, words.motion);
    for (const { id, enabled, pushed, watched } of cameras) {
      this.camera.add(id, enabled);
      if (watched) this.motion.addCamera(id);
      if (enabled && pushed) this.#rtmpDrops.inc({ camera: id }, 0);
    }
    for (const cause of words.refusalCauses) this.#rtmpRefusals.inc({ cause }, 0);
    for (const route of words.playbackRoutes) this.#firstByte.zero({ route });
  }

  ready(ready: boolean): void {
    this.#ready.set(ready ? 1 : 0);
  }

  rtmpRefused(cause: string, connections: number): void {
    this.#rtmpRefusals.inc({ cause }, connections);
  }

  rtmpDropped(camera: string, messages: number): void {
    this.#rtmpDrops.inc({ camera }, messages);
  }

  firstByte(route: string, seconds: number): void {
    this.#firstByte.observe({ route }, seconds);
  }

  /** Prometheus text. One metric after the other: a city has ten thousand series, and what else is due is not to wait. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    this.thread.refresh();
    const texts: string[] = [];
    for (const { name } of this.#registry.getMetricsAsArray()) {
      texts.push(await this.#registry.getSingleMetricAsString(name));
      await nextTurn();
    }
    return { contentType: this.#registry.contentType, body: `${texts.join('\n\n')}\n` };
  }
}
