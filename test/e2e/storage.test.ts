import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeletionListJson, HoldJson, StorageJson } from '../../src/api/schemas.ts';
import { segmentId } from '../../src/catalog/segment-id.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { type SimulatorProcess, spawnSimulator } from '../../src/simulator/spawn.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { wallMicros } from '../../src/time/units.ts';
import { CLIP_CACHE, smallClip, spawnSmallCameras } from '../support/cameras.ts';
import { describeWith } from '../support/components.ts';
import { auditKept, expectNoHoles } from '../support/kept.ts';
import { type Radosgw, startRadosgw } from '../support/radosgw.ts';
import { seededRandom } from '../support/random.ts';
import { recordedFrames } from '../support/recorded.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { SmallDisk } from '../support/tmpfs.ts';
import {
  type RunningVigie,
  startVigie,
  temporaryFolder,
  until,
  type VigieOptions,
} from '../support/vigie.ts';

const CAMERAS = ['north', 'south'];
/** The OSD stands still for a minute where there is time for it. */
const FREEZE_SECONDS = Number(process.env['VIGIE_TEST_FREEZE_SECONDS'] ?? 8);
/** In CI; twenty and more where there is time: VIGIE_KILLS=20. */
const KILLS = Number(process.env['VIGIE_KILLS'] ?? 8);

const json = async <T>(vigie: RunningVigie, path: string, init?: RequestInit): Promise<T> => {
  const answer = await fetch(`${vigie.url}${path}`, init);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
};
const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const iso = (millis: number): string => new Date(millis).toISOString();

