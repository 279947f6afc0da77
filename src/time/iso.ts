import { type WallMicros, wallMicros } from './units.ts';

const ISO = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})$/;

/** ISO 8601 UTC with microseconds, the one form in which the API gives a moment: `2026-11-23T17:00:00.000000Z`. */
export function formatIso(at: WallMicros): string {
  const seconds = Math.floor(at / 1_000_000);
  const micros = at - seconds * 1_000_000;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

/**
 * Reads an ISO 8601 moment with an offset and up to six decimals; `undefined` when it is not one, or is no exact number
 * of microseconds any more (after the year 2255).
 */
export function parseIso(text: string): WallMicros | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, whole, fraction = '', zone] = match;
  const millis = Date.parse(`${whole}${zone}`);
  const micros = millis * 1000 + Number(fraction.padEnd(6, '0'));
  return Number.isSafeInteger(micros) ? wallMicros(micros) : undefined;
}
