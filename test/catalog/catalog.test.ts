import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Catalog, CatalogWrite } from '../../src/catalog/catalog.ts';
import { SQL } from '../../src/catalog/sqlite/statements.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { mediaTicks, wallMicros } from '../../src/time/units.ts';
import { seededRandom } from '../support/random.ts';
import { temporaryFolder } from '../support/vigie.ts';

const MINUTE = 60_000_000;
const at = (minute: number) => wallMicros(1_795_453_200_000_000 + Math.round(minute * MINUTE));
const HASH = new Uint8Array(32).fill(7);
const FRAGMENTS = [
  { bytes: 1_000_000, durationTicks: 180_000, samples: 50, key: true },
  { bytes: 400_000, durationTicks: 90_000, samples: 25, key: false },
];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let catalog: Catalog;
let cameraNo: number;
let initNo: number;

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'catalog.db');
  catalog = await openSqliteCatalog({ path });
  ({ cameraNo } = await catalog.putCamera({ id: 'gare', name: 'Gare' }));
  initNo = await catalog.putInit({
    bytes: new Uint8Array([1, 2]),
    codecs: 'avc1.640028',
    width: 1920,
    height: 1080,
  });
});

afterEach(async () => {
  await catalog.close();
  await folder.remove();
});

const opened = (minute: number, runMinute = 0): CatalogWrite => ({
  ...{ kind: 'segment-opened', cameraNo, start: at(minute), runStart: at(runMinute) },
  ...{ mediaStart: mediaTicks((minute - runMinute) * 60 * 90_000), initNo, headBytes: 800 },
});
const closed = (minute: number): CatalogWrite => ({
  ...{ kind: 'segment-closed', cameraNo, start: at(minute), end: at(minute + 1), durationTicks: 60 * 90_000 },
  ...{ bytes: 1_400_800, sha256: HASH, recovered: false, fragments: FRAGMENTS },
});

