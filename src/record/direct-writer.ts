import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BLOCK_BYTES, type StagingBuffers } from './staging-buffers.ts';

/**
 * Writes past the file cache. What a recorder writes is not read for hours, if ever: through the cache each byte
 * takes memory that has to be found and given back, which costs ten times as much as copying it here does, and
 * the system writes when it likes. The disk takes whole blocks only, so the last, begun one is written filled up
 * with zeros, kept, and written again with what follows: until the file is cut to its length it is a little longer.
 */
export class DirectWriter {
  readonly #file: FileHandle;
  readonly #staging: StagingBuffers;
  readonly #kept = Buffer.alloc(BLOCK_BYTES);

  /**
   * Opens a file that is there. It is not created here: where direct writing cannot be had, Linux says so only after
   * it has created the file.
   * @returns `undefined` where the system, the file system or an earlier try says that it cannot be had
   * @throws any other error of the file system
   */
  static async open(path: string, staging: StagingBuffers): Promise<DirectWriter | undefined> {
    // The constant is Linux's.
    if (!staging.usable || constants.O_DIRECT === undefined) return undefined;
    try {
      return new DirectWriter(await open(path, constants.O_WRONLY | constants.O_DIRECT), staging);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
      throw error;
    }
  }

  private constructor(file: FileHandle, staging: StagingBuffers) {
    this.#file = file;
    this.#staging = staging;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** It does not work here: nobody tries again with these buffers. */
  giveUp(): Promise<void> {
    this.#staging.usable = false;
    return this.close();
  }

  /**
   * Writes the pieces behind the `end` bytes that are there.
   * @throws the error of the file system; what is before `end` is as before
   */
  async append(pieces: readonly Uint8Array[], end: number): Promise<void> {
    const buffer = await this.#staging.take();
    try {
      let begun = end % BLOCK_BYTES;
      let position = end - begun;
      buffer.set(this.#kept.subarray(0, begun));
      for (const piece of pieces) {
        for (let from = 0; from < piece.length; ) {
          const length = Math.min(piece.length - from, buffer.length - begun);
          buffer.set(piece.subarray(from, from + length), begun);
          begun += length;
          from += length;
          if (begun < buffer.length) continue;
          await this.#write(buffer, position);
          position += begun;
          begun = 0;
        }
      }
      if (begun > 0) {
        const rest = begun % BLOCK_BYTES;
        const whole = begun - rest + (rest > 0 ? BLOCK_BYTES : 0);
        buffer.fill(0, begun, whole);
        await this.#write(buffer.subarray(0, whole), position);
        this.#kept.set(buffer.subarray(begun - rest, begun));
      }
    } finally {
      this.#staging.release(buffer);
    }
  }

  async #write(blocks: Buffer, position: number): Promise<void> {
    for (let done = 0; done < blocks.length; ) {
      const { bytesWritten } = await this.#file.write(blocks, done, blocks.length - done, position + done);
      const whole = bytesWritten - (bytesWritten % BLOCK_BYTES);
      if (whole === 0) {
        throw Object.assign(new Error('the disk took no whole block: it is full'), { code: 'ENOSPC' });
      }
      done += whole;
    }
  }
}
