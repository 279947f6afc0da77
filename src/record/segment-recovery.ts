import { type FileHandle, open } from 'node:fs/promises';
import { type SegmentWalk, walkSegment } from '../media/mp4/segment-walk.ts';

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
