import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { RateLimit } from './rate-limit.ts';

const BLOCK_BYTES = 1024 * 1024;
/** One on its way into the socket, one that waits behind it, one that is being read. */
const BLOCKS = 3;
const WASM_PAGE_BYTES = 64 * 1024;

/** TypeScript's types for it come with those of a browser only. */
declare const WebAssembly: {
  readonly Memory: new (pages: {
    readonly initial: number;
    readonly maximum: number;
  }) => {
    readonly buffer: ArrayBuffer;
  };
};

/**
 * Reads segments for uploading, past the file cache where the file system can: they were written past it, and through
 * it each byte would take memory that has to be found and given back, which costs more than sending it does. Blocks
 * are used again in turn: a stream that is piped into a socket hands on the next one when the one before has left. Were
 * that ever untrue, the store would notice, as it checks the content. One upload at a time.
 */
export class UploadLane {
  readonly #blocks: readonly Buffer[];
  readonly #limit: RateLimit;
  #direct: 'untried' | 'works' | 'refused' = 'untried';

  constructor(limit: RateLimit) {
    this.#limit = limit;
    const pages = (BLOCKS * BLOCK_BYTES) / WASM_PAGE_BYTES;
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#blocks = Array.from({ length: BLOCKS }, (_, i) =>
      Buffer.from(buffer, i * BLOCK_BYTES, BLOCK_BYTES),
    );
  }

  /** The first `bytes` of a file. The stream fails when there are fewer. */
  stream(path: string, bytes: number, moved: () => void): Readable {
    // Without a buffer of its own, as the blocks are one.
    return Readable.from(this.#read(path, bytes, moved), { objectMode: false, highWaterMark: 1 });
  }

  async *#read(path: string, bytes: number, moved: () => void): AsyncGenerator<Buffer> {
    let file = await this.#open(path);
    try {
      if (!(await this.#isReadable(file))) {
        await file.close();
        file = await this.#open(path);
      }
      for (let at = 0, turn = 0; at < bytes; turn++) {
        const block = this.#blocks[turn % BLOCKS] as Buffer;
        const wanted = Math.min(BLOCK_BYTES, bytes - at);
        const length = Math.min(wanted, await this.#fill(file, block, at));
        if (length < wanted) throw new Error(`the file ends at byte ${at + length} of ${bytes}`);
        await this.#limit.take(length);
        moved();
        yield block.subarray(0, length);
        at += length;
      }
    } finally {
      await file.close();
    }
  }

  /** There are file systems that open a file for direct reading and then refuse it. */
  async #isReadable(file: FileHandle): Promise<boolean> {
    if (this.#direct !== 'untried') return true;
    try {
      await file.read(this.#blocks[0] as Buffer, 0, 4_096, 0);
      this.#direct = 'works';
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
      this.#direct = 'refused';
      return false;
    }
  }

  /** Whole blocks are asked for, as direct reads have to be; fewer bytes come at the end of the file. */
  async #fill(file: FileHandle, block: Buffer, position: number): Promise<number> {
    let done = 0;
    while (done < BLOCK_BYTES) {
      const { bytesRead } = await file.read(block, done, BLOCK_BYTES - done, position + done);
      done += bytesRead;
      // What is not a multiple of a disk's block is the end.
      if (bytesRead === 0 || bytesRead % 512 !== 0) break;
    }
    return done;
  }

  async #open(path: string): Promise<FileHandle> {
    // The constant is Linux's.
    if (this.#direct !== 'refused' && constants.O_DIRECT !== undefined) {
      try {
        return await open(path, constants.O_RDONLY | constants.O_DIRECT);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
        this.#direct = 'refused';
      }
    }
    return open(path, 'r');
  }
}
