import type { BitReader } from './bit-reader.ts';

/** Table E-1 of H.264 and of H.265, by `aspect_ratio_idc`; 0 is "unspecified". */
const RATIOS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
const EXTENDED = 255;

/**
 * Sizes of the television systems, whose pixels are not square by definition (ITU-R BT.601, table E-1): a stream of such
 * a size that does not tell its pixels (J33) shows 4:3, which is what these sizes mean. A camera that squeezes 16:9 into
 * one of them should say so; that it does cannot be known from here. Sizes that may well be what they seem, as 640x480,
 * are left alone.
 */
const TELEVISION: ReadonlyMap<string, PixelAspect> = new Map([
  ['720x576', { width: 12, height: 11 }],
  ['704x576', { width: 12, height: 11 }],
  ['704x288', { width: 6, height: 11 }],
  ['352x576', { width: 24, height: 11 }],
  ['352x288', { width: 12, height: 11 }],
  ['176x144', { width: 12, height: 11 }],
  ['720x480', { width: 10, height: 11 }],
  ['704x480', { width: 10, height: 11 }],
  ['704x240', { width: 5, height: 11 }],
  ['352x480', { width: 20, height: 11 }],
  ['352x240', { width: 10, height: 11 }],
]);

export interface PixelAspect {
  readonly width: number;
  readonly height: number;
}

export const SQUARE_PIXELS: PixelAspect = { width: 1, height: 1 };

/** Reads `aspect_ratio_idc` and what follows it; `undefined` when it specifies nothing. */
export function readPixelAspect(bits: BitReader): PixelAspect | undefined {
  const idc = bits.bits(8);
  const [width, height] = idc === EXTENDED ? [bits.bits(16), bits.bits(16)] : (RATIOS[idc] ?? [0, 0]);
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** The pixels of a picture whose stream does not tell them. */
export function assumedPixelAspect(width: number, height: number): PixelAspect {
  return TELEVISION.get(`${width}x${height}`) ?? SQUARE_PIXELS;
}
