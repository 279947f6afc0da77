const NEWLINE = 0x0a;

/** Reads from a stream as much as is wanted, and no faster than it is wanted. */
export class ExactReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Up to the next newline, without it; `undefined` at the end, or when there is none within so many bytes. */
  async line(most: number): Promise<string | undefined> {
    for (;;) {
      const at = this.#rest.subarray(0, most).indexOf(NEWLINE);
      if (at >= 0) {
        const line = this.#rest.toString('latin1', 0, at);
        this.#rest = this.#rest.subarray(at + 1);
        return line;
      }
      if (this.#rest.length >= most || !(await this.#more())) return undefined;
    }
  }

  /** Returns whether there was enough. */
  async fill(target: Buffer): Promise<boolean> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#rest.length === 0 && !(await this.#more())) return false;
      const taken = this.#rest.copy(target, filled);
      this.#rest = this.#rest.subarray(taken);
      filled += taken;
    }
    return true;
  }

  /** A stream that breaks has ended. */
  async #more(): Promise<boolean> {
    const next = await this.#chunks.next().catch(() => undefined);
    if (next === undefined || next.done === true) return false;
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    return true;
  }
}
