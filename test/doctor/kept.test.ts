import { copyFile, open, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockInstance } from '../../src/catalog/sqlite/instance-lock.ts';
import { inspectCatalog, isInUse } from '../../src/catalog/sqlite/inspect.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { checkCatalog } from '../../src/doctor/catalog-health.ts';
import { examine } from '../../src/doctor/doctor.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { checkObjectStore } from '../../src/doctor/object-store.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { wallMicros } from '../../src/time/units.ts';
import { describeWith } from '../support/components.ts';
import { subjectOf, told } from '../support/doctor.ts';
import { startRadosgw } from '../support/radosgw.ts';
import { createRecording } from '../support/recording.ts';
import type { S3Server } from '../support/s3-server.ts';
import { encodeVideo } from '../support/video.ts';
import { temporaryFolder } from '../support/vigie.ts';

/** 2026-11-24T13:00Z */
const START = wallMicros(1_795_525_200_000_000);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder?.remove());

const look = (path: string, now: number = START): string[] =>
  checkCatalog(subjectOf([`catalog: { sqlite: ${JSON.stringify(path)} }`]), inspectCatalog(path), now).map(
    told,
  );

describe('the catalog', () => {
  it('is not there yet, and is not made', async () => {
    const path = join(folder.path, 'later', 'catalog.db');
    expect(look(path)).toEqual([`good: There is no catalog yet: it will be made at ${path}.`]);
    expect(isInUse(path)).toBe(false);
    expect(await readdir(folder.path)).not.toContain('later');
  });

  it('holds together, is not changed, and may be looked at while a server uses it', async () => {
    const path = join(folder.path, 'good.db');
    const catalog = await openSqliteCatalog({ path });
    const unlock = lockInstance(path);
    await catalog.putCamera({ id: 'a', name: 'A' });
    expect(isInUse(path)).toBe(true);
    expect(look(path)).toEqual([expect.stringMatching(/^good: The catalog, \d+ kB, holds together\.$/)]);
    // It can still be written to.
    await catalog.putCamera({ id: 'b', name: 'B' });
    unlock?.();
    await catalog.close();
    expect(isInUse(path)).toBe(false);
    const { mtimeMs } = await stat(path);
    expect(look(path)).toHaveLength(1);
    expect((await stat(path)).mtimeMs).toBe(mtimeMs);
  });

  it('is damaged, somebody else’s, newer, or no database', async () => {
    const good = join(folder.path, 'whole.db');
    const catalog = await openSqliteCatalog({ path: good });
    for (let i = 0; i < 2_000; i++) await catalog.putCamera({ id: `camera-${i}`, name: 'x'.repeat(100) });
    await catalog.close();
    const damaged = join(folder.path, 'damaged.db');
    await copyFile(good, damaged);
    const file = await open(damaged, 'r+');
    await file.write(Buffer.alloc(8_192, 0x5a), 0, 8_192, Math.floor((await file.stat()).size / 2));
    await file.close();
    expect(look(damaged)).toEqual([expect.stringMatching(/^bad: The catalog .*damaged.db is not right: /)]);

    const other = join(folder.path, 'other.db');
    const database = new DatabaseSync(other);
    database.exec('CREATE TABLE t (x)');
    database.close();
    expect(look(other)[0]).toMatch(/^bad: .*a database of another program/);

    const newer = join(folder.path, 'newer.db');
    await copyFile(good, newer);
    const ahead = new DatabaseSync(newer);
    ahead.exec('PRAGMA user_version = 999');
    ahead.close();
    expect(look(newer)[0]).toMatch(/^bad: .*made by a newer Vigie/);

    const text = join(folder.path, 'text.db');
    await writeFile(text, 'no database at all, '.repeat(100));
    expect(look(text)[0]).toMatch(/^bad: .*not a database/);
  });

  it('has recordings of the future: the clock was set back', async () => {
    const recording = await createRecording();
    try {
      const video = await encodeVideo({ frames: 25, gop: 25 });
      await recording.run(video, { start: START, framesPerSegment: [25] });
      const path = join(recording.storageRoot, 'catalog.db');
      expect(look(path, START - 7_200_000_000)[0]).toMatch(
        /^warning: The last recording is 2.0 h in the future/,
      );
      expect(look(path)).toHaveLength(1);
    } finally {
      await recording.close();
    }
  });
});

describe('the object store', () => {
  it('is not asked for where there is none, and is bad where nothing listens', async () => {
    expect(await checkObjectStore(subjectOf([]))).toBeUndefined();
    const s3 =
      '{ endpoint: "http://127.0.0.1:1", bucket: city, accessKeyId: a, secretAccessKey: geheim-geheim }';
    const finding = await checkObjectStore(subjectOf([`storage: { s3: ${s3} }`]));
    expect(told(finding)).toMatch(/^bad: .*nothing listens there/);
    expect(JSON.stringify(finding)).not.toContain('geheim');
  });
});

describeWith(['radosgw'], 'a real object store', () => {
  let store: S3Server;

  beforeAll(async () => {
    store = await startRadosgw();
  });

  afterAll(() => store?.stop());

  it('takes, gives back and deletes', async () => {
    const finding = await checkObjectStore(subjectOf([`storage: { s3: ${store.yaml('doctor')} }`]));
    expect(told(finding)).toMatch(/^good: Bucket doctor at http/);
  });

  it('refuses the keys, or has no such bucket', async () => {
    const wrong = store.yaml('doctor').replace(store.credentials.secretAccessKey, 'wrong');
    expect(told(await checkObjectStore(subjectOf([`storage: { s3: ${wrong} }`])))).toMatch(/^bad: /);
    const none = store.yaml('none-such').replace('createBucket: true', 'createBucket: false');
    const finding = await checkObjectStore(subjectOf([`storage: { s3: ${none} }`]));
    expect(told(finding)).toMatch(/^bad: /);
    expect(finding?.remedy).toMatch(/createBucket/);
  });
});

describe('the doctor', () => {
  it('goes on when something cannot be looked at', async () => {
    const path = join(folder.path, 'all');
    const subject = subjectOf([
      'server: { listen: "127.0.0.1:0" }',
      `storage: { local: { path: ${JSON.stringify(path)} } }`,
      `catalog: { sqlite: ${JSON.stringify(join(path, 'catalog.db'))} }`,
    ]);
    const findings: Finding[] = [];
    const tools = {
      ...{ leastNodeMajor: 24, bundledFfmpeg, bench: undefined },
      lookAtCatalog: () => {
        throw new Error('the moon is full');
      },
    };
    for await (const finding of examine(subject, tools)) findings.push(finding);
    const catalog = findings.find(({ about }) => about === 'catalog');
    expect(told(catalog)).toBe('bad: This could not be looked at: the moon is full.');
    expect(findings.map(({ about }) => about)).toEqual(
      expect.arrayContaining([
        'node',
        'memory',
        'clock',
        'open files',
        'ports',
        'folders',
        'room',
        'disk',
        'ffmpeg',
      ]),
    );
    for (const { said, remedy, state } of findings) {
      expect(said).toMatch(/\.$/);
      expect(remedy === '').toBe(state === 'good');
    }
    expect(await readdir(folder.path)).not.toContain('all');
  });
});
