/** A multiple of the block size of every common disk and file system. */
export const BLOCK_BYTES = 4_096;
/** More than a group of pictures of a usual camera, so that it goes to disk in one write. */
const BUFFER_BYTES = 2 * 1024 * 1024;
/** So many writes go on at a time in a thread: enough to keep a disk busy, and 16 MiB of memory. */
const BUFFERS = 8;
const WASM_PAGE_BYTES = 64 * 1024;

/** TypeScript's types for it come with those of a browser only. */
declare const WebAssembly: {
  readonly Memory: new (pages: {
    readonly initial: number;
    readonly maximum: number;
  }) => { readonly buffer: ArrayBuffer };
};

/**
 * Memory that a disk can take bytes from without the system's file cache in between (`O_DIRECT`): it has to begin at
 * a multiple of the block size. Node gives no such promise for a `Buffer`; the memory of WebAssembly begins at a page.
 */
export class StagingBuffers {
  /** False once the disk has refused them. */
  usable = true;
  readonly #free: Buffer[] = [];
  readonly #waiting: ((buffer: Buffer) => void)[] = [];

  /** @throws RangeError when there is not that much address space */
  constructor() {
    const pages = (BUFFERS * BUFFER_BYTES) / WASM_PAGE_BYTES;
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
    for (let i = 0; i < BUFFERS; i++) this.#free.push(Buffer.from(buffer, i * BUFFER_BYTES, BUFFER_BYTES));
  }

  /** Waits for its turn. */
  take(): Promise<Buffer> {
    const buffer = this.#free.pop();
    if (buffer) return Promise.resolve(buffer);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(buffer: Buffer): void {
    const next = this.#waiting.shift();
    if (next) next(buffer);
    else this.#free.push(buffer);
  }
}
