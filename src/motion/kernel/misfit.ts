import { MISFIT_CAP, type MisfitPass } from './pixel-kernel.ts';

/** See `PixelKernel.misfit`. */
export function misfit(memory: Uint8Array, pass: MisfitPass, dx: number, dy: number): number {
  const { still, moved, texture, width, left, right, top, bottom } = pass;
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * width;
    const other = moved + row + dy * width + dx;
    for (let x = left; x < right; x++) {
      if (memory[texture + row + x] === 0) continue;
      const difference = Math.abs((memory[still + row + x] as number) - (memory[other + x] as number));
      sum += difference < MISFIT_CAP ? difference : MISFIT_CAP;
    }
  }
  return sum;
}
