import { beforeEach, describe, expect, it } from 'vitest';
import type { CameraRow } from '../../src/catalog/catalog.ts';
import type { CameraState, CameraStatus } from '../../src/ingest/camera-status.ts';
import { METRIC_WORDS } from '../../src/metric-words.ts';
import { observePushes } from '../../src/push-telemetry.ts';
import { observeRecording } from '../../src/recording-telemetry.ts';
import { Completeness } from '../../src/telemetry/completeness.ts';
import { Incidents } from '../../src/telemetry/incidents.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { systemClock } from '../../src/time/clock.ts';
import type { ThreadLoad } from '../../src/time/thread-load.ts';
import { wallMicros } from '../../src/time/units.ts';
import { statusView } from '../support/api.ts';
import { type Samples, parseSamples } from '../support/prometheus.ts';
import { seededRandom } from '../support/random.ts';

const QUAI: CameraRow = { cameraNo: 1, id: 'quai', name: 'Quai' };
const LOAD: ThreadLoad = {
  loopDelaySeconds: 0.01,
  cpuSeconds: 2,
  busySeconds: 3,
  pauseSeconds: 0.5,
  heapBytes: 1e7,
};

let metrics: Metrics;
let samples: () => Promise<Samples>;
let observer: ReturnType<typeof observeRecording>;
const log = createLogger({ level: 'silent' });

beforeEach(() => {
  metrics = new Metrics({
    words: METRIC_WORDS,
    version: '1.2.3',
    cameras: [
      { id: 'quai', enabled: true, pushed: true, watched: true },
      { id: 'gare', enabled: false, pushed: false, watched: false },
    ],
  });
  samples = async () => parseSamples((await metrics.text()).body);
  observer = observeRecording(log, metrics, new Incidents(systemClock));
});

const status = (
  changes: Partial<CameraStatus> = {},
  stats: Partial<CameraStatus['stats']> = {},
): CameraStatus => {
  const base = statusView('quai', 'Quai').status;
  return { ...base, ...changes, stats: { ...base.stats, ...stats } };
};

it('a scrape lets everything else have its turn between one metric and the next', async () => {
  let turns = 0;
  const count = (): void => {
    turns++;
    turn = setImmediate(count);
  };
  let turn = setImmediate(count);
  const { body } = await metrics.text();
  clearImmediate(turn);
  expect(turns).toBeGreaterThanOrEqual(body.split('# TYPE').length - 2);
});

describe('metrics of cameras', () => {
  it('are there from the start, at zero, for every cause that there is', async () => {
    const now = await samples();
    expect(now.value('vigie_recorded_seconds_total', { camera: 'quai' })).toBe(0);
    expect(now.value('vigie_gap_seconds_total', { camera: 'quai', cause: 'overload' })).toBe(0);
    expect(now.value('vigie_reconnects_total', { camera: 'quai', cause: 'credentials' })).toBe(0);
    expect(now.value('vigie_camera_state', { camera: 'gare', state: 'disabled' })).toBe(1);
    // Nobody expects anything of a camera that is switched off.
    expect(now.value('vigie_expected_seconds_total', { camera: 'gare' })).toBeUndefined();
    expect(now.value('vigie_build_info', { version: '1.2.3', node: process.version })).toBe(1);
    expect(now.value('vigie_rtmp_messages_dropped_total', { camera: 'quai' })).toBe(0);
  });

  it('go on when the thread that counts begins again', async () => {
    observer.status(QUAI, status({}, { bytes: 1_000, reconnects: { offline: 3 }, recordedTicks: 900_000 }));
    observer.status(QUAI, status({}, { bytes: 1_500, reconnects: { offline: 3 }, recordedTicks: 990_000 }));
    observer.status(QUAI, status({}, { bytes: 0, reconnects: {}, recordedTicks: 0 }));
    observer.status(QUAI, status({}, { bytes: 200, reconnects: { offline: 1 }, recordedTicks: 90_000 }));
    const now = await samples();
    expect(now.value('vigie_ingest_bytes_total', { camera: 'quai' })).toBe(1_700);
    expect(now.value('vigie_reconnects_total', { camera: 'quai', cause: 'offline' })).toBe(4);
    expect(now.value('vigie_recorded_seconds_total', { camera: 'quai' })).toBe(12);
  });

  it('say nothing where nothing is known', async () => {
    const offset = { camera: 'quai' };
    observer.status(QUAI, status({ certificateEnd: wallMicros(1_800_000_000_000_000) }));
    expect((await samples()).value('vigie_clock_offset_seconds', offset)).toBe(-0.0015);
    expect((await samples()).value('vigie_camera_certificate_expiry_timestamp_seconds', offset)).toBe(1.8e9);
    observer.status(QUAI, status({ video: undefined }, { clockOffsetMicros: null, gopTicks: 0 }));
    const now = await samples();
    expect(now.value('vigie_clock_offset_seconds', offset)).toBeUndefined();
    expect(now.value('vigie_camera_certificate_expiry_timestamp_seconds', offset)).toBeUndefined();
    expect(now.value('vigie_video_width_pixels', offset)).toBeUndefined();
  });

  it('are as many as they were, whatever a camera or an encoder says', async () => {
    const random = seededRandom(8);
    const word = () => Array.from({ length: 12 }, () => String.fromCharCode(32 + random() * 90)).join('');
    const pushes = observePushes(log, metrics, new Incidents(systemClock));
    const report = (): void => {
      const video = { codecs: word(), width: Math.floor(random() * 1e5), height: Math.floor(random() * 1e5) };
      const audio = { codecs: word(), sampleRate: random() * 1e6, channels: random() * 99 };
      const states = METRIC_WORDS.camera.states as readonly CameraState[];
      const state = states[Math.floor(random() * states.length)] as CameraState;
      observer.cameraChanged(QUAI, state, word());
      observer.status(QUAI, status({ state, reason: word(), video, audio, audioProblem: word() }));
      pushes.published('quai', word());
      pushes.refused({ kind: 'refused', cause: 'name', reason: word(), peer: word(), cameraId: word() });
      pushes.counts({
        kind: 'counts',
        refused: { name: 4 },
        dropped: [{ id: 'quai', messages: 1 }],
        load: LOAD,
      });
    };
    report();
    const before = (await samples()).series.filter((series) => series.startsWith('vigie_'));
    for (let i = 0; i < 500; i++) report();
    const after = (await samples()).series.filter((series) => series.startsWith('vigie_'));
    expect(after.toSorted()).toEqual(before.toSorted());
    expect((await samples()).value('vigie_rtmp_refused_total', { cause: 'name' })).toBe(4 * 501);
  });
});