describe('catalog', () => {
  it('tells what was written, and nothing of other cameras or times', async () => {
    await catalog.putCamera({ id: 'port', name: 'Port' });
    await catalog.apply([opened(0), closed(0), opened(1), closed(1), opened(2)]);
    expect(await catalog.segmentsBetween(cameraNo, at(0.5), at(1.5))).toMatchObject([
      { start: at(0), end: at(1), state: 'local', bytes: 1_400_800, initNo, fragments: FRAGMENTS },
      { start: at(1), end: at(2), mediaStart: 60 * 90_000, runStart: at(0) },
    ]);
    expect(await catalog.segmentsBetween(cameraNo, at(1), at(1))).toEqual([]);
    expect(await catalog.openSegments()).toMatchObject([{ start: at(2), state: 'open', fragments: [] }]);
    expect(await catalog.runsBetween(cameraNo, at(0), at(9))).toEqual([
      { cameraNo, start: at(0), end: at(2) },
    ]);
    expect(await catalog.lastSegment(cameraNo)).toMatchObject({ start: at(2) });
    expect(await catalog.segmentsBetween(2, at(0), at(9))).toEqual([]);
  });

  it('changes nothing when a batch is applied again', async () => {
    const batch: CatalogWrite[] = [
      { kind: 'gap-opened', cameraNo, from: at(-1), cause: 'connecting' },
      { kind: 'gap-closed', cameraNo, to: at(0) },
      ...[opened(0), closed(0), opened(1)],
    ];
    await catalog.apply(batch);
    const before = dump(path);
    await catalog.apply(batch.slice(2));
    expect(dump(path)).toEqual(before);
  });

  it('takes a batch as a whole or not at all', async () => {
    const impossible: CatalogWrite = { ...(opened(5, 5) as object), initNo: 99 } as unknown as CatalogWrite;
    await expect(catalog.apply([opened(0), impossible])).rejects.toThrow();
    expect(await catalog.openSegments()).toEqual([]);
    expect(await catalog.runsBetween(cameraNo, at(0), at(9))).toEqual([]);
    await catalog.apply([opened(0)]);
    expect(await catalog.openSegments()).toHaveLength(1);
  });

  it('keeps the gaps of a camera apart and in order', async () => {
    await catalog.apply([
      { kind: 'gap-opened', cameraNo, from: at(0), cause: 'offline' },
      { kind: 'gap-opened', cameraNo, from: at(1), cause: 'offline' },
      { kind: 'gap-opened', cameraNo, from: at(2), cause: 'credentials' },
      { kind: 'gap-closed', cameraNo, to: at(3) },
      { kind: 'gap-opened', cameraNo, from: at(4), cause: 'offline' },
      { kind: 'gap-closed', cameraNo, to: at(4) },
      { kind: 'gap-opened', cameraNo, from: at(6), cause: 'disk-full' },
    ]);
    expect(
      (await catalog.gapsBetween(cameraNo, at(-9), at(9))).map(({ from, to, cause }) => [from, to, cause]),
    ).toEqual([
      [at(0), at(2), 'offline'],
      [at(2), at(3), 'credentials'],
      [at(6), null, 'disk-full'],
    ]);
    expect(await catalog.openGaps()).toHaveLength(1);
    expect(await catalog.gapsBetween(cameraNo, at(3), at(6))).toEqual([]);
  });

  it('forgets a segment without footage, and its run with the last one', async () => {
    await catalog.apply([opened(0), closed(0), opened(1)]);
    await catalog.apply([{ kind: 'segment-discarded', cameraNo, start: at(1) }]);
    expect(await catalog.runsBetween(cameraNo, at(0), at(9))).toMatchObject([{ end: at(1) }]);
    await catalog.apply([{ kind: 'segment-discarded', cameraNo, start: at(0) }]);
    expect(await catalog.runsBetween(cameraNo, at(0), at(9))).toEqual([]);
  });

  it('stores the same head once', async () => {
    const init = { bytes: new Uint8Array([1, 2]), codecs: 'avc1.640028', width: 1920, height: 1080 };
    expect(await catalog.putInit(init)).toBe(initNo);
    expect(await catalog.putInit({ ...init, bytes: new Uint8Array([1, 3]) })).not.toBe(initNo);
    expect(await catalog.init(initNo)).toMatchObject({ codecs: 'avc1.640028', width: 1920 });
  });

  it('gives a camera its number for good, and takes a new name', async () => {
    expect(await catalog.putCamera({ id: 'gare', name: 'Gare, parvis' })).toMatchObject({ cameraNo });
    expect((await catalog.camera('gare'))?.name).toBe('Gare, parvis');
    expect(await catalog.camera('none')).toBeUndefined();
  });

  it('answers as a plain list does, for any recording and any range', async () => {
    const random = seededRandom(11);
    const segments: [number, number][] = [];
    let minute = 0;
    for (let i = 0; i < 120; i++) {
      const joins = i > 0 && random() < 0.7;
      if (!joins) minute += 1 + Math.floor(random() * 5);
      const runMinute = joins ? (segments.at(-1)?.[1] ?? minute) : minute;
      await catalog.apply([opened(minute, runMinute), closed(minute)]);
      segments.push([minute, runMinute]);
      minute++;
    }
    for (let i = 0; i < 200; i++) {
      const from = random() * minute - 2;
      const to = from + random() * 30;
      const found = await catalog.segmentsBetween(cameraNo, at(from), at(to));
      const wanted = segments.filter(([start]) => at(start) < at(to) && at(start + 1) > at(from));
      expect(found.map(({ start }) => start)).toEqual(wanted.map(([start]) => at(start)));
    }
  });

  it('finds by index: no statement of the hot path walks a table', () => {
    const database = new DatabaseSync(path);
    try {
      for (const [name, sql] of Object.entries(SQL)) {
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
        for (const { detail } of plan) expect(`${name}: ${String(detail)}`).not.toMatch(WALKS);
      }
    } finally {
      database.close();
    }
  });
});

/** The open segments and gaps are few, and are all that their partial indexes hold. */
const WALKS = /: SCAN (?!\w+ USING (COVERING )?INDEX (segment_open|gap_open))|TEMP B-TREE/;

describe('a database file', () => {
  it('of a newer version is not touched, and that is said', async () => {
    await catalog.close();
    const database = new DatabaseSync(path);
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    database.exec('PRAGMA user_version = 999');
    database.close();
    await expect(openSqliteCatalog({ path })).rejects.toThrow(/newer/i);
    const after = new DatabaseSync(path);
    after.exec(`PRAGMA user_version = ${version}`);
    after.close();
    catalog = await openSqliteCatalog({ path });
  });

  it('of another program is refused', async () => {
    const other = join(folder.path, 'other.db');
    const database = new DatabaseSync(other);
    database.exec('CREATE TABLE things (id INTEGER); PRAGMA application_id = 7');
    database.close();
    await expect(openSqliteCatalog({ path: other })).rejects.toThrow(/other|not|program/i);
  });

  it('that is none is refused', async () => {
    const text = join(folder.path, 'notes.txt');
    await writeFile(text, 'something else entirely, '.repeat(100));
    await expect(openSqliteCatalog({ path: text })).rejects.toThrow(/no SQLite database/);
    await mkdir(join(folder.path, 'folder.db'));
    await expect(openSqliteCatalog({ path: join(folder.path, 'folder.db') })).rejects.toThrow();
  });
});

/** Every row of every table. */
function dump(file: string): unknown {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return ['camera', 'init', 'run', 'segment', 'gap'].map((table) =>
      database.prepare(`SELECT * FROM ${table}`).all(),
    );
  } finally {
    database.close();
  }
}
