import type { Point } from './zone.ts';

/**
 * Calls `fill` for each run of pixels, `[from, to)` of a row, whose centres lie in a polygon. A centre lies in it when
 * a ray to its right crosses an odd number of sides (even-odd rule). Sides own their upper end and not their lower one,
 * and what lies exactly on a side belongs to the right of it: of two polygons that share a side each pixel is in one.
 */
export function fillPolygon(
  points: readonly Point[],
  width: number,
  height: number,
  fill: (row: number, from: number, to: number) => void,
): void {
  const crossings: number[] = [];
  for (let row = 0; row < height; row++) {
    const y = (row + 0.5) / height;
    crossings.length = 0;
    for (const [index, point] of points.entries()) {
      const next = points[(index + 1) % points.length] as Point;
      if (point[1] <= y !== next[1] <= y) crossings.push(crossingAt(point, next, y));
    }
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const from = firstPixelFrom(crossings[pair] as number, width);
      const to = firstPixelFrom(crossings[pair + 1] as number, width);
      if (to > from) fill(row, from, to);
    }
  }
}

/** Always computed from the upper end, so that a side which two polygons share is the same for both. */
function crossingAt(a: Point, b: Point, y: number): number {
  const [upper, lower] = a[1] < b[1] ? [a, b] : [b, a];
  return upper[0] + ((y - upper[1]) / (lower[1] - upper[1])) * (lower[0] - upper[0]);
}

/** The first pixel of a row whose centre is not left of `x`. */
const firstPixelFrom = (x: number, width: number): number =>
  Math.max(0, Math.min(width, Math.ceil(x * width - 0.5)));
