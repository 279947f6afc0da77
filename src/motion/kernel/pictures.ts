import type { PixelKernel } from './pixel-kernel.ts';

type Planes = Pick<PixelKernel, 'smooth' | 'levels' | 'halve' | 'contrast' | 'texture'>;

/** Pictures made of pictures: blurred, halved, without their local brightness, and where they have texture. */
export function scalarPictures(memory: Uint8Array, gradient: number): Planes {
  const at = (offset: number): number => memory[offset] as number;
  return {
    smooth(source, target, width, height) {
      for (let y = 0; y < height; y++) {
        const row = source + y * width;
        const above = y === 0 ? row : row - width;
        const below = y === height - 1 ? row : row + width;
        let middle = at(above) + 2 * at(row) + at(below);
        let left = middle;
        for (let x = 0; x < width; x++) {
          const next = x === width - 1 ? x : x + 1;
          const right = at(above + next) + 2 * at(row + next) + at(below + next);
          memory[target + y * width + x] = (left + 2 * middle + right + 8) >> 4;
          left = middle;
          middle = right;
        }
      }
    },
    levels(mean, target, pixels) {
      for (let p = 0; p < pixels; p++) {
        memory[target + p] = (at(mean + 2 * p) + 256 * at(mean + 2 * p + 1) + 128) >> 8;
      }
    },
    halve(source, target, width, height) {
      const half = width >> 1;
      for (let y = 0; y < height >> 1; y++) {
        for (let x = 0; x < half; x++) {
          const p = source + 2 * y * width + 2 * x;
          memory[target + y * half + x] = (at(p) + at(p + 1) + at(p + width) + at(p + width + 1) + 2) >> 2;
        }
      }
    },
    contrast(source, means, target, width, height, shift) {
      const meansWidth = width >> shift;
      const meansLast = (height >> shift) - 1;
      for (let y = 0; y < height; y++) {
        const row = means + Math.min(y >> shift, meansLast) * meansWidth;
        for (let x = 0; x < width; x++) {
          const p = y * width + x;
          const value = 128 + at(source + p) - at(row + (x >> shift));
          memory[target + p] = value < 0 ? 0 : value > 255 ? 255 : value;
        }
      }
    },
    texture(source, target, width, height) {
      memory.fill(0, target, target + width * height);
      for (let y = 1; y < height - 1; y++) {
        for (let x = 1; x < width - 1; x++) {
          const p = source + y * width + x;
          const steep =
            Math.abs(at(p + 1) - at(p - 1)) >= gradient ||
            Math.abs(at(p + width) - at(p - width)) >= gradient;
          if (steep) memory[target + y * width + x] = 255;
        }
      }
    },
  };
}
