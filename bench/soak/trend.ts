import { median, type Slope, theilSen } from './theil-sen.ts';

/** Something that is looked at again and again in a soak. */
export interface Watched {
  readonly name: string;
  readonly unit: string;
  /** Growth of the second half that is let pass: a share of the usual value, and what is too little to matter. */
  readonly tolerance: { readonly share: number; readonly least: number };
  /** Seconds since the start, and the value. */
  readonly points: readonly (readonly [number, number])[];
}

/** What the second half of a run says of it. */
export interface Trend extends Watched {
  readonly usual: number;
  readonly slope: Slope | undefined;
  /** By the slope, over the second half. */
  readonly growth: number;
  readonly flat: boolean;
}

/**
 * Flat is what does not surely rise, or rises by too little to matter. The first half is left out: caches fill, code is
 * compiled, the heap finds its size.
 */
export function trendOf(watched: Watched): Trend {
  const { points, tolerance } = watched;
  const end = points.at(-1)?.[0] ?? 0;
  const second = points.filter(([at]) => at >= end / 2);
  const usual = median(second.map(([, value]) => value));
  const slope = theilSen(second);
  const growth = (slope?.slope ?? 0) * (end / 2);
  const allowed = Math.max(tolerance.least, tolerance.share * usual);
  return {
    ...watched,
    usual,
    slope,
    growth,
    flat: slope !== undefined && (slope.low <= 0 || growth <= allowed),
  };
}

const HOUR_SECONDS = 3_600;

/** In one sentence. */
export function saidOf({ name, unit, usual, slope, growth, flat }: Trend): string {
  if (!slope) return `${name}: too few values to judge`;
  const hourly = [slope.slope, slope.low, slope.high].map((one) => figure(one * HOUR_SECONDS));
  return (
    `${name}: ${flat ? 'flat' : 'RISES'}, usually ${figure(usual)} ${unit}, ${figure(growth)} ${unit} in the second half, ` +
    `${hourly[0]} ${unit} an hour (95 %: ${hourly[1]} to ${hourly[2]})`
  );
}

const figure = (value: number): string => String(Number(value.toPrecision(3)));
