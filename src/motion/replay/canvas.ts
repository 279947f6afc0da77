import type { Point } from '../zones/zone.ts';

/** YCbCr in full range, as JPEG has it. */
export type Colour = readonly [y: number, cb: number, cr: number];

export const COLOURS = {
  black: [16, 128, 128],
  grey: [110, 128, 128],
  white: [235, 128, 128],
  red: [90, 90, 240],
  yellow: [210, 16, 146],
  green: [150, 60, 50],
  blue: [90, 220, 90],
} as const satisfies Readonly<Record<string, Colour>>;

/** Lines are two pixels thick, since that is the least that has a colour in 4:2:0. */
const THICK = 2;

/** Digits and a colon, three by five: the upper row is in the highest bits. */
const GLYPHS: Readonly<Record<string, number>> = {
  '0': 0b111_101_101_101_111,
  '1': 0b010_110_010_010_111,
  '2': 0b111_001_111_100_111,
  '3': 0b111_001_111_001_111,
  '4': 0b101_101_111_001_001,
  '5': 0b111_100_111_001_111,
  '6': 0b111_100_111_101_111,
  '7': 0b111_001_010_010_010,
  '8': 0b111_101_111_101_111,
  '9': 0b111_101_111_001_111,
  ':': 0b000_010_000_010_000,
};
const [GLYPH_WIDTH, GLYPH_HEIGHT] = [3, 5];

/** A planar 4:2:0 picture to draw on. Both sides are even; what lies outside is cut off. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly bytes: Buffer;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.bytes = Buffer.alloc((width * height * 3) / 2, 128);
  }

  /** Puts a picture of the same width at the top. */
  show(planes: Uint8Array, height: number): void {
    const [here, there] = [this.width * this.height, this.width * height];
    this.bytes.set(planes.subarray(0, there), 0);
    this.bytes.set(planes.subarray(there, there + there / 4), here);
    this.bytes.set(planes.subarray(there + there / 4, there + there / 2), here + here / 4);
  }

  /** Whole pixels, up to `right` and `bottom`. */
  fill(left: number, top: number, right: number, bottom: number, colour: Colour): void {
    const [x0, x1] = [within(left, this.width), within(right, this.width)];
    const [y0, y1] = [within(top, this.height), within(bottom, this.height)];
    if (x1 <= x0) return;
    const [luma, half] = [this.width * this.height, this.width / 2];
    for (let y = y0; y < y1; y++) {
      this.bytes.fill(colour[0], y * this.width + x0, y * this.width + x1);
      const line = luma + (y >> 1) * half;
      this.bytes.fill(colour[1], line + (x0 >> 1), line + ((x1 + 1) >> 1));
      this.bytes.fill(colour[2], line + luma / 4 + (x0 >> 1), line + luma / 4 + ((x1 + 1) >> 1));
    }
  }

  /** The inner border of a rectangle. */
  frame(left: number, top: number, right: number, bottom: number, colour: Colour): void {
    this.fill(left, top, right, top + THICK, colour);
    this.fill(left, bottom - THICK, right, bottom, colour);
    this.fill(left, top, left + THICK, bottom, colour);
    this.fill(right - THICK, top, right, bottom, colour);
  }

  /** An outline in shares of the upper `height` rows. */
  outline(points: readonly Point[], height: number, colour: Colour): void {
    for (const [index, [fromX, fromY]] of points.entries()) {
      const [toX, toY] = points[(index + 1) % points.length] as Point;
      const [dx, dy] = [(toX - fromX) * this.width, (toY - fromY) * height];
      const steps = Math.max(1, Math.ceil(Math.max(Math.abs(dx), Math.abs(dy)) / THICK));
      for (let step = 0; step <= steps; step++) {
        const x = even(fromX * this.width + (dx * step) / steps, this.width);
        const y = even(fromY * height + (dy * step) / steps, height);
        this.fill(x, y, x + THICK, y + THICK, colour);
      }
    }
  }

  /** Digits and colons; anything else is a space. */
  write(text: string, left: number, top: number, scale: number, colour: Colour): void {
    for (const [index, character] of text.split('').entries()) {
      const glyph = GLYPHS[character] ?? 0;
      for (let bit = 0; bit < GLYPH_WIDTH * GLYPH_HEIGHT; bit++) {
        if (((glyph >> (GLYPH_WIDTH * GLYPH_HEIGHT - 1 - bit)) & 1) === 0) continue;
        const x = left + (index * (GLYPH_WIDTH + 1) + (bit % GLYPH_WIDTH)) * scale;
        const y = top + Math.floor(bit / GLYPH_WIDTH) * scale;
        this.fill(x, y, x + scale, y + scale, colour);
      }
    }
  }
}

/** Pixels that a text of so many characters takes. */
export const textSize = (characters: number, scale: number): readonly [width: number, height: number] => [
  (characters * (GLYPH_WIDTH + 1) - 1) * scale,
  GLYPH_HEIGHT * scale,
];

const within = (value: number, end: number): number => Math.max(0, Math.min(end, Math.round(value)));

/** The even pixel at a place, so that the colour is that of the line and not of its neighbour, inside of the picture. */
const even = (place: number, end: number): number =>
  Math.max(0, Math.min(end - THICK, 2 * Math.floor(place / 2)));
