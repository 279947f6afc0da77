import type { Readable } from 'node:stream';

/** Pictures come out in this size, whatever their shape: motion is looked for in shares of the picture. */
export const GREY_WIDTH = 320;
export const GREY_HEIGHT = 180;
export const GREY_BYTES = GREY_WIDTH * GREY_HEIGHT;

const MAX_LINE = 1_000;
/** More are ahead of their pictures only when something is wrong. */
const MAX_NUMBERS = 1_000;

/**
 * What comes out of a decoder: grey pictures by one pipe, their numbers by another, as lines of `framecrc`, in the same
 * order. They are brought together here.
 */
export class GreyOutput {
  readonly #pixels: Readable;
  readonly #onGrey: (number: number, pixels: Buffer) => void;
  /** Numbers that came out, of which the picture is still on its way. */
  readonly #numbers: number[] = [];
  #line = '';
  #picture = Buffer.allocUnsafeSlow(GREY_BYTES);
  #filled = 0;

  constructor(pixels: Readable, numbers: Readable, onGrey: (number: number, pixels: Buffer) => void) {
    this.#pixels = pixels;
    this.#onGrey = onGrey;
    pixels.on('data', (chunk: Buffer) => this.#takePixels(chunk));
    numbers.on('data', (chunk: Buffer) => this.#takeNumbers(chunk.toString('latin1')));
  }

  #takePixels(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const taken = chunk.copy(this.#picture, this.#filled, at);
      at += taken;
      this.#filled += taken;
      if (this.#filled < GREY_BYTES) return;
      const number = this.#numbers.shift();
      if (number === undefined) {
        // The number comes by another pipe and is late: let it go first.
        this.#pixels.pause();
        if (at < chunk.length) this.#pixels.unshift(chunk.subarray(at));
        return;
      }
      this.#finish(number);
    }
  }

  /** Lines of `framecrc`: stream, decoding time, presentation time, duration, size, checksum. */
  #takeNumbers(text: string): void {
    const lines = `${this.#line}${text}`.split('\n');
    this.#line = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) {
      if (line.startsWith('#')) continue;
      const number = Number(line.split(',')[2]);
      if (Number.isSafeInteger(number) && this.#numbers.length < MAX_NUMBERS) this.#numbers.push(number);
    }
    if (this.#filled === GREY_BYTES) {
      const number = this.#numbers.shift();
      if (number !== undefined) this.#finish(number);
    }
    this.#pixels.resume();
  }

  #finish(number: number): void {
    const grey = this.#picture;
    this.#picture = Buffer.allocUnsafeSlow(GREY_BYTES);
    this.#filled = 0;
    this.#onGrey(number, grey);
  }
}
