import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const BLOCK_BYTES = 1024 * 1024;

/**
 * SHA-256 of a file, read block by block.
 * @throws the error of the file system
 */
export async function hashFile(path: string): Promise<Uint8Array> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(block, 0, block.length, null);
      if (bytesRead === 0) return hash.digest();
      hash.update(block.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
