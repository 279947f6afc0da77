import { follow, LEAST_EVIDENCE, quiet } from '../../src/motion/activity.ts';
import { MEDIA_TICKS_PER_SECOND } from '../../src/time/units.ts';
import { type Footage, PixelLabel } from './footage.ts';

/** Seconds from the start of the footage. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface EventScore {
  readonly labelled: number;
  readonly found: number;
  readonly events: number;
  /** Events where labels say that nothing moved. */
  readonly wrong: number;
  /** Seconds from the start of a labelled span until an event says so, of those found. */
  readonly delays: readonly number[];
}

/** Spans apart by less are one. */
const JOIN_SECONDS = 5;
/** Shorter ones are a corner of something. */
const LEAST_SECONDS = 1;

/** The events that evidence makes: from when they are known, not from when they began, as a person would be told. */
export function eventsOf(evidence: readonly number[], framesPerSecond: number): Span[] {
  const activity = quiet();
  const elapsed = MEDIA_TICKS_PER_SECOND / framesPerSecond;
  const events: Span[] = [];
  let from = 0;
  for (const [index, share] of evidence.entries()) {
    const change = follow(activity, share, index * elapsed, elapsed);
    if (change === 'began') from = index / framesPerSecond;
    if (change === 'ended') events.push({ from, to: activity.lastSeen / MEDIA_TICKS_PER_SECOND });
  }
  if (activity.active) events.push({ from, to: evidence.length / framesPerSecond });
  return events;
}

/** Where labels say that something moves. */
export function labelledSpans({ truth, framesPerSecond, width, height }: Footage): Span[] {
  const spans: { from: number; to: number }[] = [];
  for (const [index, labels] of truth.entries()) {
    if (labels === undefined || shareOf(labels, width * height, [PixelLabel.moving]) < LEAST_EVIDENCE)
      continue;
    const at = index / framesPerSecond;
    const last = spans.at(-1);
    if (last && at - last.to < JOIN_SECONDS) last.to = at;
    else spans.push({ from: at, to: at });
  }
  return spans.filter(({ from, to }) => to - from >= LEAST_SECONDS);
}

/** A span is found by an event that overlaps it and is known within `limit` seconds of its start. */
export function scoreEvents(footage: Footage, events: readonly Span[], limit: number): EventScore {
  const spans = labelledSpans(footage);
  const delays: number[] = [];
  for (const span of spans) {
    const event = events.find(({ from, to }) => to >= span.from && from <= span.from + limit);
    if (event) delays.push(Math.max(0, event.from - span.from));
  }
  const wrong = events.filter(
    (event) => !spans.some((span) => overlap(event, span)) && isLabelledStill(footage, event),
  );
  return { labelled: spans.length, found: delays.length, events: events.length, wrong: wrong.length, delays };
}

/** All of it is labelled, and nothing in it moves or is unknown. */
function isLabelledStill({ truth, framesPerSecond, width, height }: Footage, { from, to }: Span): boolean {
  for (let index = Math.floor(from * framesPerSecond); index <= to * framesPerSecond; index++) {
    const labels = truth[index];
    if (labels === undefined) return false;
    if (shareOf(labels, width * height, [PixelLabel.moving, PixelLabel.unknown]) > 0) return false;
  }
  return true;
}

const overlap = (a: Span, b: Span): boolean => a.from <= b.to && b.from <= a.to;

function shareOf(labels: Uint8Array, pixels: number, wanted: readonly number[]): number {
  let count = 0;
  for (const label of labels) if (wanted.includes(label)) count++;
  return count / pixels;
}
