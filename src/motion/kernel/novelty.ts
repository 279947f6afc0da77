import { NEW_LEVELS, REACH, SAMPLES } from '../settings.ts';
import type { NoveltyPass } from './pixel-kernel.ts';

/**
 * Which of the pixels that disagree are outside everything that was seen around them: the second lowest and second
 * highest samples (one outlier is no evidence) within reach, and a margin. A swaying branch, water, or what
 * registration leaves of a shake shows again what was near; an object shows something else.
 */
export function novelty(memory: Uint8Array, pass: NoveltyPass): void {
  const { frame, raw, samples, lowest, highest, target, width, height, from, to } = pass;
  const pixels = width * height;
  const [top, bottom] = [Math.max(0, from - REACH), Math.min(height, to + REACH)];
  for (let p = top * width; p < bottom * width; p++) {
    let [low, low2, high, high2] = [255, 255, 0, 0];
    for (let s = 0, q = samples + p; s < SAMPLES; s++, q += pixels) {
      const value = memory[q] as number;
      low2 = Math.min(low2, Math.max(low, value));
      low = Math.min(low, value);
      high2 = Math.max(high2, Math.min(high, value));
      high = Math.max(high, value);
    }
    memory[lowest + p] = low2;
    memory[highest + p] = high2;
  }
  for (let y = from; y < to; y++) {
    const [y0, y1] = [Math.max(0, y - REACH), Math.min(height - 1, y + REACH)];
    for (let x = 0; x < width; x++) {
      const p = y * width + x;
      memory[target + p] = 0;
      if (memory[raw + p] === 0) continue;
      const [x0, x1] = [Math.max(0, x - REACH), Math.min(width - 1, x + REACH)];
      let [low, high] = [255, 0];
      for (let row = y0; row <= y1; row++) {
        for (let q = row * width + x0; q <= row * width + x1; q++) {
          low = Math.min(low, memory[lowest + q] as number);
          high = Math.max(high, memory[highest + q] as number);
        }
      }
      const value = memory[frame + p] as number;
      if (value + NEW_LEVELS < low || value > high + NEW_LEVELS) memory[target + p] = 1;
    }
  }
}