describe('metrics of threads', () => {
  const up = async (thread: string) => (await samples()).value('vigie_thread_up', { thread });

  it('keep what a thread took before it died, and say that it is down', async () => {
    const buffers = { bytes: 5, budgetBytes: 10 };
    observer.threadReported('ingest-1', LOAD, buffers);
    observer.threadReported('ingest-1', { ...LOAD, cpuSeconds: 5 }, buffers);
    expect(await up('ingest-1')).toBe(1);
    expect((await samples()).value('vigie_thread_deaths_total', { thread: 'ingest-1' })).toBe(0);
    observer.threadDied('ingest-1', new Error('no'), 500);
    // The settling after it failed as well: that is no second death.
    observer.threadDied('ingest-1', new Error('no'), 0);
    expect(await up('ingest-1')).toBe(0);
    observer.threadReported('ingest-1', { ...LOAD, cpuSeconds: 7 }, buffers);
    const now = await samples();
    expect(await up('ingest-1')).toBe(1);
    expect(now.value('vigie_thread_cpu_seconds_total', { thread: 'ingest-1' })).toBe(12);
    expect(now.value('vigie_thread_deaths_total', { thread: 'ingest-1' })).toBe(1);
    expect(now.value('vigie_record_buffer_limit_bytes', { thread: 'ingest-1' })).toBe(10);
  });

  it('show the worst delay that happened between two looks of Prometheus', async () => {
    const delay = async () => (await samples()).value('vigie_event_loop_delay_seconds', { thread: 'main' });
    metrics.thread.reported('main', { ...LOAD, loopDelaySeconds: 0.7 });
    for (let second = 0; second < 14; second++) metrics.thread.reported('main', LOAD);
    expect(await delay()).toBe(0.7);
    metrics.thread.reported('main', LOAD);
    expect(await delay()).toBe(0.01);
  });
});

describe('seconds that are missing', () => {
  const SECOND = 1_000_000;
  const START = 1_795_453_200 * SECOND;

  it('count from when a gap began, not from when it was noticed', () => {
    const completeness = new Completeness();
    for (let second = 1; second <= 20; second++) {
      expect(completeness.missing('quai', undefined, START + second * SECOND, 1)).toBe(0);
    }
    const gap = { cause: 'no-video', from: START + 10 * SECOND };
    expect(completeness.missing('quai', gap, START + 21 * SECOND, 1)).toBe(11);
    expect(completeness.missing('quai', gap, START + 22 * SECOND, 1)).toBe(1);
    expect(completeness.missing('quai', { ...gap, cause: 'offline' }, START + 23 * SECOND, 1)).toBe(1);
  });

  it('are never more than the time that was counted', () => {
    const completeness = new Completeness();
    // It began before this process did, and is in the catalog from then.
    expect(completeness.missing('quai', { cause: 'crash', from: START - 900 * SECOND }, START, 1)).toBe(1);
    completeness.missing('quai', undefined, START + SECOND, 1);
    completeness.missing('quai', undefined, START + 2 * SECOND, 1);
    const gap = { cause: 'offline', from: START - 900 * SECOND };
    expect(completeness.missing('quai', gap, START + 3 * SECOND, 1)).toBe(3);
    // The clock was set ahead, or back.
    for (let second = 0; second < 300; second++) completeness.missing('gare', undefined, START, 1);
    expect(completeness.missing('gare', { cause: 'offline', from: 0 }, START, 1)).toBe(60);
    for (let second = 0; second < 300; second++) completeness.missing('gare', undefined, START, 1);
    expect(completeness.missing('gare', { cause: 'offline', from: START + 9 * SECOND }, START, 1)).toBe(0);
  });
});
