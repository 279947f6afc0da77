import type { BitReader } from './bit-reader.ts';

/** Table E-1 of H.264 and of H.265, by `aspect_ratio_idc`. */
const RATIOS: readonly (readonly [number, number])[] = [
  [1, 1],
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

export interface PixelAspect {
  readonly width: number;
  readonly height: number;
}

export const SQUARE_PIXELS: PixelAspect = { width: 1, height: 1 };

/** Reads `aspect_ratio_idc` and what follows it; what is not specified is square. */
export function readPixelAspect(bits: BitReader): PixelAspect {
  const idc = bits.bits(8);
  const [width, height] = idc === EXTENDED ? [bits.bits(16), bits.bits(16)] : (RATIOS[idc] ?? [1, 1]);
  return width > 0 && height > 0 ? { width, height } : SQUARE_PIXELS;
}
