import { once } from 'node:events';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFrames } from '../../bench/recorded-frames.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { type RecordingObserver, RecordingService } from '../../src/record/recording-service.ts';
import type { SimulatorProcess } from '../../src/simulator/spawn.ts';
import { systemClock } from '../../src/time/clock.ts';
import { wallMicros } from '../../src/time/units.ts';
import { spawnSmallCameras } from '../support/cameras.ts';
import { recordedFrames } from '../support/recorded.ts';
import { temporaryFolder, until } from '../support/vigie.ts';

const EVER = [wallMicros(0), wallMicros(4e15)] as const;

describe('a recording thread that dies', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let simulator: SimulatorProcess;
  let catalog: Catalog;
  let service: RecordingService;
  let worker: Worker;
  const deaths: number[] = [];
  const others: string[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    simulator = await spawnSmallCameras(['one', 'two']);
    catalog = await openSqliteCatalog({ path: join(folder.path, 'catalog.db') });
    const rows = await Promise.all(['one', 'two'].map((id) => catalog.putCamera({ id, name: id })));
    service = new RecordingService({
      catalog,
      storageRoot: join(folder.path, 'segments'),
      clock: systemClock,
      cameras: rows.map((row) => ({
        ...{ row, audio: false, source: { kind: 'rtsp', url: simulator.url(row.id) } },
      })),
      workers: 2,
      segmentMicros: 60_000_000,
      fragmentMicros: 2_000_000,
      syncMicros: 5_000_000,
      bufferBytes: 64 * 2 ** 20,
      udpPorts: undefined,
      connectRtmp: () => undefined,
      observer: {
        threadDied: (thread, _error, retryMillis) => {
          deaths.push(retryMillis);
          others.push(thread);
        },
        ...{
          cameraChanged() {},
          status() {},
          wrote() {},
          threadReported() {},
          diskProblem() {},
          clockStepped() {},
        },
        ...{ catalogProblem() {}, recovered() {}, watchShed() {}, watchFailed() {}, finding() {} },
      } satisfies RecordingObserver,
    });
    const created = once(process, 'worker') as Promise<[Worker]>;
    await service.start();
    [worker] = await created;
  }, 60_000);

  afterAll(async () => {
    await service?.stop();
    await catalog?.close();
    await simulator?.stop();
    await folder?.remove();
  });

  const sent = async (path: string) => (await simulator.stats()).filter((session) => session.path === path);

  it('comes back with its cameras, and its gap is a crash; the other thread notices nothing', async () => {
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
    expect(deaths).toEqual([500]);
    expect(others).toEqual(['ingest-1']);
    const gaps = await catalog.gapsBetween(1, ...EVER);
    expect(gaps.map(({ cause }) => cause)).toContain('crash');
    expect((await catalog.gapsBetween(2, ...EVER)).map(({ cause }) => cause)).not.toContain('crash');
    for (const path of ['one', 'two']) {
      const found = await recordedFrames(join(folder.path, 'segments'), path);
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
