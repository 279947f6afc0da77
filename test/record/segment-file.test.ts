import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SegmentFile } from '../../src/record/segment-file.ts';
import { StagingBuffers } from '../../src/record/staging-buffers.ts';
import { describeWith } from '../support/components.ts';
import { seededRandom } from '../support/random.ts';
import { SmallDisk } from '../support/tmpfs.ts';
import { temporaryFolder } from '../support/vigie.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  await folder?.remove();
});

/** Appends of every awkward size, in pieces of every awkward size. */
function* appends(seed: number): Generator<Buffer[]> {
  const random = seededRandom(seed);
  for (const size of [1, 4_095, 4_096, 4_097, 100, 65_536, 3 * 1024 * 1024 + 5, 2 * 1024 * 1024, 8_192, 12]) {
    const bytes = Buffer.alloc(size);
    for (let i = 0; i < size; i++) bytes[i] = Math.floor(random() * 256);
    const cut = Math.floor(random() * size);
    yield [bytes.subarray(0, cut), bytes.subarray(cut)];
  }
}

describe.each([
  ['past the file cache', () => new StagingBuffers()],
  ['through the file cache', () => undefined],
])('a segment file written %s', (name, staging) => {
  it('holds every byte, at every moment, and knows its hash', async () => {
    const path = join(folder.path, name, 'a', 'b', 'segment.mp4');
    const file = await SegmentFile.create(path, staging());
    const expected: Buffer[] = [];
    for (const pieces of appends(1)) {
      await file.append(pieces);
      expected.push(...pieces);
      const all = Buffer.concat(expected);
      expect(file.bytes).toBe(all.length);
      // A direct write may be followed by zeros up to the next block.
      const onDisk = await readFile(path);
      expect(onDisk.subarray(0, all.length).equals(all)).toBe(true);
      expect(onDisk.subarray(all.length).every((byte) => byte === 0)).toBe(true);
      await file.sync();
    }
    const all = Buffer.concat(expected);
    const hash = await file.close();
    expect((await stat(path)).size).toBe(all.length);
    expect(Buffer.from(hash)).toEqual(createHash('sha256').update(all).digest());
    expect((await readFile(path)).equals(all)).toBe(true);
  });

  it('is never another one', async () => {
    const path = join(folder.path, name, 'once.mp4');
    await (await SegmentFile.create(path, staging())).close();
    await expect(SegmentFile.create(path, staging())).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

it('many files at once wait for the buffers and get what is theirs', async () => {
  const staging = new StagingBuffers();
  await Promise.all(
    Array.from({ length: 40 }, async (_, number) => {
      const path = join(folder.path, 'many', `${number}.mp4`);
      const file = await SegmentFile.create(path, staging);
      for (let i = 0; i < 5; i++) await file.append([Buffer.alloc(100_001, number + i)]);
      await file.close();
      const bytes = await readFile(path);
      for (let i = 0; i < 5; i++) {
        expect(bytes.subarray(i * 100_001, (i + 1) * 100_001).every((byte) => byte === number + i)).toBe(
          true,
        );
      }
    }),
  );
});

/** Memory that no disk takes directly: what a disk with larger blocks answers, ours answers too. */
class Misaligned extends StagingBuffers {
  override take(): Promise<Buffer> {
    return Promise.resolve(Buffer.alloc(2 * 1024 * 1024 + 1).subarray(1));
  }
}

it('a disk that refuses direct writes is written through the cache, without a byte lost', async () => {
  const staging = new Misaligned();
  const path = join(folder.path, 'refused.mp4');
  const file = await SegmentFile.create(path, staging);
  const pieces = [...appends(2)].flat();
  for (const piece of pieces) await file.append([piece]);
  const hash = await file.close();
  const all = Buffer.concat(pieces);
  expect((await readFile(path)).equals(all)).toBe(true);
  expect(Buffer.from(hash)).toEqual(createHash('sha256').update(all).digest());
});

describeWith(['tmpfs'], 'a segment file on a disk that fills up', () => {
  it.each([
    ['past the file cache', () => new StagingBuffers()],
    ['through the file cache', () => undefined],
  ])('%s is cut to what was whole', async (name, staging) => {
    const disk = new SmallDisk(join(folder.path, `disk ${name}`), 2);
    try {
      const path = join(disk.path, 'segment.mp4');
      const file = await SegmentFile.create(path, staging());
      const whole = Buffer.alloc(700_000, 3);
      await file.append([whole]);
      await expect(file.append([Buffer.alloc(3_000_000, 4)])).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(file.bytes).toBe(700_000);
      const hash = await file.close();
      expect((await readFile(path)).equals(whole)).toBe(true);
      expect(Buffer.from(hash)).toEqual(createHash('sha256').update(whole).digest());
    } finally {
      disk.unmount();
    }
  });
});
