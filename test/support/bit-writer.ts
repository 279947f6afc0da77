/** Writes the bits of a raw byte sequence payload: what `BitReader` reads. */
export class BitWriter {
  readonly #bits: number[] = [];

  /** `count` bits of `value`, the highest first. */
  bits(value: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) this.#bits.push(Math.floor(value / 2 ** i) % 2);
    return this;
  }

  /** `ue(v)`, Exp-Golomb (H.264 section 9.1). */
  ue(value: number): this {
    const length = Math.floor(Math.log2(value + 1));
    return this.bits(0, length).bits(value + 1, length + 1);
  }

  /** `se(v)`. */
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** With its stop bit, and emulation prevention bytes where the content looks like a start code. */
  escaped(): Buffer {
    const padded = [...this.#bits, 1];
    while (padded.length % 8 !== 0) padded.push(0);
    const out: number[] = [];
    for (let at = 0; at < padded.length; at += 8) {
      const byte = padded.slice(at, at + 8).reduce((value, bit) => value * 2 + bit, 0);
      if (out.at(-1) === 0 && out.at(-2) === 0 && byte <= 3) out.push(3);
      out.push(byte);
    }
    return Buffer.from(out);
  }
}
