import type { EventJson } from '../api/schemas.ts';

/** Events that are kept here, and asked for. */
export const MOST_EVENTS = 200;

/** By number, as each is now: one that has ended takes the place of the same while it lasted. */
export function merged(before: readonly EventJson[], news: readonly EventJson[]): readonly EventJson[] {
  const byNumber = new Map([...before, ...news].map((event) => [event.id, event]));
  return [...byNumber.values()]
    .toSorted((a, b) => (a.from === b.from ? b.id - a.id : a.from < b.from ? 1 : -1))
    .slice(0, MOST_EVENTS);
}

/** Cameras before which something moves. */
export const movingNow = (events: readonly EventJson[]): ReadonlySet<string> =>
  new Set(events.filter(({ kind, to }) => kind === 'motion' && to === null).map(({ camera }) => camera));
