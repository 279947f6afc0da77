import type { SegmentStore } from './object-store.ts';

const BLOCK_BYTES = 1024 * 1024;
const BLOCKS = 48;
/** Less than this is asked for as it is: heads of fragments are a few hundred bytes, a megabyte apart. */
const SMALL_BYTES = 64 * 1024;

interface Block {
  readonly bytes: Buffer;
  /** Fewer than a whole block only where the object ends. */
  readonly length: number;
}

/**
 * Reads objects in blocks of a megabyte and keeps the last ones: players ask for one piece after the other, each in a
 * request of its own. Whoever reads on finds the next block under way already.
 */
export class BlockCache {
  readonly #store: SegmentStore;
  /** Least recently used first. */
  readonly #blocks = new Map<string, Promise<Block>>();

  constructor(store: SegmentStore) {
    this.#store = store;
  }

  /** As `SegmentStore.read`. */
  async read(key: string, buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
    const first = Math.floor(position / BLOCK_BYTES);
    if (length < SMALL_BYTES && !this.#blocks.has(name(key, first))) {
      return this.#store.read(key, buffer, offset, length, position);
    }
    let done = 0;
    while (done < length) {
      const at = position + done;
      const number = Math.floor(at / BLOCK_BYTES);
      const { bytes, length: blockLength } = await this.#block(key, number);
      if (blockLength === BLOCK_BYTES) this.#prefetch(key, number + 1);
      const start = at - number * BLOCK_BYTES;
      const end = Math.min(blockLength, start + length - done);
      if (end <= start) break;
      bytes.copy(buffer, offset + done, start, end);
      done += end - start;
    }
    return done;
  }

  #prefetch(key: string, number: number): void {
    // Whoever wants it will hear what is wrong with it.
    this.#block(key, number).catch(() => undefined);
  }

  #block(key: string, number: number): Promise<Block> {
    const id = name(key, number);
    const known = this.#blocks.get(id);
    if (known) {
      this.#blocks.delete(id);
      this.#blocks.set(id, known);
      return known;
    }
    const block = this.#fetch(key, number);
    this.#blocks.set(id, block);
    block.catch(() => this.#blocks.delete(id));
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= BLOCKS) break;
      this.#blocks.delete(oldest);
    }
    return block;
  }

  async #fetch(key: string, number: number): Promise<Block> {
    const bytes = Buffer.allocUnsafe(BLOCK_BYTES);
    return { bytes, length: await this.#store.read(key, bytes, 0, BLOCK_BYTES, number * BLOCK_BYTES) };
  }
}

const name = (key: string, number: number): string => `${key} ${number}`;
