import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkFrames } from '../../bench/recorded-frames.ts';
import type { WatchOptions } from '../../src/record/recording-service.ts';
import type { ThreadCommand, ThreadReport, ThreadSetup } from '../../src/record/thread-messages.ts';
import { readFragmentHead } from '../../src/media/mp4/fragment-reader.ts';
import { readInit } from '../../src/media/mp4/init-segment.ts';
import type { SimulatorProcess } from '../../src/simulator/spawn.ts';
import { spawnSimulator } from '../../src/simulator/spawn.ts';
import type { WatchedPicture, WatchReport } from '../../src/watch/watched-picture.ts';
import { CLIP_CACHE, smallClip } from '../support/cameras.ts';
import { recordedFrames } from '../support/recorded.ts';
import { type RunningRecording, startRecording } from '../support/recording-service.ts';
import { segmentFiles, temporaryFolder, until } from '../support/vigie.ts';

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of running.splice(0).toReversed()) await end();
});

/** Key frames every fifth of a second, so that groups are many. */
async function cameras(...paths: readonly string[]): Promise<SimulatorProcess> {
  const clip = smallClip({ gopFrames: 5, frames: 100, width: 160, height: 96, bitrateBps: 200_000 });
  const simulator = await spawnSimulator({
    ...{ cacheFolder: CLIP_CACHE, identity: true, cameras: paths.map((path) => ({ path, clip })) },
  });
  running.push(() => simulator.stop());
  return simulator;
}

async function record(
  simulator: SimulatorProcess,
  ids: readonly string[],
  watch: WatchOptions,
): Promise<RunningRecording> {
  const sources = Object.fromEntries(ids.map((id) => [id, simulator.url(id)]));
  const recording = await startRecording(sources, { watch });
  running.push(() => recording.remove());
  return recording;
}

/** Every frame that was sent is in the files. */
async function expectAllRecorded(simulator: SimulatorProcess, segments: string, path: string): Promise<void> {
  const sent = (await simulator.stats()).filter((session) => session.path === path);
  expect(sent).toHaveLength(1);
  const { session = -1, framesSent = -1 } = sent[0] ?? {};
  expect(framesSent).toBeGreaterThan(20);
  expect(checkFrames(await recordedFrames(segments, path), session, framesSent)).toMatchObject({
    missing: 0,
    doubled: 0,
  });
}

/** The key frames in the files of a camera, with the wall time of their fragment's beginning where they begin one. */
async function recordedKeys(segments: string, id: string): Promise<Buffer[]> {
  const keys: Buffer[] = [];
  for (const path of await segmentFiles(segments, id)) {
    const bytes = await readFile(path);
    let at = readInit(bytes)?.bytes ?? bytes.length;
    while (at < bytes.length) {
      const reading = readFragmentHead(bytes, at);
      if (reading.kind !== 'head') {
        // A box that readers skip.
        at += bytes.readUInt32BE(at);
        continue;
      }
      let sample = at + reading.head.payloadOffset;
      for (const [index, size] of reading.head.samples.sizes.entries()) {
        if (reading.head.samples.keys[index] === 1) keys.push(bytes.subarray(sample, sample + size));
        sample += size;
      }
      at += reading.head.totalBytes;
    }
  }
  return keys;
}

