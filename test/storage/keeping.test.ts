import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CameraRow, Catalog, StoredSegment } from '../../src/catalog/catalog.ts';
import { segmentKey } from '../../src/catalog/segment-id.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { Destroyer } from '../../src/storage/destroyer.ts';
import { FolderStore } from '../../src/storage/folder-store.ts';
import { LocalSpace, type LocalSpaceOptions } from '../../src/storage/local-space.ts';
import { StoreError } from '../../src/storage/object-store.ts';
import { RateLimit } from '../../src/storage/rate-limit.ts';
import { Retention } from '../../src/storage/retention.ts';
import { mediaTicks, monoMicros, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { temporaryFolder } from '../support/vigie.ts';

const MINUTE = 60_000_000;
const DAY = 86_400_000_000;
const START = 1_795_000_020_000_000;
const BYTES = 1_000_000;
/** Whatever happened in it. */
const keptFor = (micros: number) => ({
  ...{ continuousMicros: micros, motionMicros: micros, eventMicros: micros, maximumMicros: micros },
});
const at = (minutes: number): WallMicros => wallMicros(START + minutes * MINUTE);

/** Real files and a real catalog; only the clock and the size of the disk are ours. */
describe('keeping recordings', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let catalog: Catalog;
  let local: FolderStore;
  let remote: FolderStore;
  const cameras: CameraRow[] = [];
  let now = at(0);
  let mono = 0;
  /** Time passes, on both clocks. */
  const pass = (to: WallMicros): void => {
    mono += to - now;
    now = to;
  };
  const clock = { wall: () => now, mono: () => monoMicros(mono) };
  const key = ({ cameraNo, start }: { cameraNo: number; start: WallMicros }): string =>
    segmentKey(cameras.find((row) => row.cameraNo === cameraNo)?.id ?? '', cameraNo, start);

  beforeEach(async () => {
    folder = await temporaryFolder();
    catalog = await openSqliteCatalog({ path: `${folder.path}/catalog.db` });
    local = new FolderStore(`${folder.path}/local`);
    // A folder of its own stands for the bucket: what a bucket does is looked at with a real one.
    remote = new FolderStore(`${folder.path}/remote`);
    cameras.length = 0;
    for (const id of ['gare', 'quai', 'place']) cameras.push(await catalog.putCamera({ id, name: id }));
    now = at(0);
    mono = 0;
  });
  afterEach(async () => {
    await catalog.close();
    await folder.remove();
  });

  const record = async (row: CameraRow, minute: number, state: 'local' | 'both' | 'remote' = 'local') => {
    const initNo = await catalog.putInit({ bytes: new Uint8Array(9), codecs: 'avc1', width: 1, height: 1 });
    const start = at(minute);
    const segment = { cameraNo: row.cameraNo, start };
    await catalog.apply([
      {
        kind: 'segment-opened',
        ...segment,
        runStart: start,
        initNo,
        headBytes: 9,
        mediaStart: mediaTicks(0),
      },
      {
        ...{
          kind: 'segment-closed',
          ...segment,
          end: at(minute + 1),
          durationTicks: 5_400_000,
          bytes: BYTES,
        },
        ...{ sha256: new Uint8Array(32), recovered: false, fragments: [] },
      },
      ...(state === 'local'
        ? []
        : [{ kind: 'segment-moved', ...segment, from: 'local', to: state } as const]),
    ]);
    for (const store of [...(state === 'remote' ? [] : [local]), ...(state === 'local' ? [] : [remote])]) {
      await mkdir(dirname(store.path(key(segment))), { recursive: true });
      await writeFile(store.path(key(segment)), Buffer.alloc(BYTES));
    }
  };
  const filesIn = async (store: FolderStore): Promise<string[]> => {
    const names = await readdir(store.root, { recursive: true }).catch(() => []);
    return names.filter((name) => name.endsWith('.mp4')).toSorted();
  };
  const minutesLeft = async (row: CameraRow): Promise<number[]> =>
    (await catalog.segmentsFrom(row.cameraNo, at(-1e6), 1_000))
      .filter(({ state }) => state !== 'garbage')
      .map(({ start }) => (start - START) / MINUTE);
  const gone = { local: 0, remote: 0 };
  const destroyer = (store: FolderStore | undefined = remote): Destroyer =>
    new Destroyer({
      ...{ catalog, clock, local, remote: store, key },
      isBusy: () => false,
      onDestroyed: (segments, tier) => {
        gone[tier] += segments;
      },
    });

  it('destroys on the day, in both tiers, and enters it into the journal', async () => {
    const [gare, quai] = cameras as [CameraRow, CameraRow];
    for (const minute of [0, 1, 2]) {
      await record(gare, minute, minute === 0 ? 'remote' : minute === 1 ? 'both' : 'local');
      await record(quai, minute);
    }
    const days: Record<string, number> = { gare: 15, quai: 20, place: 20 };
    const retention = new Retention(catalog, clock, (id) => ({
      ...keptFor((days[id] ?? 0) * DAY),
      maximumMicros: 16 * DAY,
    }));
    pass(wallMicros(at(1) + 15 * DAY - 1));
    expect(await retention.condemnOverdue(true)).toBe(0);
    pass(wallMicros(at(2) + 15 * DAY));
    expect(await retention.condemnOverdue(true)).toBe(2);
    Object.assign(gone, { local: 0, remote: 0 });
    await destroyer().run();
    // Of one of the two the local copy had been evicted.
    expect(gone).toEqual({ local: 1, remote: 2 });
    expect(await minutesLeft(gare)).toEqual([2]);
    expect(await minutesLeft(quai)).toEqual([0, 1, 2]);
    expect((await filesIn(local)).length).toBe(4);
    expect(await filesIn(remote)).toEqual([]);
    expect(await catalog.deletions({ limit: 9 })).toMatchObject([
      { from: at(0), to: at(2), segments: 2, reason: 'retention', localGone: now, remoteGone: now },
    ]);
    // 20 days were promised, and the law allows 16: nothing that is older is left, not by a second.
    pass(wallMicros(at(1) + 16 * DAY));
    await retention.condemnOverdue(true);
    await destroyer().run();
    expect(await minutesLeft(quai)).toEqual([2]);
    expect((await catalog.deletions({ limit: 1 }))[0]).toMatchObject({ reason: 'maximum', segments: 2 });
    // Folders of hours in which nothing is left go with their files.
    expect(await readdir(local.root)).not.toContain('gare');
    expect(await readdir(`${local.root}/quai`, { recursive: true })).toHaveLength(5);
  });

  it('keeps what a hold covers for as long as it is in force', async () => {
    const [gare] = cameras as [CameraRow];
    for (const minute of [0, 1, 2, 3]) await record(gare, minute, 'both');
    const hold = await catalog.putHold({
      ...{ cameraNo: gare.cameraNo, from: at(1), to: at(3), reference: 'r', reason: 'r', author: 'a' },
      ...{ created: at(3), until: null },
    });
    const retention = new Retention(catalog, clock, () => keptFor(DAY));
    pass(wallMicros(at(10) + DAY));
    await retention.condemnOverdue(true);
    await destroyer().run();
    expect(await minutesLeft(gare)).toEqual([1, 2]);
    expect((await filesIn(remote)).length).toBe(2);
    await catalog.releaseHold(hold.holdNo, now, 'b');
    await retention.condemnOverdue(true);
    await destroyer().run();
    expect(await minutesLeft(gare)).toEqual([]);
    expect(await filesIn(remote)).toEqual([]);
  });

  it('deletes here at once, and there when the store is back; only then it counts as gone', async () => {
    const [gare] = cameras as [CameraRow];
    await record(gare, 0, 'both');
    await catalog.condemn({
      ...{ cameraNo: gare.cameraNo, reason: 'retention', at: now, remote: true, limit: 9, endedBy: at(9) },
    });
    const away = Object.assign(Object.create(remote) as FolderStore, {
      remove: () => Promise.reject(new StoreError('unreachable', 'The object store: it is away')),
    });
    const waiting = destroyer(away);
    Object.assign(gone, { local: 0, remote: 0 });
    for (let round = 0; round < 3; round++) await waiting.run();
    expect(waiting.problem?.message).toMatch(/away/);
    // However often it is tried: one file went.
    expect(gone).toEqual({ local: 1, remote: 0 });
    expect(await filesIn(local)).toEqual([]);
    expect(await catalog.deletions({ limit: 9 })).toEqual([]);
    const unconfigured = new Destroyer({
      ...{ catalog, clock, local, remote: undefined, key },
      ...{ isBusy: () => false, onDestroyed: () => undefined },
    });
    await unconfigured.run();
    expect(unconfigured.problem?.message).toMatch(/not configured any more/);
    const back = destroyer();
    await back.run();
    expect(back.problem).toBeUndefined();
    expect(await filesIn(remote)).toEqual([]);
    expect(gone).toEqual({ local: 1, remote: 1 });
    expect(await catalog.deletions({ limit: 9 })).toMatchObject([{ segments: 1, remoteGone: now }]);
  });

  it('destroys nothing for an hour when the clock was set ahead', async () => {
    const [gare] = cameras as [CameraRow];
    await record(gare, 0);
    const retention = new Retention(catalog, clock, () => keptFor(DAY));
    expect(await retention.condemnOverdue(false)).toBe(0);
    now = wallMicros(now + 365 * DAY);
    mono += MINUTE;
    expect(await retention.condemnOverdue(false)).toBe(0);
    expect(retention.problem).toMatch(/set ahead/);
    now = wallMicros(now + 61 * MINUTE);
    mono += 61 * MINUTE;
    expect(await retention.condemnOverdue(false)).toBe(1);
    expect(retention.problem).toBeUndefined();
  });

  /** A disk of twelve segments beside what is not ours. */
  const space = (
    changes: Partial<LocalSpaceOptions> = {},
  ): { keep: LocalSpace; sacrificed: StoredSegment[] } => {
    const sacrificed: StoredSegment[] = [];
    const keep = new LocalSpace({
      ...{ catalog, clock, local, key, hasStore: true, dropStill: false, reserveBytes: 4 * BYTES },
      freeBytes: async () => (12 - (await filesIn(local)).length) * BYTES,
      isBusy: () => false,
      priorities: async () => [new Set(cameras.map(({ cameraNo }) => cameraNo))],
      onEvicted: () => undefined,
      onSacrificed: (segments) => void sacrificed.push(...segments),
      ...changes,
    });
    return { keep, sacrificed };
  };

  it('makes room with what is safe elsewhere, oldest first, and no more than is needed', async () => {
    const [gare, quai] = cameras as [CameraRow, CameraRow];
    for (let minute = 0; minute < 6; minute++) {
      await record(gare, minute, minute < 4 ? 'both' : 'local');
      await record(quai, minute);
    }
    const { keep, sacrificed } = space();
    await keep.keep();
    expect((await filesIn(local)).length).toBe(8);
    expect((await catalog.segmentsFrom(gare.cameraNo, at(0), 9)).map(({ state }) => state)).toEqual([
      ...['remote', 'remote', 'remote', 'remote', 'local', 'local'],
    ]);
    expect(sacrificed).toEqual([]);
    expect(keep.problem).toBeUndefined();
  });

  it('gives up what exists nowhere else only when there is hardly room left, low priority and oldest first', async () => {
    const [gare, quai, place] = cameras as [CameraRow, CameraRow, CameraRow];
    for (let minute = 0; minute < 4; minute++) for (const row of cameras) await record(row, minute);
    await catalog.putHold({
      ...{ cameraNo: quai.cameraNo, from: at(0), to: at(1), reference: 'r', reason: 'r', author: 'a' },
      ...{ created: at(3), until: null },
    });
    const priorities = async () => [new Set([quai.cameraNo]), new Set([gare.cameraNo, place.cameraNo])];
    // A quarter of the reserve is free: enough for the recording, so nothing is given up yet.
    const patient = space({ priorities, freeBytes: async () => BYTES });
    await patient.keep.keep();
    expect(patient.sacrificed).toEqual([]);
    expect(patient.keep.problem).toMatch(/less than .* reserved.*safe/);
    const { keep, sacrificed } = space({ priorities, reserveBytes: 4 * BYTES, hasStore: false });
    await keep.keep();
    expect(sacrificed.map(({ cameraNo, start }) => [cameraNo, (start - START) / MINUTE])).toEqual([
      ...[1, 2, 3].map((minute) => [quai.cameraNo, minute]),
      ...[0, 0, 1, 1].map((minute, i) => [i % 2 === 0 ? gare.cameraNo : place.cameraNo, minute]),
    ]);
    expect(await minutesLeft(quai)).toEqual([0]);
    expect(await minutesLeft(gare)).toEqual([2, 3]);
    expect((await filesIn(local)).length).toBeLessThanOrEqual(8);
    await destroyer().run();
    expect((await catalog.deletionsBetween(quai.cameraNo, at(0), at(9)))[0]).toMatchObject({
      ...{ from: at(1), to: at(4), reason: 'space' },
    });
  });

  it('gives up first what shows nothing moving, where that is allowed, oldest first and no more than is needed', async () => {
    const [gare, quai] = cameras as [CameraRow, CameraRow];
    for (let minute = 0; minute < 6; minute++) for (const row of [gare, quai]) await record(row, minute);
    // Of one camera every minute was looked at, and something moved in the second one.
    const looked = [0, 1, 2, 3, 4, 5].map((minute) => ({
      ...{ cameraNo: gare.cameraNo, minute: at(minute), pictures: 9, moving: 0, passed: 9, heat: null },
    }));
    const event = {
      cameraNo: gare.cameraNo,
      kind: 'motion',
      from: at(1.5),
      to: at(1.6),
      score: 0.1,
    } as const;
    await catalog.motion.apply(
      [
        ...looked.map((minute) => ({ kind: 'looked', looked: minute }) as const),
        { kind: 'event', event: { ...event, continues: false, box: null, zones: [] }, tell: [] },
      ],
      now,
    );
    await catalog.putHold({
      ...{ cameraNo: gare.cameraNo, from: at(0), to: at(1), reference: 'r', reason: 'r', author: 'a' },
      ...{ created: at(3), until: null },
    });
    const refused = space({ hasStore: true, freeBytes: async () => 3 * BYTES });
    await refused.keep.keep();
    expect(refused.sacrificed).toEqual([]);
    const { keep, sacrificed } = space({ dropStill: true, hasStore: false });
    await keep.keep();
    expect(sacrificed.map(({ cameraNo, start }) => [cameraNo, (start - START) / MINUTE])).toEqual([
      ...[2, 3, 4, 5].map((minute) => [gare.cameraNo, minute]),
    ]);
    expect(await minutesLeft(gare)).toEqual([0, 1]);
    // There is nothing of that kind left: the oldest goes, as without it.
    for (const minute of [6, 7]) await record(quai, minute);
    await keep.keep();
    expect(sacrificed.slice(4).map(({ cameraNo, start }) => [cameraNo, (start - START) / MINUTE])).toEqual([
      [quai.cameraNo, 0],
      [gare.cameraNo, 1],
      [quai.cameraNo, 1],
      [quai.cameraNo, 2],
    ]);
  });

  it('says so when nothing on the disk may go', async () => {
    const { keep } = space({ freeBytes: async () => 0, hasStore: false });
    await keep.keep();
    expect(keep.problem).toMatch(/nothing on it that may be deleted/);
  });

  it('leaves files alone that are not its own', async () => {
    await mkdir(`${local.root}/gare`, { recursive: true });
    await writeFile(`${local.root}/gare/notes.txt`, 'mine');
    const { keep } = space({ freeBytes: async () => 0 });
    await keep.keep();
    expect((await stat(`${local.root}/gare/notes.txt`)).size).toBe(4);
  });

  it('limits the rate of all that share it, with a second of credit', async () => {
    const waited: number[] = [];
    const limit = new RateLimit(1_000_000, clock, async (millis) => void waited.push(millis));
    await limit.take(1_000_000);
    await limit.take(500_000);
    await limit.take(500_000);
    expect(waited).toEqual([500, 1_000]);
    mono += 60_000_000;
    await limit.take(1_000_000);
    expect(waited).toEqual([500, 1_000]);
  });
});
