/**
 * Memory for frames on their way to disk: equal slabs, taken as frames arrive and given back when they are
 * written. One budget for all cameras of a thread, so that a slow disk can never eat the machine; and no copying
 * to grow, as a fragment simply takes one slab more.
 */
export class SlabPool {
  readonly slabBytes: number;
  readonly budgetSlabs: number;
  #free: Slab[] = [];
  #taken = 0;

  constructor(options: { readonly slabBytes: number; readonly budgetBytes: number }) {
    this.slabBytes = options.slabBytes;
    this.budgetSlabs = Math.max(1, Math.floor(options.budgetBytes / options.slabBytes));
  }

  /** A slab with one reference, or `undefined` when the budget is used up. */
  take(): Slab | undefined {
    if (this.#taken >= this.budgetSlabs) return undefined;
    this.#taken++;
    const slab = this.#free.pop();
    if (slab) {
      slab.references = 1;
      return slab;
    }
    // Not from Node's own small-buffer pool: each slab must be its own memory to be returned whole.
    return { bytes: Buffer.allocUnsafeSlow(this.slabBytes), references: 1 };
  }

  /** Drops one reference; the last one returns the slab. */
  release(slab: Slab): void {
    if (--slab.references > 0) return;
    this.#taken--;
    this.#free.push(slab);
  }

  /** Lets go of memory that a burst needed and nobody needs now. */
  trim(): void {
    const spare = Math.ceil(this.#taken / 4) + 16;
    if (this.#free.length > spare) this.#free.length = spare;
  }

  get takenBytes(): number {
    return this.#taken * this.slabBytes;
  }

  get budgetBytes(): number {
    return this.budgetSlabs * this.slabBytes;
  }
}

export interface Slab {
  readonly bytes: Buffer;
  /** A slab in which one fragment ends and the next begins is held by both. */
  references: number;
}
