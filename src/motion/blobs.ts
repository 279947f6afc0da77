import type { Components } from './components.ts';
import { LEAST_AREA, NEW_LEAST, NEW_SHARE, SAME_STRUCTURE } from './settings.ts';
import type { Workspace } from './workspace.ts';

/** What a blob of changed pixels is taken for. */
export const Blob = {
  /** Too small, or nothing in it that was not there before: leaves, water, noise. */
  dropped: 0,
  object: 1,
  /** Changed brightness over unchanged structure: a headlight's beam, a moving shadow. Not reported, not learnt. */
  light: 2,
  /** The model has structure where the frame has none: something went away. Learnt at once. */
  ghost: 3,
} as const;

/** A ghost's outline is steeper by this in the model than in the frame, and steep at all. */
const GHOST_RATIO = 1.3;
const GHOST_GRADIENT = 8;
/** Pixels from a side within which an object ends, and a beam of light does not: it is still half as bright there. */
const SIDE = 3;
const FADING = 0.5;
/** Squared gradient of the background, per pixel, that is structure rather than noise. */
const LEAST_STRUCTURE = 12;

/**
 * Judges each blob as a whole. `verdicts` gets one `Blob` for each; `settled` is false while the model still warms
 * up and its samples say nothing of what moves there.
 */
export function judgeBlobs(work: Workspace, found: Components, settled: boolean, verdicts: Uint8Array): void {
  const area = keepNew(work, found, settled, verdicts);
  const { both, inFrame, inModel, edgeFrame, edgeModel, edge } = compareGradients(work, found, verdicts);
  const { inside, outside, brighter } = compareSides(work, found, verdicts);
  for (let b = 0; b < found.blobs; b++) {
    if (verdicts[b] !== Blob.object) continue;
    const [ef, eb, n] = [edgeFrame[b] as number, edgeModel[b] as number, edge[b] as number];
    const [ab, aa, bb] = [both[b] as number, inFrame[b] as number, inModel[b] as number];
    const structured = bb > LEAST_STRUCTURE * (area[b] as number);
    const fades = (brighter[b] as number) > 0 && (outside[b] as number) > FADING * (inside[b] as number);
    if (eb > GHOST_RATIO * ef && eb > GHOST_GRADIENT * n) verdicts[b] = Blob.ghost;
    else if (fades || (structured && ab > SAME_STRUCTURE * Math.sqrt(aa * bb))) verdicts[b] = Blob.light;
  }
}

/** Drops what is too small, or not new to its neighbourhood; returns the blobs' areas, pixels. */
function keepNew(
  { memory, width, at }: Workspace,
  { row, start, end, blob, runs, blobs }: Components,
  settled: boolean,
  verdicts: Uint8Array,
): Uint32Array {
  const [area, fresh] = [new Uint32Array(blobs), new Uint32Array(blobs)];
  for (let run = 0; run < runs; run++) {
    const b = blob[run] as number;
    const line = at.novel + (row[run] as number) * width;
    (area[b] as number) += (end[run] as number) - (start[run] as number);
    if (!settled) continue;
    for (let x = start[run] as number; x < (end[run] as number); x++)
      (fresh[b] as number) += memory[line + x] as number;
  }
  for (let b = 0; b < blobs; b++) {
    const size = area[b] as number;
    const isNew = !settled || (fresh[b] as number) >= Math.max(NEW_LEAST, NEW_SHARE * size);
    verdicts[b] = size >= LEAST_AREA && isNew ? Blob.object : Blob.dropped;
  }
  return area;
}

/** Sums over each blob: products of the gradients of frame and model, and their steepness along the outline. */
function compareGradients(
  { memory, width, height, at }: Workspace,
  { row, start, end, blob, runs, blobs }: Components,
  verdicts: Uint8Array,
) {
  const sums = (): Float64Array => new Float64Array(blobs);
  const [both, inFrame, inModel, edgeFrame, edgeModel, edge] = [
    sums(),
    sums(),
    sums(),
    sums(),
    sums(),
    sums(),
  ];
  for (let run = 0; run < runs; run++) {
    const b = blob[run] as number;
    const y = row[run] as number;
    if (verdicts[b] === Blob.dropped || y === 0 || y === height - 1) continue;
    const last = Math.min(end[run] as number, width - 1);
    for (let x = Math.max(start[run] as number, 1); x < last; x++) {
      const p = y * width + x;
      const fx = gradient(memory, at.frame + p, 1);
      const fy = gradient(memory, at.frame + p, width);
      const bx = gradient(memory, at.level + p, 1);
      const by = gradient(memory, at.level + p, width);
      (both[b] as number) += fx * bx + fy * by;
      (inFrame[b] as number) += fx * fx + fy * fy;
      (inModel[b] as number) += bx * bx + by * by;
      const m = at.mask + p;
      if (memory[m - 1] && memory[m + 1] && memory[m - width] && memory[m + width]) continue;
      (edgeFrame[b] as number) += Math.abs(fx) + Math.abs(fy);
      (edgeModel[b] as number) += Math.abs(bx) + Math.abs(by);
      (edge[b] as number)++;
    }
  }
  return { both, inFrame, inModel, edgeFrame, edgeModel, edge };
}

/**
 * How much the frame differs from the model just inside the sides of each blob and a little outside of them, in the
 * same direction so that noise cancels out; and whether the inside is brighter on the whole.
 */
function compareSides(
  { memory, width, at }: Workspace,
  { row, start, end, blob, runs, blobs }: Components,
  verdicts: Uint8Array,
) {
  const [inside, outside, brighter] = [
    new Float64Array(blobs),
    new Float64Array(blobs),
    new Float64Array(blobs),
  ];
  for (let run = 0; run < runs; run++) {
    const b = blob[run] as number;
    if (verdicts[b] === Blob.dropped) continue;
    const line = (row[run] as number) * width;
    const [left, right] = [start[run] as number, (end[run] as number) - 1];
    for (const [x, step] of [
      [left, -1],
      [right, 1],
    ] as const) {
      const far = x + SIDE * step;
      if (far < 0 || far >= width || memory[at.mask + line + far] !== 0) continue;
      const near = line + x - step;
      const here = (memory[at.frame + near] as number) - (memory[at.level + near] as number);
      const there = (memory[at.frame + line + far] as number) - (memory[at.level + line + far] as number);
      (inside[b] as number) += Math.abs(here);
      (outside[b] as number) += here < 0 ? -there : there;
      (brighter[b] as number) += here;
    }
  }
  return { inside, outside, brighter };
}

const gradient = (memory: Uint8Array, at: number, step: number): number =>
  (memory[at + step] as number) - (memory[at - step] as number);
