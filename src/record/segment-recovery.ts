import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type SegmentWalk, walkSegment } from '../media/mp4/segment-walk.ts';

const HASH_BLOCK_BYTES = 1024 * 1024;

/**
 * Walks a segment file that nobody brought to its end, and cuts off the torn tail. Durable when it returns.
 * @returns `undefined` when there is no such file
 * @throws the error of the file system
 */
export async function repairSegmentFile(path: string): Promise<SegmentWalk | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const walk = await walkSegment(async (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      const { bytesRead } = await file.read(bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    }, size);
    if (walk.fragments.length > 0 && walk.goodBytes < size) {
      await file.truncate(walk.goodBytes);
      await file.sync();
    }
    return walk;
  } finally {
    await file.close();
  }
}

/**
 * SHA-256 of a file, read block by block.
 * @throws the error of the file system
 */
export async function hashFile(path: string): Promise<Uint8Array> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    const block = Buffer.allocUnsafe(HASH_BLOCK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(block, 0, block.length, null);
      if (bytesRead === 0) return hash.digest();
      hash.update(block.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
