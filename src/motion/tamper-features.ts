import type { Shift } from './shift.ts';

/** What a picture has kept of its reference, both at about 160 pixels wide. */
export interface TamperFeatures {
  /** Share of the reference's edges that are still there, in the same direction, 0 to 1. */
  readonly edgesKept: number;
  /** Fine detail against the reference, log2 of the ratio, the median of textured blocks: -1 is half. */
  readonly detail: number;
  /** The same of contrast, which haze and darkness take as well. */
  readonly contrast: number;
  /** Correlation of the coarse picture, -1 to 1. */
  readonly likeness: number;
  /** Share of blocks without any contrast, and of pixels at the top of the range. */
  readonly flat: number;
  readonly glaring: number;
}

/** The strongest edges of the reference: this share of its pixels. */
const EDGE_SHARE = 0.15;
/** Steeper than noise. */
const LEAST_EDGE = 6;
/** Cosine of the angle by which an edge may have turned. */
const SAME_DIRECTION = 0.7;
/** An eighth of an edge's contrast is not seeing it: noise would do. */
const LEAST_KEPT = 0.125;
const BLOCK = 16;
/** Standard deviation of grey levels below which a block shows nothing. */
const FLAT_DEVIATION = 2.5;
const TEXTURED_DEVIATION = 6;
/** What is added to energies, so that a dark block's noise does not decide. */
const NOISE_ENERGY = 1;
const GLARE = 250;
const THUMBNAIL_COLUMNS = 20;
const THUMBNAIL_ROWS = 12;

/** Compares a picture with the reference. `shift` is how far the camera shook, in pixels of these pictures. */
export function compareWithReference(
  picture: Uint8Array,
  reference: Uint8Array,
  width: number,
  height: number,
  shift: Shift,
): TamperFeatures {
  const { detail, contrast, flat } = compareBlocks(picture, reference, width, height);
  let glaring = 0;
  for (let p = 0; p < picture.length; p++) if ((picture[p] as number) >= GLARE) glaring++;
  return {
    edgesKept: edgesKept(picture, reference, width, height, shift),
    ...{ detail, contrast, flat },
    likeness: correlation(thumbnail(picture, width, height), thumbnail(reference, width, height)),
    glaring: glaring / picture.length,
  };
}

function edgesKept(
  picture: Uint8Array,
  reference: Uint8Array,
  width: number,
  height: number,
  shift: Shift,
): number {
  const strength = new Uint16Array(width * height);
  const histogram = new Uint32Array(1024);
  const margin = 2 + Math.max(Math.abs(shift.x), Math.abs(shift.y));
  let inside = 0;
  for (let y = margin; y < height - margin; y++) {
    for (let x = margin; x < width - margin; x++) {
      const p = y * width + x;
      const steep = Math.abs(slope(reference, p, 1)) + Math.abs(slope(reference, p, width));
      strength[p] = steep;
      (histogram[steep] as number)++;
      inside++;
    }
  }
  let threshold = histogram.length - 1;
  for (let count = histogram[threshold] as number; threshold > LEAST_EDGE && count < EDGE_SHARE * inside; ) {
    threshold--;
    count += histogram[threshold] as number;
  }
  let [edges, kept] = [0, 0];
  const offset = shift.y * width + shift.x;
  for (let y = margin; y < height - margin; y++) {
    for (let p = y * width + margin; p < (y + 1) * width - margin; p++) {
      if ((strength[p] as number) < threshold) continue;
      edges++;
      const rx = slope(reference, p, 1);
      const ry = slope(reference, p, width);
      const fx = slope(picture, p + offset, 1);
      const fy = slope(picture, p + offset, width);
      const then = Math.sqrt(rx * rx + ry * ry);
      const now = Math.sqrt(fx * fx + fy * fy);
      const same = rx * fx + ry * fy > SAME_DIRECTION * then * now;
      if (same && now > LEAST_KEPT * then) kept++;
    }
  }
  // Without edges nothing can be lost.
  return edges === 0 ? 1 : kept / edges;
}

function compareBlocks(
  picture: Uint8Array,
  reference: Uint8Array,
  width: number,
  height: number,
): Pick<TamperFeatures, 'detail' | 'contrast' | 'flat'> {
  const [details, contrasts]: [number[], number[]] = [[], []];
  let [blocks, flat] = [0, 0];
  for (let top = 0; top + BLOCK <= height; top += BLOCK) {
    for (let left = 0; left + BLOCK <= width; left += BLOCK) {
      const now = blockEnergies(picture, width, left, top);
      const then = blockEnergies(reference, width, left, top);
      blocks++;
      if (now.variance < FLAT_DEVIATION ** 2) flat++;
      if (then.variance < TEXTURED_DEVIATION ** 2) continue;
      details.push(Math.log2((now.detail + NOISE_ENERGY) / (then.detail + NOISE_ENERGY)));
      contrasts.push(Math.log2((now.variance + NOISE_ENERGY) / (then.variance + NOISE_ENERGY)));
    }
  }
  return { detail: median(details), contrast: median(contrasts), flat: blocks === 0 ? 0 : flat / blocks };
}

function blockEnergies(
  picture: Uint8Array,
  width: number,
  left: number,
  top: number,
): { readonly variance: number; readonly detail: number } {
  let [sum, squares, detail] = [0, 0, 0];
  for (let y = top; y < top + BLOCK; y++) {
    for (let p = y * width + left; p < y * width + left + BLOCK; p++) {
      const value = picture[p] as number;
      sum += value;
      squares += value * value;
      const x = p - y * width;
      if (y === top || y === top + BLOCK - 1 || x === left || x === left + BLOCK - 1) continue;
      const around =
        (picture[p - 1] as number) +
        (picture[p + 1] as number) +
        (picture[p - width] as number) +
        (picture[p + width] as number);
      detail += (4 * value - around) ** 2;
    }
  }
  const pixels = BLOCK * BLOCK;
  return { variance: squares / pixels - (sum / pixels) ** 2, detail: detail / (BLOCK - 2) ** 2 };
}

function thumbnail(picture: Uint8Array, width: number, height: number): Float64Array {
  const sums = new Float64Array(THUMBNAIL_COLUMNS * THUMBNAIL_ROWS);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * THUMBNAIL_ROWS) / height) * THUMBNAIL_COLUMNS;
    for (let column = 0; column < THUMBNAIL_COLUMNS; column++) {
      const [from, to] = [firstOf(column, width), firstOf(column + 1, width)];
      let sum = 0;
      for (let p = y * width + from; p < y * width + to; p++) sum += picture[p] as number;
      (sums[row + column] as number) += sum;
    }
  }
  return sums;
}

/** The first pixel of a row that is in this column of the thumbnail. */
const firstOf = (column: number, width: number): number => Math.ceil((column * width) / THUMBNAIL_COLUMNS);

/** Pearson's correlation; 1 where one of them has no contrast to compare. */
function correlation(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [a, b].map(
    (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  );
  let [ab, aa, bb] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const [da, db] = [(a[at] as number) - (meanA as number), (b[at] as number) - (meanB as number)];
    [ab, aa, bb] = [ab + da * db, aa + da * da, bb + db * db];
  }
  return aa === 0 || bb === 0 ? 1 : ab / Math.sqrt(aa * bb);
}

const slope = (picture: Uint8Array, p: number, step: number): number =>
  (picture[p + step] as number) - (picture[p - step] as number);

/** 0 of nothing: without texture nothing was lost. */
const median = (values: readonly number[]): number =>
  values.length === 0 ? 0 : (values.toSorted((a, b) => a - b)[values.length >> 1] as number);
