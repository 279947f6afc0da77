import type { Measured } from '../load/measured.ts';

/** How many cameras the city has that this project was thought for. */
export const CITY_CAMERAS = 217;
const DAY_SECONDS = 86_400;

/** A straight line through what was measured. */
export interface Line {
  readonly base: number;
  readonly each: number;
}

/** What a recorder costs before its first camera, and with each further one. */
export interface Scaling {
  /** Cores. */
  readonly cpu: Line;
  /** Bytes. */
  readonly memory: Line;
}

/** What a city needs. */
export interface City {
  readonly cameras: number;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly bytesPerSecond: number;
  readonly bytesPerDay: number;
  /** This count was measured, not reckoned from others. */
  readonly measured: boolean;
}

/** One count alone says little of others, unless it is a large one: what a server takes before its first camera is in it. */
const ENOUGH_ALONE = 50;

/** `undefined` when what held is not enough to draw a line. */
export function scalingOf(measured: readonly Measured[]): Scaling | undefined {
  const counts = new Set(measured.map(({ cameras }) => cameras));
  if (counts.size < 2 && ![...counts].some((cameras) => cameras >= ENOUGH_ALONE)) return undefined;
  const of = (value: (one: Measured) => number): Line =>
    lineThrough(measured.map((one) => [one.cameras, value(one)]));
  return { cpu: of(({ cpu }) => cpu), memory: of(({ residentBytes }) => residentBytes) };
}

/** Bytes that more cameras would take; `undefined` for a count like those that were measured, or when one was. */
export function memoryReckoned(measured: readonly Measured[], cameras: number): number | undefined {
  const counts = new Set(measured.map((one) => one.cameras));
  if (counts.size < 2 || Math.max(...counts) >= cameras) return undefined;
  return at(lineThrough(measured.map((one) => [one.cameras, one.residentBytes])), cameras);
}

/** Least squares; through zero when there is only one count. */
export function lineThrough(points: readonly (readonly [number, number])[]): Line {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([a]) => a)), mean(points.map(([, b]) => b))];
  const spread = points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  if (spread === 0) return { base: 0, each: y / x };
  const each = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / spread;
  return { base: y - each * x, each };
}

export const at = ({ base, each }: Line, cameras: number): number => Math.max(0, base + each * cameras);

/** @param bytesPerSecond of one camera */
export function cityOf(scaling: Scaling, measured: readonly Measured[], bytesPerSecond: number): City {
  const same = measured.find(({ cameras }) => cameras === CITY_CAMERAS);
  return {
    cameras: CITY_CAMERAS,
    cores: same?.cpu ?? at(scaling.cpu, CITY_CAMERAS),
    memoryBytes: same?.residentBytes ?? at(scaling.memory, CITY_CAMERAS),
    bytesPerSecond: CITY_CAMERAS * bytesPerSecond,
    bytesPerDay: CITY_CAMERAS * bytesPerSecond * DAY_SECONDS,
    measured: same !== undefined,
  };
}
