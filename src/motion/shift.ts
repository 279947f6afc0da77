import type { MisfitPass } from './kernel/pixel-kernel.ts';
import { SHIFT_GAIN, SHIFT_RANGE } from './settings.ts';
import type { Workspace } from './workspace.ts';

/** Where the frame shows what the model has at `x, y`: at `x + shift.x, y + shift.y`. */
export interface Shift {
  readonly x: number;
  readonly y: number;
}

export const NO_SHIFT: Shift = { x: 0, y: 0 };

const QUARTER_RANGE = SHIFT_RANGE / 4;
/** Half the side of the neighbourhood whose mean is taken away, in pixels of a quarter: light must not decide. */
const NEIGHBOURHOOD = 4;
/** With less than this share of pixels on edges there is nothing to hold on to. */
const LEAST_TEXTURE = 0.005;

/**
 * How far the camera is off, as a shaking mast or a gust leaves it. The background's edges are looked for in the
 * frame, first everywhere within reach in a quarter of its size, where a shake's own blur does not matter, then
 * around the best at half and full size. Differences are capped, so what drives through the picture does not drag it.
 */
export function findShift(work: Workspace): Shift {
  const { kernel, width, height, at } = work;
  kernel.halve(at.frame, at.halfFrame, width, height);
  kernel.halve(at.level, at.halfLevel, width, height);
  kernel.halve(at.halfFrame, at.quarterFrame, width >> 1, height >> 1);
  kernel.halve(at.halfLevel, at.quarterLevel, width >> 1, height >> 1);
  localMeans(work, at.quarterFrame, at.frameMeans);
  localMeans(work, at.quarterLevel, at.levelMeans);
  const quarter = prepare(work, at.quarterLevel, at.quarterFrame, 2);
  let best = search(work, quarter, NO_SHIFT, QUARTER_RANGE);
  const half = prepare(work, at.halfLevel, at.halfFrame, 1);
  best = search(work, half, { x: 2 * best.x, y: 2 * best.y }, 1);
  const full = prepare(work, at.level, at.frame, 0);
  best = search(work, full, { x: 2 * best.x, y: 2 * best.y }, 1);
  if (best.x === 0 && best.y === 0) return NO_SHIFT;
  if (textureShare(work, full) < LEAST_TEXTURE) return NO_SHIFT;
  const without = kernel.misfit(full, 0, 0);
  return kernel.misfit(full, best.x, best.y) < SHIFT_GAIN * without ? best : NO_SHIFT;
}

/**
 * The model and the frame at one size, ready to be compared. The texture and both contrasts lie where nothing else
 * of this frame is yet.
 */
function prepare(
  { kernel, width, height, at }: Workspace,
  level: number,
  frame: number,
  halved: number,
): MisfitPass {
  const [w, h] = [width >> halved, height >> halved];
  const shift = 2 - halved;
  const [texture, still, moved] = [at.mask, at.lowest, at.highest];
  kernel.texture(level, texture, w, h);
  kernel.contrast(level, at.levelMeans, still, w, h, shift);
  kernel.contrast(frame, at.frameMeans, moved, w, h, shift);
  // One more than the range, for the search around the best of the size before.
  const margin = (SHIFT_RANGE >> halved) + 4;
  return {
    ...{ still, moved, texture, width: w },
    ...{ left: margin, right: w - margin, top: margin, bottom: h - margin },
  };
}

function search({ kernel }: Workspace, pass: MisfitPass, around: Shift, range: number): Shift {
  let best = around;
  let least = kernel.misfit(pass, around.x, around.y);
  for (let y = around.y - range; y <= around.y + range; y++) {
    for (let x = around.x - range; x <= around.x + range; x++) {
      if (x === around.x && y === around.y) continue;
      const sum = kernel.misfit(pass, x, y);
      if (sum >= least) continue;
      least = sum;
      best = { x, y };
    }
  }
  return best;
}

function textureShare(
  { memory }: Workspace,
  { texture, width, left, right, top, bottom }: MisfitPass,
): number {
  let count = 0;
  for (let y = top; y < bottom; y++) {
    for (let p = texture + y * width + left; p < texture + y * width + right; p++)
      if (memory[p] !== 0) count++;
  }
  return count / ((right - left) * (bottom - top));
}

/** The mean of each pixel's neighbourhood, from running sums of rows over columns. */
function localMeans({ memory, width, height }: Workspace, source: number, target: number): void {
  const [w, h] = [width >> 2, height >> 2];
  const columns = new Uint16Array(w);
  let rows = 0;
  for (let y = -NEIGHBOURHOOD; y < h; y++) {
    const [enter, leave] = [y + NEIGHBOURHOOD, y - NEIGHBOURHOOD - 1];
    if (enter < h) {
      rows++;
      for (let x = 0; x < w; x++) (columns[x] as number) += memory[source + enter * w + x] as number;
    }
    if (leave >= 0) {
      rows--;
      for (let x = 0; x < w; x++) (columns[x] as number) -= memory[source + leave * w + x] as number;
    }
    if (y < 0) continue;
    let sum = 0;
    let count = 0;
    for (let x = -NEIGHBOURHOOD; x < w; x++) {
      const [right, left] = [x + NEIGHBOURHOOD, x - NEIGHBOURHOOD - 1];
      if (right < w) {
        sum += columns[right] as number;
        count++;
      }
      if (left >= 0) {
        sum -= columns[left] as number;
        count--;
      }
      if (x >= 0) memory[target + y * w + x] = sum / (count * rows);
    }
  }
}