describe('what is handed over while it is recorded', () => {
  let pictures: WatchedPicture[];
  beforeAll(() => {
    pictures = [];
  });

  it('are the very key frames of the recording, of no camera that is switched off', async () => {
    const simulator = await cameras('on', 'off');
    const recording = await record(simulator, ['on', 'off'], {
      cameras: new Map([[1, 'keys']]),
      onReport: (report) => void pictures.push(...report.pictures),
    });
    await until('two dozen key frames came', () => pictures.length >= 24);
    await simulator.pause();
    await recording.stop();
    expect(new Set(pictures.map(({ cameraNo }) => cameraNo))).toEqual(new Set([1]));
    const keys = await recordedKeys(recording.segments, 'on');
    const handed = pictures.length;
    expect(handed).toBeLessThanOrEqual(keys.length);
    for (const [index, { sample }] of pictures.entries()) {
      expect(Buffer.compare(sample, keys[index] ?? Buffer.alloc(0))).toBe(0);
    }
    // One stream has one configuration, whatever number of messages it came in.
    expect(new Set(pictures.map(({ config }) => config)).size).toBe(1);
    await expectAllRecorded(simulator, recording.segments, 'on');
    await expectAllRecorded(simulator, recording.segments, 'off');
  });

  it('follows what was said to have moved', async () => {
    const simulator = await cameras('one');
    const reasons: string[] = [];
    let said = 0;
    const recording: RunningRecording = await record(simulator, ['one'], {
      cameras: new Map([[1, 'keys']]),
      onReport(report: WatchReport) {
        for (const { cameraNo, reason } of report.pictures) {
          reasons.push(reason);
          // Of a group that was small nothing is learnt before something was said of it.
          recording.service.seen([{ cameraNo, moving: ++said === 20 }]);
        }
      },
    });
    await until('it is followed', () => reasons.includes('following'));
    expect(reasons.indexOf('following')).toBeGreaterThanOrEqual(20);
    expect(reasons.slice(0, 9)).toEqual(Array<string>(9).fill('learning'));
  });

  it('is no concern of the recording when whoever takes it fails', async () => {
    const simulator = await cameras('one');
    let reports = 0;
    const recording = await record(simulator, ['one'], {
      cameras: new Map([[1, 'all']]),
      onReport() {
        reports++;
        throw new Error('a mistake');
      },
    });
    await until('it failed often', () => reports > 5);
    await simulator.pause();
    await recording.stop();
    expect(recording.failures).toHaveLength(reports);
    await expectAllRecorded(simulator, recording.segments, 'one');
  });
});

describe('a main thread that takes nothing', () => {
  it('costs a bounded number of copies and no frame of the recording', async () => {
    const simulator = await cameras('one');
    const folder = await temporaryFolder();
    running.push(() => folder.remove());
    const watchBytes = 64 * 1024;
    const setup: ThreadSetup = {
      ...{ name: 'ingest-1', storageRoot: join(folder.path, 'segments'), segmentMicros: 60_000_000 },
      ...{ fragmentMicros: 2_000_000, syncMicros: 5_000_000, bufferBytes: 2 ** 24, watchBytes },
      udpPorts: undefined,
      cameras: [
        {
          ...{ cameraNo: 1, id: 'one', audio: false, watch: 'all' },
          source: { kind: 'rtsp', url: simulator.url('one') },
        },
      ],
    };
    const worker = new Worker(new URL('../../workers/ingest-worker.ts', import.meta.url), {
      workerData: setup,
    });
    const reports: Extract<ThreadReport, { kind: 'watch' }>[] = [];
    let frames = 0;
    worker.on('message', (report: ThreadReport) => {
      if (report.kind === 'watch') reports.push(report);
      if (report.kind === 'status') frames = report.cameras[0]?.status.stats.frames ?? 0;
    });
    const command = (what: ThreadCommand): void => worker.postMessage(what);
    const bytesOf = (list: typeof reports): number =>
      list.flatMap(({ report }) => report.pictures).reduce((sum, { sample }) => sum + sample.length, 0);

    await until('much more was recorded than there is room for', () => frames > 250);
    expect(reports).toHaveLength(1);
    command({ kind: 'watch-taken' });
    await until('what waited comes', () => reports.length === 2);
    // What the first one held was free again when it was taken.
    expect(bytesOf(reports)).toBeLessThanOrEqual(watchBytes + bytesOf(reports.slice(0, 1)));
    expect(reports[1]?.shed).toBeGreaterThan(10);
    // As soon as it takes something again, there is something again.
    command({ kind: 'watch-taken' });
    await until('new ones come', () => reports.length === 3);
    expect(reports[2]?.report.pictures.length).toBeGreaterThan(0);

    await simulator.pause();
    const ended = once(worker, 'exit');
    command({ kind: 'stop' });
    await ended;
    await expectAllRecorded(simulator, setup.storageRoot, 'one');
  });
});
