import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFrames } from '../../bench/recorded-frames.ts';
import type { SimulatorProcess } from '../../src/simulator/spawn.ts';
import { wallMicros } from '../../src/time/units.ts';
import { spawnSmallCameras } from '../support/cameras.ts';
import { recordedFrames } from '../support/recorded.ts';
import { type RunningRecording, startRecording } from '../support/recording-service.ts';
import { until } from '../support/vigie.ts';

const EVER = [wallMicros(0), wallMicros(4e15)] as const;

describe('a recording thread that dies', () => {
  let simulator: SimulatorProcess;
  let recording: RunningRecording;
  let worker: Worker;

  beforeAll(async () => {
    simulator = await spawnSmallCameras(['one', 'two']);
    const created = once(process, 'worker') as Promise<[Worker]>;
    const sources = { one: simulator.url('one'), two: simulator.url('two') };
    recording = await startRecording(sources, { workers: 2 });
    [worker] = await created;
  }, 60_000);

  afterAll(async () => {
    await recording?.remove();
    await simulator?.stop();
  });

  const sent = async (path: string) => (await simulator.stats()).filter((session) => session.path === path);

  it('comes back with its cameras, and its gap is a crash; the other thread notices nothing', async () => {
    const { service, catalog, segments } = recording;
    await until('both are recorded', () =>
      [1, 2].every((cameraNo) => service.status(cameraNo)?.state === 'recording'),
    );
    await until(
      'a few fragments are there',
      async () =>
        (await sent('one'))[0]?.framesSent !== undefined && ((await sent('one'))[0]?.framesSent ?? 0) > 60,
    );
    await worker.terminate();
    await until('nobody says that it is recorded', () => service.status(1)?.state === 'blocked');
    expect(service.status(2)?.state).toBe('recording');
    await until('the first camera plays again', async () => (await sent('one')).length === 2);
    await until('and is recorded', async () => ((await sent('one'))[1]?.framesSent ?? 0) > 60);
    const stats = await simulator.pause();
    await service.stop();
    expect(recording.deaths).toEqual([{ thread: 'ingest-1', retryMillis: 500 }]);
    const gaps = await catalog.gapsBetween(1, ...EVER);
    expect(gaps.map(({ cause }) => cause)).toContain('crash');
    expect((await catalog.gapsBetween(2, ...EVER)).map(({ cause }) => cause)).not.toContain('crash');
    for (const path of ['one', 'two']) {
      const found = await recordedFrames(segments, path);
      const sessions = stats.filter((session) => session.path === path);
      expect(sessions).toHaveLength(path === 'one' ? 2 : 1);
      const last = sessions.at(-1);
      expect(checkFrames(found, last?.session ?? -1, last?.framesSent ?? -1)).toMatchObject({
        missing: 0,
        doubled: 0,
      });
    }
    expect(await catalog.openSegments()).toEqual([]);
  }, 60_000);
});
