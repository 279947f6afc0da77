import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DirectWriter } from './direct-writer.ts';
import type { StagingBuffers } from './staging-buffers.ts';

const MODE = 0o640;

/**
 * A segment file that is being written: what has been written whole, counted and hashed as it goes. Writes go to
 * explicit positions, so that a write that failed half-way leaves nothing behind once the file is cut there.
 * One call at a time.
 */
export class SegmentFile {
  readonly path: string;
  readonly #file: FileHandle;
  /** `undefined`: through the system's file cache. */
  #direct: DirectWriter | undefined;
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  /**
   * Creates the file and its folders; an existing file is never touched (`O_EXCL`).
   * @param staging for writing past the file cache, where the file system can
   * @throws the error of the file system
   */
  static async create(path: string, staging?: StagingBuffers): Promise<SegmentFile> {
    let file: FileHandle;
    try {
      file = await open(path, 'wx', MODE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await createFolder(dirname(path));
      file = await open(path, 'wx', MODE);
    }
    try {
      // The name must outlive a power cut as the content does.
      await syncFolder(dirname(path));
      return new SegmentFile(path, file, staging && (await DirectWriter.open(path, staging)));
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  }

  private constructor(path: string, file: FileHandle, direct: DirectWriter | undefined) {
    this.path = path;
    this.#file = file;
    this.#direct = direct;
  }

  /** Bytes written whole. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends the pieces, all or none of them counting.
   * @throws the error of the file system; `bytes` is then as before
   */
  async append(pieces: readonly Uint8Array[]): Promise<void> {
    let total = 0;
    for (const piece of pieces) total += piece.length;
    if (!(await this.#appendDirectly(pieces))) await this.#appendCached(pieces, total);
    for (const piece of pieces) this.#hash.update(piece);
    this.#bytes += total;
  }

  /** False: this file is not, or no longer, written past the cache. */
  async #appendDirectly(pieces: readonly Uint8Array[]): Promise<boolean> {
    if (!this.#direct) return false;
    try {
      await this.#direct.append(pieces, this.#bytes);
      return true;
    } catch (error) {
      // There are disks with larger blocks, and file systems that open such a file and then refuse the write.
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    }
    const refused = this.#direct;
    this.#direct = undefined;
    await refused.giveUp();
    return false;
  }

  async #appendCached(pieces: readonly Uint8Array[], total: number): Promise<void> {
    let written = 0;
    let rest = pieces as Uint8Array[];
    while (written < total) {
      const { bytesWritten } = await this.#file.writev(rest, this.#bytes + written);
      // A full disk may take a part; the next try then says what is wrong.
      if (bytesWritten <= 0) throw Object.assign(new Error('the disk took no byte'), { code: 'EIO' });
      written += bytesWritten;
      if (written < total) rest = behind(pieces, written);
    }
  }

  /** @throws the error of the file system: what was written since the last sync may not be there */
  async sync(): Promise<void> {
    await this.#file.datasync();
  }

  /**
   * Cuts off what does not count, makes the file durable, and closes it.
   * @returns its SHA-256
   * @throws the error of the file system; the file is closed all the same
   */
  async close(): Promise<Uint8Array> {
    try {
      // Direct writes fill the last block up, and a write that failed may have left a part.
      await this.#file.truncate(this.#bytes);
      // Not `datasync`: the length has to be durable too.
      await this.#file.sync();
    } finally {
      await Promise.all([this.#file.close(), this.#direct?.close()]);
    }
    return this.#hash.digest();
  }
}

/** The pieces without their first `bytes`. */
function behind(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = bytes;
  for (const piece of pieces) {
    if (skip < piece.length) rest.push(skip === 0 ? piece : piece.subarray(skip));
    skip = Math.max(0, skip - piece.length);
  }
  return rest;
}

/** Creates a folder with what is missing above it, each made durable in the one that holds it. */
async function createFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o750 });
  if (first === undefined) return;
  const above = dirname(first);
  for (let folder = path; folder.length >= above.length; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === dirname(folder)) break;
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
