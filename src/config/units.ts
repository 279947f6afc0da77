/** What a person may write for a length of time or a size, and what it means. `undefined`: it is none. */

const MICROS: Readonly<Record<string, number>> = {
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const BITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** `500ms`, `90s`, `15m`, `24h`, `30d` in microseconds. */
export const parseDuration = (text: string): number | undefined => scaled(text, MICROS);

/** `512MiB`, `10GiB`, `1TB` in bytes. */
export const parseSize = (text: string): number | undefined => scaled(text, BYTES);

/** `4M`, `800k` in bits a second. */
export const parseRate = (text: string): number | undefined => scaled(text, BITS);

function scaled(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?([A-Za-z]*)$/.exec(text.trim());
  const unit = match ? units[match[2] as string] : undefined;
  if (!match || unit === undefined) return undefined;
  const value = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The shortest way to say a time, for messages. */
export function formatDuration(micros: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = MICROS[unit] as number;
    if (micros >= size && micros % size === 0) return `${micros / size}${unit}`;
  }
  return `${micros / 1000}ms`;
}
