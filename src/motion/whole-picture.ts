import { LEAST_AREA, LIGHT_COLUMNS, LIGHT_ROWS, SAME_STRUCTURE, WHOLE_PARTS } from './settings.ts';
import type { Workspace } from './workspace.ts';

/**
 * What happened to the picture as a whole: `light`: the same scene, lit differently (a lamp, the infrared filter);
 * `view`: another scene (the camera was turned, a preset, something in front of the lens).
 */
export type WholeChange = 'none' | 'light' | 'view';

const PARTS = LIGHT_COLUMNS * LIGHT_ROWS;

/**
 * Whether nearly all parts of the picture changed at once, which nothing that moves in it does. Structure decides
 * what it was: gradients stay where they were when only the light changes.
 */
export function wholeChange({ memory, width, height, at }: Workspace): WholeChange {
  const changed = new Uint32Array(PARTS);
  let [both, inFrame, inModel] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    const parts = Math.floor((y * LIGHT_ROWS) / height) * LIGHT_COLUMNS;
    for (let x = 1; x < width - 1; x++) {
      const p = y * width + x;
      (changed[parts + Math.floor((x * LIGHT_COLUMNS) / width)] as number) += memory[at.raw + p] as number;
      const [f, b] = [at.frame + p, at.level + p];
      for (const step of [1, width]) {
        const inThis = (memory[f + step] as number) - (memory[f - step] as number);
        const inThat = (memory[b + step] as number) - (memory[b - step] as number);
        both += inThis * inThat;
        inFrame += inThis * inThis;
        inModel += inThat * inThat;
      }
    }
  }
  const partPixels = (width * height) / PARTS;
  if (changed.filter((count) => 2 * count > partPixels).length < WHOLE_PARTS) return 'none';
  const structured = inModel > LEAST_AREA * width;
  return structured && both > SAME_STRUCTURE * Math.sqrt(inFrame * inModel) ? 'light' : 'view';
}
