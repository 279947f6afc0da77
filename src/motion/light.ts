import { LIGHT_APART, LIGHT_COLUMNS, LIGHT_LEAST, LIGHT_MOST, LIGHT_ROWS } from './settings.ts';
import type { Workspace } from './workspace.ts';

const PARTS = LIGHT_COLUMNS * LIGHT_ROWS;
/** Every fourth pixel of every fourth row says enough. */
const STEP = 4;
/** Pixels of background that a part must have to be asked. */
const LEAST_PIXELS = 30;

/**
 * Takes slow and sudden changes of light out of the frame: the median difference from the model, over what was
 * background, in each part of the picture, and between their centres in proportion. Clouds, exposure, dusk.
 */
export function levelLight({ kernel, memory, width, height, at }: Workspace): void {
  const parts = partMedians(memory, width, height, at.frame, at.level, at.object);
  const sorted = parts.toSorted();
  const middle = ((sorted[PARTS / 2 - 1] as number) + (sorted[PARTS / 2] as number)) / 2;
  let most = 0;
  for (let part = 0; part < PARTS; part++) {
    const near = clamp(parts[part] as number, middle - LIGHT_APART, middle + LIGHT_APART);
    parts[part] = clamp(near, -LIGHT_MOST, LIGHT_MOST);
    most = Math.max(most, Math.abs(parts[part] as number));
  }
  if (most < LIGHT_LEAST) return;
  const [columns, rows] = [width >> 2, height >> 2];
  for (let y = 0; y < rows; y++) {
    const down = clamp(((y + 0.5) * LIGHT_ROWS) / rows - 0.5, 0, LIGHT_ROWS - 1);
    const upper = Math.min(Math.floor(down), LIGHT_ROWS - 2);
    for (let x = 0; x < columns; x++) {
      const along = clamp(((x + 0.5) * LIGHT_COLUMNS) / columns - 0.5, 0, LIGHT_COLUMNS - 1);
      const left = Math.min(Math.floor(along), LIGHT_COLUMNS - 2);
      const part = upper * LIGHT_COLUMNS + left;
      const above = mix(parts[part] as number, parts[part + 1] as number, along - left);
      const below = mix(
        parts[part + LIGHT_COLUMNS] as number,
        parts[part + LIGHT_COLUMNS + 1] as number,
        along - left,
      );
      memory[at.frameMeans + y * columns + x] = 128 + Math.round(mix(above, below, down - upper));
    }
  }
  // What is brighter by as much as its neighbourhood is as it was.
  kernel.contrast(at.frame, at.frameMeans, at.frame, width, height, 2);
}

function partMedians(
  memory: Uint8Array,
  width: number,
  height: number,
  frame: number,
  level: number,
  object: number,
): Float64Array {
  const medians = new Float64Array(PARTS);
  const histogram = new Uint32Array(511);
  for (let part = 0; part < PARTS; part++) {
    histogram.fill(0);
    const [column, row] = [part % LIGHT_COLUMNS, Math.floor(part / LIGHT_COLUMNS)];
    const [left, right] = [column, column + 1].map((k) => Math.floor((k * width) / LIGHT_COLUMNS));
    const [top, bottom] = [row, row + 1].map((k) => Math.floor((k * height) / LIGHT_ROWS));
    let count = 0;
    for (let y = top as number; y < (bottom as number); y += STEP) {
      for (let p = y * width + (left as number); p < y * width + (right as number); p += STEP) {
        if (memory[object + p] !== 0) continue;
        const difference = (memory[frame + p] as number) - (memory[level + p] as number) + 255;
        (histogram[difference] as number)++;
        count++;
      }
    }
    if (count <= LEAST_PIXELS) continue;
    let [seen, difference] = [0, 0];
    while (2 * (seen += histogram[difference] as number) < count) difference++;
    medians[part] = difference - 255;
  }
  return medians;
}

const clamp = (value: number, least: number, most: number): number =>
  value < least ? least : value > most ? most : value;

const mix = (a: number, b: number, share: number): number => a + (b - a) * share;
