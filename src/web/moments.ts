/** Milliseconds since 1970, UTC: what a browser's clock and canvas work with. */
export type Millis = number;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** For the API. */
export const isoOf = (at: Millis): string => new Date(Math.round(at)).toISOString();

/** Of the API; its microseconds are cut off. */
export const millisOf = (iso: string): Millis => Date.parse(iso);

const pad = (value: number): string => String(value).padStart(2, '0');

/** For a person, in the zone of the browser: `14:05:09`. */
export function timeText(at: Millis): string {
  const date = new Date(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** `Tue 24 Nov`, in the zone of the browser. */
export function dayText(at: Millis): string {
  return new Date(at).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
}

/** `3 s`, `5 min`, `2 h 10 min`, `4 d`. */
export function lengthText(millis: number): string {
  if (millis < MINUTE) return `${Math.round(millis / SECOND)} s`;
  if (millis < HOUR) return `${Math.round(millis / MINUTE)} min`;
  if (millis < DAY) {
    const minutes = Math.round((millis % HOUR) / MINUTE);
    return `${Math.floor(millis / HOUR)} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  }
  return `${Math.round(millis / DAY)} d`;
}

/** For a file name, in the zone of the browser: `2026-11-24_14-05-09`. */
export function fileText(at: Millis): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day}_${timeText(at).replaceAll(':', '-')}`;
}
