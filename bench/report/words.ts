/** Figures as a person reads them. */
export const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;
export const megabytes = (count: number): string => `${Math.round(count / 1e6)} MB`;
/** A multiple of what could not be measured is none. */
export const times = (count: number, of: number): string => (of > 0 ? (count / of).toFixed(1) : '–');
export const megabits = (bps: number): string => `${Number((bps / 1e6).toFixed(2))} Mbit/s`;
export const millis = (seconds: number | null | undefined): string =>
  seconds === null || seconds === undefined ? '–' : `${formatMillis(seconds * 1_000)} ms`;

const formatMillis = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

export function bytes(count: number): string {
  for (const [unit, size] of [
    ['TB', 1e12],
    ['GB', 1e9],
  ] as const) {
    if (count >= size) return `${(count / size).toFixed(1)} ${unit}`;
  }
  return megabytes(count);
}
