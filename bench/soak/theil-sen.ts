/** How something changes with time, whatever single values do. */
export interface Slope {
  /** Units a second. */
  readonly slope: number;
  /** With 95 % certainty it is between these. */
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % of a normal distribution. */
const CERTAINTY = 1.96;
/** So many medians of neighbours stand for all: neighbours are alike, and would pass for more certainty than there is. */
const MOST_POINTS = 60;
const LEAST_POINTS = 8;

/**
 * The median of the slopes between all pairs of points (H. Theil 1950), with the interval of P. K. Sen (1968): up to 29 %
 * of the values may be wild without moving it. `undefined` with too few points.
 */
export function theilSen(points: readonly (readonly [number, number])[]): Slope | undefined {
  const few = thinned(points);
  const n = few.length;
  if (n < LEAST_POINTS) return undefined;
  const slopes: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const [[x0, y0], [x1, y1]] = [few[i], few[j]] as [readonly [number, number], readonly [number, number]];
      if (x1 > x0) slopes.push((y1 - y0) / (x1 - x0));
    }
  }
  slopes.sort((a, b) => a - b);
  const reach = CERTAINTY * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const at = (index: number): number =>
    slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(index)))] as number;
  return {
    slope: at((slopes.length - 1) / 2),
    low: at((slopes.length - reach) / 2 - 1),
    high: at((slopes.length + reach) / 2),
  };
}

function thinned(points: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const size = Math.ceil(points.length / MOST_POINTS);
  if (size <= 1) return points;
  const few: (readonly [number, number])[] = [];
  for (let from = 0; from + size <= points.length; from += size) {
    const part = points.slice(from, from + size);
    few.push([median(part.map(([x]) => x)), median(part.map(([, y]) => y))]);
  }
  return few;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
