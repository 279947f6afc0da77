import { BASE_THRESHOLD, SAMPLES } from '../settings.ts';
import type { ConsensusPass } from './pixel-kernel.ts';

/** How far a pixel may be off, by its factor: 64ths of the base threshold, rounded. */
export const thresholdOf = (factor: number): number => (BASE_THRESHOLD * factor + 32) >> 6;

/**
 * Does a pixel agree with what was seen there before? Sample consensus: background is what a pixel was more than
 * once, however many things it was in turn (a branch, the sky behind it), which no mean and variance can say.
 */
export function consensus(memory: Uint8Array, pass: ConsensusPass): void {
  const { frame, level, factor, samples, raw, pixels } = pass;
  for (let p = 0; p < pixels; p++) {
    const value = memory[frame + p] as number;
    const threshold = thresholdOf(memory[factor + p] as number);
    let foreground = 0;
    if (Math.abs(value - (memory[level + p] as number)) > threshold) {
      let agree = 0;
      for (let s = 0, q = samples + p; s < SAMPLES && agree < 2; s++, q += pixels) {
        if (Math.abs(value - (memory[q] as number)) <= threshold) agree++;
      }
      foreground = agree < 2 ? 1 : 0;
    }
    memory[raw + p] = foreground;
  }
}