describeWith(['radosgw'], 'recordings in an object store', () => {
  let rgw: Radosgw;
  let simulator: SimulatorProcess;
  beforeAll(async () => {
    rgw = await startRadosgw();
    simulator = await spawnSmallCameras(CAMERAS);
  });
  afterAll(async () => {
    await simulator?.stop();
    await rgw?.stop();
  });

  const optionsFor = (folder: string, bucket: string, retention: string, port?: number): VigieOptions => ({
    folder,
    cameras: CAMERAS.map((id) => ({ id, source: simulator.url(id) })),
    config: ['record: { segment: 2s, fragment: 1s }', `retention: ${retention}`],
    s3:
      port === undefined
        ? rgw.yaml(bucket)
        : rgw.yaml(bucket).replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`),
  });
  const allRecord = (vigie: RunningVigie): Promise<void> =>
    until('all cameras record', async () =>
      (await vigie.cameras()).every(({ state }) => state === 'recording'),
    );

  it('live their whole life: recorded, stored, evicted, played from there, destroyed on both sides, in the journal', async () => {
    const folder = await temporaryFolder();
    const store = new S3Store(rgw.config('life'));
    const options = optionsFor(folder.path, 'life', '{ continuous: 40s, local: 10s, maximum: 45s }');
    const vigie = await startVigie(options);
    const catalog = await openSqliteCatalog({ path: join(folder.path, 'catalog.db') });
    const north = (await catalog.camera('north')) as { cameraNo: number };
    try {
      await allRecord(vigie);
      const rows = () => catalog.segmentsFrom(north.cameraNo, wallMicros(0), 1_000);
      await until(
        'a segment is in the object store only',
        async () => (await rows())[0]?.state === 'remote',
        40,
      );
      const [first] = await rows();
      if (!first) throw new Error('There is no segment.');
      const { start, end } = first;

      const id = segmentId(north.cameraNo, start);
      const bytes = Buffer.from(await (await fetch(`${vigie.url}/api/segments/${id}.mp4`)).arrayBuffer());
      expect(
        createHash('sha256')
          .update(bytes)
          .digest()
          .equals(Buffer.from(first.sha256 ?? [])),
      ).toBe(true);
      const part = await fetch(`${vigie.url}/api/segments/${id}.mp4`, {
        headers: { range: 'bytes=100-299' },
      });
      expect(part.status).toBe(206);
      expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(100, 300));
      const range = `from=${iso(start / 1_000)}&to=${iso(end / 1_000 + 1_000)}`;
      const playlist = await (await fetch(`${vigie.url}/api/cameras/north/hls/index.m3u8?${range}`)).text();
      expect(playlist).toContain(`/api/segments/${id}.mp4`);
      const clip = join(folder.path, 'clip.mp4');
      await writeFile(
        clip,
        Buffer.from(await (await fetch(`${vigie.url}/api/cameras/north/clip.mp4?${range}`)).arrayBuffer()),
      );
      const decoded = await promisify(execFile)(bundledFfmpeg, [
        ...['-v', 'error', '-xerror', '-i', clip, '-f', 'null', '-'],
      ]);
      expect(decoded.stderr).toBe('');
      const still = await fetch(`${vigie.url}/api/cameras/north/frame.jpg?at=${iso(start / 1_000 + 500)}`);
      expect(still.status).toBe(200);

      // One minute of the footage is asked for by a court.
      const hold = await json<HoldJson>(
        vigie,
        '/api/holds',
        post({
          ...{ camera: 'south', from: iso(start / 1_000), to: iso(end / 1_000), reference: 'PV 1' },
          ...{ reason: 'accident', author: 'A. Martin' },
        }),
      );
      expect(hold).toMatchObject({ active: true, camera: 'south', until: null });

      const deletions = async (camera: string): Promise<DeletionListJson['deletions']> =>
        (await json<DeletionListJson>(vigie, `/api/deletions?camera=${camera}`)).deletions;
      await until('it is destroyed', async () => (await deletions('north')).length > 0, 70);
      const entry = (await deletions('north')).at(-1);
      expect(entry).toMatchObject({ reason: expect.stringMatching(/retention|maximum/) });
      expect(Date.parse(entry?.from ?? '')).toBe(Math.floor(start / 1_000));
      expect(entry?.remoteGone).not.toBeNull();
      expect((await fetch(`${vigie.url}/api/segments/${id}.mp4`)).status).toBe(404);
      const timeline = await vigie.timeline('north', new Date(start / 1_000), new Date(end / 1_000));
      expect(timeline.recorded).toEqual([]);
      expect(timeline.gaps).toMatchObject([{ cause: 'expired' }]);
      const listed: string[] = [];
      for await (const { key } of store.list('north/')) listed.push(key);
      expect(listed.join()).not.toContain(id);

      // What is held is still there, and goes within a moment when it is released.
      const south = (await catalog.camera('south')) as { cameraNo: number };
      const held = async () =>
        (await catalog.segmentsBetween(south.cameraNo, start, end)).map((row) => row.start);
      const kept = await held();
      expect(kept.length).toBeGreaterThan(0);
      await until('others of it are gone', async () => (await deletions('south')).length > 0, 40);
      expect(await held()).toEqual(kept);
      await json(vigie, `/api/holds/${hold.id}/release`, post({ author: 'B. Durand' }));
      await until('the hold is over', async () => (await held()).length === 0, 5);
      expect(await vigie.metrics()).toMatch(/vigie_upload_bytes_total [1-9]/);
      expect(await vigie.metrics()).toMatch(/vigie_retention_deleted_total\{tier="remote"\} [1-9]/);
    } finally {
      await vigie.stop();
      await catalog.close();
    }
    const { frames } = await auditKept(options, store);
    expectNoHoles(frames);
    store.close();
    await folder.remove();
  }, 180_000);

  it('are all there after every fault of the store, and recording never stops', async () => {
    const folder = await temporaryFolder();
    const relay: Relay = await startRelay(Number(new URL(rgw.endpoint).port), seededRandom(7));
    const options = optionsFor(folder.path, 'faults', '{ local: 10s }', relay.port);
    const vigie = await startVigie(options);
    await allRecord(vigie);
    const status = (): Promise<StorageJson> => json<StorageJson>(vigie, '/api/storage');
    const drained = (): Promise<void> =>
      until(
        'everything is stored',
        async () => {
          const { problems, backlogSegments } = await status();
          return problems.length === 0 && backlogSegments <= CAMERAS.length * 2;
        },
        90,
      );
    const told = (what: string, words: RegExp): Promise<void> =>
      until(what, async () => words.test((await status()).problems.join(' ')), 40);
    await drained();

    await rgw.kill();
    await told('it is told that the store is away', /nothing listens there|broke the connection/);
    const ready = await fetch(`${vigie.url}/readyz`);
    expect(ready.status).toBe(503);
    await rgw.revive();
    await drained();

    rgw.freeze();
    await told('it is told that the store hangs', /does not answer/);
    await sleep(FREEZE_SECONDS * 1_000);
    rgw.thaw();
    await drained();

    rgw.admin('quota', 'set', '--quota-scope=user', '--uid=vigie', '--max-objects=1');
    rgw.admin('quota', 'enable', '--quota-scope=user', '--uid=vigie');
    await told('it is told that the store is full', /quota|broke the connection/);
    rgw.admin('quota', 'disable', '--quota-scope=user', '--uid=vigie');
    await drained();

    rgw.admin('user', 'suspend', '--uid=vigie');
    await told('it is told that the credentials are refused', /may not|refuse|credentials|403/i);
    rgw.admin('user', 'enable', '--uid=vigie');
    await drained();

    relay.resets = 0.05;
    relay.delayMillis = 300;
    await until('some connections are broken', () => relay.broken >= 3, 60);
    relay.resets = 0;
    relay.delayMillis = 0;
    await drained();

    for (const id of CAMERAS) {
      const { gaps } = await vigie.timeline(id, new Date(Date.now() - 600_000), new Date());
      expect(gaps.filter(({ cause }) => cause !== 'connecting')).toEqual([]);
    }
    const sent = await simulator.stats();
    expect(await vigie.stop()).toBe(0);
    expect(vigie.output()).not.toContain('vigietestsecret');
    const store = new S3Store(rgw.config('faults'));
    const { frames, states } = await auditKept(options, store);
    expectNoHoles(frames);
    expect(states['remote'] ?? 0).toBeGreaterThan(20);
    for (const { session, framesSent, playing } of sent) {
      if (!playing) continue;
      const found = frames.filter((frame) => frame.session === session).length;
      expect(found).toBeGreaterThanOrEqual(framesSent - 5);
    }
    store.close();
    await relay.close();
    await folder.remove();
  }, 400_000);

  it(`agree with the catalog after ${KILLS} kills in the middle of storing and destroying`, async () => {
    const folder = await temporaryFolder();
    const options = optionsFor(folder.path, 'kills', '{ continuous: 20s, local: 10s }');
    for (let kill = 0; kill < KILLS; kill++) {
      const vigie = await startVigie(options);
      await allRecord(vigie);
      await sleep(1_500 + Math.random() * 3_000);
      await vigie.kill();
    }
    const last = await startVigie(options);
    await allRecord(last);
    await until(
      'what is overdue is gone',
      async () => {
        const { backlogSegments, problems } = await json<StorageJson>(last, '/api/storage');
        return problems.length === 0 && backlogSegments <= CAMERAS.length * 2;
      },
      60,
    );
    await sleep(11_000);
    const journal = (await json<DeletionListJson>(last, '/api/deletions')).deletions;
    expect(await last.stop()).toBe(0);
    expect(journal.length).toBeGreaterThan(0);
    const store = new S3Store(rgw.config('kills'));
    const { frames } = await auditKept(options, store);
    expectNoHoles(frames);
    // What the journal says to be gone is gone.
    const catalog = await openSqliteCatalog({ path: join(folder.path, 'catalog.db') });
    for (const camera of await catalog.cameras()) {
      for (const entry of await catalog.deletions({ limit: 1_000, cameraNo: camera.cameraNo })) {
        const left = await catalog.segmentsBetween(camera.cameraNo, entry.from, entry.to);
        expect(left).toEqual([]);
      }
    }
    await catalog.close();
    store.close();
    await folder.remove();
  }, 400_000);
});

describeWith(['tmpfs'], 'a disk that is filled up by recordings', () => {
  it('always has the newest footage, and gives up low priority and old footage first', async () => {
    const folder = await temporaryFolder();
    const disk = new SmallDisk(join(folder.path, 'disk'), 64);
    const ids = ['low', 'normal', 'high'] as const;
    const simulator = await spawnSimulator({
      cacheFolder: CLIP_CACHE,
      identity: true,
      cameras: ids.map((path) => ({ path, clip: smallClip({ bitrateBps: 8_000_000 }) })),
    });
    const vigie = await startVigie({
      folder: folder.path,
      segments: join(disk.path, 'segments'),
      reserve: '24MiB',
      cameras: ids.map((id) => ({ id, source: simulator.url(id), priority: id })),
      config: ['record: { segment: 2s, fragment: 1s }'],
    });
    const began = Date.now();
    try {
      await until(
        'something was given up of low',
        async () => (await json<DeletionListJson>(vigie, '/api/deletions?camera=low')).deletions.length > 0,
        60,
      );
      expect((await json<DeletionListJson>(vigie, '/api/deletions?camera=normal')).deletions).toEqual([]);
      await until(
        'something was given up of normal',
        async () =>
          (await json<DeletionListJson>(vigie, '/api/deletions?camera=normal')).deletions.length > 0,
        90,
      );
      expect((await json<DeletionListJson>(vigie, '/api/deletions?camera=high')).deletions).toEqual([]);
      const now = Date.now();
      for (const id of ids) {
        const { recorded, gaps } = await vigie.timeline(id, new Date(began - 5_000), new Date(now));
        // Nothing of the last seconds is missing, and what is missing before was given up.
        expect(Date.parse(recorded.at(-1)?.to ?? '')).toBeGreaterThan(now - 3_000);
        expect(gaps.filter(({ cause }) => cause !== 'evicted' && cause !== 'connecting')).toEqual([]);
        expect((await vigie.status(id)).state).toBe('recording');
      }
      expect(await vigie.metrics()).toMatch(/vigie_storage_sacrificed_total [1-9]/);
      await vigie.stop();
      const [low, normal, high] = await Promise.all(
        ids.map(async (id) => (await recordedFrames(join(disk.path, 'segments'), `${id}/`)).length),
      );
      expect(low).toBeLessThan(normal as number);
      expect(normal).toBeLessThan(high as number);
    } finally {
      await vigie.stop();
      await simulator.stop();
      disk.unmount();
      await folder.remove();
    }
  }, 240_000);
});
