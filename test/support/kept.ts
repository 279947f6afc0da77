import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { framesInBytes } from '../../bench/recorded-frames.ts';
import { segmentKey } from '../../src/catalog/segment-id.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import type { FrameIdentity } from '../../src/simulator/frame-identity.ts';
import type { S3Store } from '../../src/storage/s3/s3-store.ts';
import { wallMicros } from '../../src/time/units.ts';
import { segmentFiles, segmentsOf, type VigieOptions } from './vigie.ts';

export interface Kept {
  readonly frames: readonly FrameIdentity[];
  /** Segments by state. */
  readonly states: Readonly<Record<string, number>>;
}

/**
 * Looks, with the server stopped, whether catalog, disk and bucket agree: each segment is where its row says and
 * nowhere else, and every copy has the hash that was taken while it was recorded. Returns all frames there are.
 */
export async function auditKept(options: VigieOptions, store: S3Store): Promise<Kept> {
  const catalog = await openSqliteCatalog({ path: join(options.folder, 'catalog.db') });
  const frames: FrameIdentity[] = [];
  const states: Record<string, number> = {};
  const files: string[] = [];
  const objects: string[] = [];
  try {
    expect(await catalog.openSegments()).toEqual([]);
    const dying = new Set(
      (await catalog.condemned(undefined, 10_000)).map(({ cameraNo, start }) => `${cameraNo}-${start}`),
    );
    for (const camera of await catalog.cameras()) {
      for (const row of await catalog.segmentsFrom(camera.cameraNo, wallMicros(0), 100_000)) {
        const key = segmentKey(camera.id, row.cameraNo, row.start);
        if (dying.has(`${row.cameraNo}-${row.start}`)) continue;
        states[row.state] = (states[row.state] ?? 0) + 1;
        const copies: Buffer[] = [];
        if (row.state !== 'remote') {
          const path = join(segmentsOf(options), key);
          files.push(path);
          copies.push(await readFile(path));
        }
        if (row.state !== 'local') {
          objects.push(key);
          const copy = Buffer.alloc(row.bytes + 1);
          copies.push(copy.subarray(0, await store.read(key, copy, 0, copy.length, 0)));
        }
        for (const copy of copies) {
          expect(copy.length).toBe(row.bytes);
          if (row.sha256)
            expect(createHash('sha256').update(copy).digest().equals(Buffer.from(row.sha256))).toBe(true);
        }
        frames.push(...framesInBytes(copies[0] as Buffer, key));
      }
    }
    if (dying.size === 0) {
      expect(await segmentFiles(segmentsOf(options))).toEqual(files.toSorted());
      const listed: string[] = [];
      for await (const { key } of store.list('')) listed.push(key);
      // A row may say that a segment is here only while the store has it: the next upload finds out.
      expect(objects.filter((key) => !listed.includes(key))).toEqual([]);
      const local = new Set(files.map((path) => path.slice(segmentsOf(options).length + 1)));
      expect(listed.filter((key) => !objects.includes(key) && !local.has(key))).toEqual([]);
    }
    return { frames, states };
  } finally {
    await catalog.close();
  }
}

/** In every session of a camera each frame is there once, from the first to the last that is there. */
export function expectNoHoles(frames: readonly FrameIdentity[]): void {
  const sessions = new Map<number, number[]>();
  for (const { session, frame } of frames) sessions.set(session, [...(sessions.get(session) ?? []), frame]);
  for (const numbers of sessions.values()) {
    const first = numbers[0] as number;
    expect(numbers).toEqual(numbers.map((_, index) => first + index));
  }
}
