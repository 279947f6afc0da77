import { randomBytes } from 'node:crypto';
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlockCache } from '../../src/storage/block-cache.ts';
import { FolderStore } from '../../src/storage/folder-store.ts';
import { createSegmentReader, type SegmentReader } from '../../src/storage/segment-reader.ts';
import { failure } from '../support/stored.ts';
import { temporaryFolder } from '../support/vigie.ts';

const KEY = 'gare/a.mp4';

describe('reading a segment', () => {
  const content = randomBytes(2_500_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let local: FolderStore;
  let remote: FolderStore;
  let reader: SegmentReader;
  let missing: string[];

  beforeEach(async () => {
    folder = await temporaryFolder();
    // A folder of its own stands for the bucket.
    [local, remote] = [new FolderStore(`${folder.path}/local`), new FolderStore(`${folder.path}/remote`)];
    for (const { root } of [local, remote]) await mkdir(`${root}/gare`, { recursive: true });
    missing = [];
    reader = createSegmentReader(local, { store: remote, cache: new BlockCache(remote) }, (key) =>
      missing.push(key),
    );
  });
  afterEach(() => folder.remove());

  const readAll = async (): Promise<Buffer> => {
    const bytes = reader.open(KEY);
    const read = Buffer.alloc(content.length);
    try {
      return read.subarray(0, await bytes.read(read, 0, read.length, 0));
    } finally {
      await bytes.close();
    }
  };

  it('takes the object where the file is gone, short, or cannot be read', async () => {
    await writeFile(remote.path(KEY), content);
    expect((await readAll()).equals(content)).toBe(true);
    await writeFile(local.path(KEY), content);
    await truncate(local.path(KEY), 1_000);
    expect((await readAll()).equals(content)).toBe(true);
    await rm(local.path(KEY));
    await mkdir(local.path(KEY));
    expect((await readAll()).equals(content)).toBe(true);
    expect(missing).toEqual([]);
  });

  it('goes on with the object when the file goes away in the middle', async () => {
    await writeFile(local.path(KEY), content.subarray(0, 1_000_000));
    await writeFile(remote.path(KEY), content);
    const bytes = reader.open(KEY);
    const read = Buffer.alloc(content.length);
    expect(await bytes.read(read, 0, 500_000, 0)).toBe(500_000);
    await truncate(local.path(KEY), 0);
    expect(await bytes.read(read, 500_000, 2_000_000, 500_000)).toBe(2_000_000);
    await bytes.close();
    expect(read.equals(content)).toBe(true);
  });

  it('says that a segment is missing only when each tier has said so', async () => {
    await writeFile(local.path(KEY), content.subarray(0, 1_000));
    expect((await readAll()).equals(content.subarray(0, 1_000))).toBe(true);
    await rm(local.path(KEY));
    await mkdir(local.path(KEY));
    expect((await failure(readAll())).message).toBe('EISDIR');
    expect(missing).toEqual([]);
    await rm(local.path(KEY), { recursive: true });
    expect((await failure(readAll())).problem).toBe('missing');
    expect(missing).toEqual([KEY]);
  });
});
