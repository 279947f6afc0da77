/**
 * Takes the emulation prevention bytes out of a NAL unit (H.264 section 7.3.1, H.265 section 7.3.1.1): in
 * `00 00 03` the `03` is no content.
 * @returns the NAL unit itself where there is none: most have none, and this runs for every picture
 */
export function unescapeNal(nal: Uint8Array): Uint8Array {
  if (!isEscaped(nal)) return nal;
  const out = new Uint8Array(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

function isEscaped(nal: Uint8Array): boolean {
  for (let i = 2; i < nal.length; i++) {
    if (nal[i] === 3 && nal[i - 1] === 0 && nal[i - 2] === 0) return true;
  }
  return false;
}

/**
 * Reads the bits of a raw byte sequence payload. Beyond the end it reads zeros and says so in `overrun`: what a
 * camera sends may be cut anywhere, and is looked at once, when everything was read.
 */
export class BitReader {
  overrun = false;

  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  bit(): number {
    const byte = this.#bytes[this.#at >> 3];
    if (byte === undefined) {
      this.overrun = true;
      return 0;
    }
    const bit = (byte >> (7 - (this.#at & 7))) & 1;
    this.#at++;
    return bit;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** Unsigned, up to 32 bits. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length * 8) this.overrun = true;
  }

  /** `ue(v)`, Exp-Golomb (H.264 section 9.1). */
  ue(): number {
    let zeros = 0;
    while (zeros < 32 && !this.overrun && this.bit() === 0) zeros++;
    if (zeros === 32) this.overrun = true;
    return this.overrun ? 0 : 2 ** zeros - 1 + this.bits(zeros);
  }

  /** `se(v)`. */
  se(): number {
    const code = this.ue();
    return code % 2 === 0 ? -(code / 2) : (code + 1) / 2;
  }
}
