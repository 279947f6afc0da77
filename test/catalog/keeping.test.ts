import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CameraRow, Catalog } from '../../src/catalog/catalog.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { mediaTicks, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { temporaryFolder } from '../support/vigie.ts';

const MINUTE = 60_000_000;
const START = 1_795_000_000_000_000;
const at = (minutes: number): WallMicros => wallMicros(START + minutes * MINUTE);

describe('what the catalog knows of keeping', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let catalog: Catalog;
  let camera: CameraRow;
  let other: CameraRow;

  beforeEach(async () => {
    folder = await temporaryFolder();
    catalog = await openSqliteCatalog({ path: `${folder.path}/catalog.db` });
    camera = await catalog.putCamera({ id: 'gare', name: 'Gare' });
    other = await catalog.putCamera({ id: 'quai', name: 'Quai' });
  });
  afterEach(async () => {
    await catalog.close();
    await folder.remove();
  });

  /** Minutes [from, to) as one run of closed segments of a minute. */
  const record = async (row: CameraRow, from: number, to: number): Promise<void> => {
    const initNo = await catalog.putInit({
      bytes: new Uint8Array(9),
      codecs: 'avc1.640028',
      width: 1,
      height: 1,
    });
    for (let minute = from; minute < to; minute++) {
      const start = at(minute);
      const key = { cameraNo: row.cameraNo, start };
      await catalog.apply([
        {
          ...{ kind: 'segment-opened', ...key, runStart: at(from), initNo, headBytes: 9 },
          mediaStart: mediaTicks((minute - from) * 5_400_000),
        },
        {
          ...{ kind: 'segment-closed', ...key, end: at(minute + 1), durationTicks: 5_400_000, bytes: 1_000 },
          ...{ sha256: new Uint8Array(32), recovered: false },
          fragments: [{ bytes: 991, durationTicks: 5_400_000, samples: 1_500, key: true }],
        },
      ]);
    }
  };
  const minutes = (rows: readonly { readonly start: number }[]): number[] =>
    rows.map(({ start }) => (start - START) / MINUTE);
  const move = (row: CameraRow, minute: number, from: 'local' | 'both', to: 'both' | 'remote') =>
    catalog.apply([{ kind: 'segment-moved', cameraNo: row.cameraNo, start: at(minute), from, to }]);
  const condemn = (row: CameraRow, endedBy: number, limit = 100) =>
    catalog.condemn({
      ...{ cameraNo: row.cameraNo, reason: 'retention', at: at(1_000), remote: true, limit },
      endedBy: at(endedBy),
    });
  const bury = async (): Promise<void> => {
    const condemned = await catalog.condemned(undefined, 100);
    await catalog.bury(
      condemned.map((row) => ({ ...row, localGone: at(1_001), remoteGone: row.remote ? at(1_002) : null })),
    );
  };

  it('gives what waits to be stored, oldest or newest first, and what may leave this machine', async () => {
    await record(camera, 0, 3);
    await record(other, 1, 2);
    expect(minutes(await catalog.localSegments({ limit: 10 }))).toEqual([0, 1, 1, 2]);
    expect(minutes(await catalog.localSegments({ limit: 2, newestFirst: true }))).toEqual([2, 1]);
    const cameras = new Set([other.cameraNo]);
    expect(await catalog.localSegments({ limit: 10, cameras })).toMatchObject([{ cameraNo: other.cameraNo }]);
    expect(await catalog.backlog()).toEqual({ segments: 4, bytes: 4_000, oldest: at(0) });
    await move(camera, 0, 'local', 'both');
    await move(camera, 1, 'local', 'both');
    expect(minutes(await catalog.storedSegments(at(1), 10))).toEqual([0]);
    expect(minutes(await catalog.storedSegments(at(99), 10))).toEqual([0, 1]);
    await move(camera, 0, 'both', 'remote');
    // A move from where it is not changes nothing.
    await move(camera, 0, 'both', 'remote');
    await move(camera, 2, 'both', 'remote');
    expect((await catalog.segment(camera.cameraNo, at(0)))?.state).toBe('remote');
    expect((await catalog.segment(camera.cameraNo, at(2)))?.state).toBe('local');
    expect(await catalog.backlog()).toEqual({ segments: 2, bytes: 2_000, oldest: at(1) });
  });

  it('condemns exactly what has ended by then, hides it at once, and a journal says what went', async () => {
    await record(camera, 0, 5);
    await record(other, 0, 5);
    expect(await condemn(camera, 2.5)).toBe(2);
    expect(minutes(await catalog.segmentsBetween(camera.cameraNo, at(0), at(9)))).toEqual([2, 3, 4]);
    expect(await condemn(camera, 2.5)).toBe(0);
    expect(await catalog.condemned(undefined, 1)).toMatchObject([
      { start: at(0), reason: 'retention', remote: true },
    ]);
    await bury();
    expect(await catalog.condemned(undefined, 9)).toEqual([]);
    expect(await catalog.segment(camera.cameraNo, at(0))).toBeUndefined();
    expect(await catalog.deletions({ limit: 9 })).toMatchObject([
      {
        ...{
          cameraNo: camera.cameraNo,
          from: at(0),
          to: at(2),
          segments: 2,
          bytes: 2_000,
          reason: 'retention',
        },
        ...{ decided: at(1_000), localGone: at(1_001), remoteGone: at(1_002) },
      },
    ]);
    // The run says when it was recorded; it goes with its last segment.
    expect(await catalog.runsBetween(camera.cameraNo, at(0), at(9))).toMatchObject([
      { start: at(0), end: at(5) },
    ]);
    await condemn(camera, 9);
    await bury();
    expect(await catalog.runsBetween(camera.cameraNo, at(0), at(9))).toEqual([]);
    expect(minutes(await catalog.segmentsBetween(other.cameraNo, at(0), at(9)))).toEqual([0, 1, 2, 3, 4]);
  });

  it('enters neighbours as one, up to an hour, and what does not join as its own', async () => {
    await record(camera, 0, 70);
    await record(camera, 80, 82);
    await condemn(camera, 99, 500);
    await bury();
    const entries = (await catalog.deletionsBetween(camera.cameraNo, at(0), at(99))).map((entry) => [
      ...minutes([{ start: entry.from }, { start: entry.to }]),
      entry.segments,
    ]);
    expect(entries).toEqual([
      [0, 60, 60],
      [60, 70, 10],
      [80, 82, 2],
    ]);
    expect((await catalog.deletionsBetween(camera.cameraNo, at(65), at(66))).length).toBe(1);
    expect((await catalog.deletions({ limit: 2 })).length).toBe(2);
    const [newest] = await catalog.deletions({ limit: 1 });
    expect((await catalog.deletions({ limit: 9, before: newest?.deletionNo ?? 0 })).length).toBe(2);
    expect((await catalog.deletions({ limit: 9, from: at(62), to: at(75) })).length).toBe(1);
    expect(await catalog.deletions({ limit: 9, cameraNo: other.cameraNo })).toEqual([]);
  });

  it('counts a deletion once, also when it is reported twice', async () => {
    await record(camera, 0, 1);
    await condemn(camera, 5);
    const done = (await catalog.condemned(undefined, 9)).map((row) => ({
      ...row,
      ...{ localGone: at(1_001), remoteGone: null },
    }));
    await catalog.bury(done);
    await catalog.bury(done);
    expect(await catalog.deletions({ limit: 9 })).toMatchObject([{ segments: 1, remoteGone: null }]);
  });

  it('keeps what a hold covers, to the segment, until it is released or is over', async () => {
    await record(camera, 0, 6);
    await record(other, 0, 6);
    const hold = await catalog.putHold({
      ...{ cameraNo: camera.cameraNo, from: at(1.5), to: at(3), reference: 'PV 2026/117' },
      ...{ reason: 'accident', author: 'A. Martin', created: at(6), until: null },
    });
    const brief = await catalog.putHold({
      ...{ cameraNo: camera.cameraNo, from: at(5), to: at(6), reference: 'x', reason: 'y', author: 'z' },
      ...{ created: at(6), until: at(999) },
    });
    expect(await condemn(camera, 9)).toBe(4);
    expect(minutes(await catalog.segmentsBetween(camera.cameraNo, at(0), at(9)))).toEqual([1, 2]);
    expect(await condemn(other, 9)).toBe(6);
    expect(await catalog.localSegments({ limit: 9, unheldAt: at(1_000) })).toEqual([]);
    expect(minutes(await catalog.localSegments({ limit: 9 }))).toEqual([1, 2]);
    expect(await catalog.releaseHold(hold.holdNo, at(1_000), 'B. Durand')).toMatchObject({
      ...{ released: at(1_000), releasedBy: 'B. Durand', reference: 'PV 2026/117' },
    });
    // Who released it first stays in the record.
    await catalog.releaseHold(hold.holdNo, at(1_005), 'C');
    expect((await catalog.holds()).map(({ holdNo, releasedBy }) => [holdNo, releasedBy])).toEqual([
      [brief.holdNo, null],
      [hold.holdNo, 'B. Durand'],
    ]);
    expect(await catalog.releaseHold(77, at(1), 'x')).toBeUndefined();
    expect(await condemn(camera, 9)).toBe(2);
  });

  it('never condemns what is being written, nor, when asked for it, what may be in the object store', async () => {
    await record(camera, 0, 2);
    await move(camera, 0, 'local', 'both');
    await catalog.apply([
      {
        ...{ kind: 'segment-opened', cameraNo: camera.cameraNo, start: at(2), runStart: at(0), initNo: 1 },
        ...{ headBytes: 9, mediaStart: mediaTicks(10_800_000) },
      },
    ]);
    const sentence = {
      cameraNo: camera.cameraNo,
      reason: 'space',
      at: at(9),
      remote: false,
      limit: 9,
    } as const;
    expect(await catalog.condemn({ ...sentence, startedBy: at(99), localOnly: true })).toBe(1);
    expect(await catalog.condemned(undefined, 9)).toMatchObject([{ start: at(1), remote: false }]);
    expect(await catalog.condemn({ ...sentence, startedBy: at(99) })).toBe(1);
    expect(await catalog.condemned({ cameraNo: camera.cameraNo, start: at(-1) }, 1)).toMatchObject([
      { start: at(0), remote: true },
    ]);
    expect((await catalog.openSegments()).length).toBe(1);
  });
});
