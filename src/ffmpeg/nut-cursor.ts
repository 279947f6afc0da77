/** More bytes than any number takes that is looked at: eight times seven bits stay below 2^56, and 2^53 is the most. */
const MAX_NUMBER_BYTES = 8;
/** Of one of 64 bits. */
const MAX_LONG_BYTES = 10;

/** Reads the numbers of a NUT stream one after the other, and never past `end`: then `overrun` says so. */
export class NutCursor {
  at = 0;
  /** The bytes end before what was asked for: more have to come first. */
  overrun = false;
  /** A number was longer than any that makes sense. */
  broken = false;

  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;

  /** Goes to `at`; nothing has been wrong yet. */
  set(bytes: Buffer, at: number, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.at = at;
    this.overrun = false;
    this.broken = false;
  }

  byte(): number {
    if (this.at >= this.#end) {
      this.overrun = true;
      return 0;
    }
    return this.#bytes[this.at++] as number;
  }

  /** `v`: seven bits a byte, highest first, a set top bit meaning that more follow. */
  number(): number {
    let value = 0;
    for (let bytes = 0; bytes < MAX_NUMBER_BYTES; bytes++) {
      const next = this.byte();
      value = value * 128 + (next & 0x7f);
      if (next < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    this.broken = true;
    return 0;
  }

  /** `s`: 0, 1, -1, 2, -2, … as 0, 1, 2, 3, 4, … */
  signed(): number {
    const value = this.number() + 1;
    return value % 2 === 1 ? 0 - (value - 1) / 2 : value / 2;
  }

  /** Passes over a number that nobody wants to know, and that may have 64 bits. */
  skipNumber(): void {
    for (let bytes = 0; bytes < MAX_LONG_BYTES; bytes++) if (this.byte() < 0x80) return;
    this.broken = true;
  }

  skip(bytes: number): void {
    if (bytes > this.#end - this.at) {
      this.overrun = true;
      return;
    }
    this.at += bytes;
  }

  /** A length and so many bytes, copied. */
  block(most: number): Buffer {
    const length = this.number();
    if (length > most) {
      this.broken = true;
      return Buffer.alloc(0);
    }
    const start = this.at;
    this.skip(length);
    return this.overrun ? Buffer.alloc(0) : Buffer.from(this.#bytes.subarray(start, start + length));
  }
}
