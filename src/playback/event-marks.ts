import { setImmediate as breathe } from 'node:timers/promises';
import type { Box, EventKind, EventRow, MotionCatalog } from '../catalog/motion.ts';
import type { WallMicros } from '../time/units.ts';
import { overlap } from './region.ts';
import type { WallRange } from './timeline.ts';

/** Marks on a timeline, at most. */
export const MAX_EVENT_MARKS = 500;
/** A search in a part of the picture looks at the newest so many. */
export const MAX_EVENTS_SEARCHED = 20_000;
const PAGE = 500;

/** An event on a timeline, or several of one kind that are too close to be told apart. */
export interface EventMark {
  /** `null`: it stands for several. */
  readonly eventNo: number | null;
  readonly kind: EventKind;
  readonly from: WallMicros;
  /** `null` while it lasts. */
  readonly to: WallMicros | null;
  readonly count: number;
  readonly score: number;
  readonly zones: readonly string[];
}

type Events = Pick<MotionCatalog, 'events' | 'eventsBetween' | 'eventGroups'>;

/** Events of a camera in a range, by when they began: each by itself if there are few, or else in groups. */
export async function readEventMarks(
  catalog: Events,
  cameraNo: number,
  range: WallRange,
  resolutionMicros: number,
  region: Box | undefined,
): Promise<readonly EventMark[]> {
  const { from, to } = range;
  if (region) return grouped(await eventsIn(catalog, cameraNo, range, region), range, resolutionMicros);
  const few = await catalog.eventsBetween(cameraNo, from, to, MAX_EVENT_MARKS + 1);
  if (few.length <= MAX_EVENT_MARKS) return few.map(markOf);
  let step = Math.max(resolutionMicros, ((to - from) * 2) / MAX_EVENT_MARKS);
  for (;;) {
    const groups = await catalog.eventGroups(cameraNo, from, to, step);
    if (groups.length <= MAX_EVENT_MARKS) return groups;
    step *= 2;
  }
}

const markOf = ({ eventNo, kind, from, to, score, zones }: EventRow): EventMark => ({
  ...{ eventNo, kind, from, to, count: 1, score, zones },
});

/** What has no place, as that the camera was covered, is everywhere. */
async function eventsIn(
  catalog: Events,
  cameraNo: number,
  { from, to }: WallRange,
  region: Box,
): Promise<EventRow[]> {
  const found: EventRow[] = [];
  let after: EventRow | undefined;
  for (let read = 0; read < MAX_EVENTS_SEARCHED; read += PAGE) {
    const page = await catalog.events({ cameraNo, from, to, limit: PAGE, ...(after && { after }) });
    for (const event of page) if (!event.box || overlap(event.box, region)) found.push(event);
    after = page.at(-1);
    if (page.length < PAGE) break;
    await breathe();
  }
  return found.toReversed();
}

function grouped(
  events: readonly EventRow[],
  { from, to }: WallRange,
  resolutionMicros: number,
): EventMark[] {
  let marks = events.map(markOf);
  let step = Math.max(resolutionMicros, ((to - from) * 2) / MAX_EVENT_MARKS);
  while (marks.length > MAX_EVENT_MARKS) {
    const parts = new Map<string, EventMark>();
    for (const mark of marks) {
      const name = `${mark.kind} ${Math.floor((mark.from - from) / step)}`;
      const before = parts.get(name);
      parts.set(name, before ? together(before, mark) : mark);
    }
    marks = [...parts.values()];
    step *= 2;
  }
  return marks;
}

const together = (a: EventMark, b: EventMark): EventMark => ({
  ...{ eventNo: null, kind: a.kind, from: a.from, count: a.count + b.count, zones: [] },
  to: a.to === null || b.to === null ? null : (Math.max(a.to, b.to) as WallMicros),
  score: Math.max(a.score, b.score),
});
