import { BLINK_MAX, BLINK_STEP, FACTOR_MAX, FACTOR_ONE, TURNS } from '../settings.ts';
import { type LearnPass, Verdict } from './pixel-kernel.ts';

/** Nobody's turn, and everybody's. */
export const NO_TURN = -1;
export const ALL_TURNS = -2;

/** Whose turn a pixel has: neighbours have different ones. */
export const turnOf = (x: number, y: number): number => (x + 2 * y) % TURNS;

/**
 * Learns from the frame by what was decided of it, not by what each pixel said: background takes the place of its
 * oldest sample when it is its turn; what disagreed and was dropped (leaves, noise) is learnt faster, and its
 * threshold rises the more it blinks; objects hardly at all; what an object left behind, at once.
 */
export function learn(memory: Uint8Array, pass: LearnPass): void {
  const { frame, raw, lastRaw, verdict, factor, blink, mean, samples, width, height } = pass;
  const pixels = width * height;
  const warm = pass.turn === ALL_TURNS;
  const slot = samples + pass.slot * pixels;
  const quickSlot = samples + pass.quickSlot * pixels;
  const objectSlot = samples + pass.objectSlot * pixels;
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      const value = memory[frame + p] as number;
      const foreground = memory[raw + p] as number;
      const changed = foreground !== memory[lastRaw + p];
      memory[lastRaw + p] = foreground;
      const found = memory[verdict + p] as number;
      if (found === Verdict.ghost) {
        moveMean(memory, mean + 2 * p, value, 1);
        if (((x + pass.parity) & 1) === 1) memory[quickSlot + p] = value;
        continue;
      }
      if (found === Verdict.object) {
        if (warm) memory[slot + p] = value;
        else if (pass.objectTurn === turnOf(x, y)) memory[objectSlot + p] = value;
        continue;
      }
      let restless = memory[blink + p] as number;
      restless = changed ? Math.min(BLINK_MAX, restless + BLINK_STEP) : Math.max(0, restless - 1);
      memory[blink + p] = restless;
      const before = memory[factor + p] as number;
      if (foreground === 1) {
        memory[factor + p] = Math.min(FACTOR_MAX, before + 1 + ((restless * 6) >> 6));
        if (pass.turn !== NO_TURN) {
          memory[quickSlot + p] = value;
          moveMean(memory, mean + 2 * p, value, pass.quickShift);
        }
      } else {
        const fall = restless <= 2 ? 4 : restless <= pass.calm ? 1 : 0;
        memory[factor + p] = Math.max(FACTOR_ONE, before - fall);
        if (warm || pass.turn === turnOf(x, y)) {
          memory[slot + p] = value;
          moveMean(memory, mean + 2 * p, value, pass.meanShift);
        }
      }
    }
  }
}

/** A running mean in 8.8, 1 / 2^shift of the way to a grey level. Never above 65535: the old part leaves room. */
function moveMean(memory: Uint8Array, at: number, value: number, shift: number): void {
  const before = (memory[at] as number) + 256 * (memory[at + 1] as number);
  const after = before - (before >> shift) + (value << (8 - shift));
  memory[at] = after & 255;
  memory[at + 1] = after >> 8;
}
