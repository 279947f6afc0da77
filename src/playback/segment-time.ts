import { microsToTicks, ticksToMicros, type WallMicros, wallMicros } from '../time/units.ts';
import type { SegmentView } from '../catalog/segment-view.ts';

/**
 * Inside a segment both clocks are known at its two ends. Between them wall time runs evenly: it slews by at most
 * 500 ppm, so over a minute this is exact to the tick for any healthy clock. The skew is kept apart from the
 * length, so that the product stays far below 2^53 even in a segment of a day.
 */
type Span = Pick<SegmentView, 'start' | 'end' | 'durationTicks'>;

const skewMicros = (span: Span): number => span.end - span.start - ticksToMicros(span.durationTicks);

/** Wall time of a moment given in ticks after the segment's start. */
export function wallAt(span: Span, ticks: number): WallMicros {
  const slew = span.durationTicks === 0 ? 0 : Math.round((skewMicros(span) * ticks) / span.durationTicks);
  return wallMicros(span.start + ticksToMicros(ticks) + slew);
}

/** The other way: ticks after the segment's start, kept inside the segment. */
export function ticksAt(span: Span, wall: WallMicros): number {
  const micros = wall - span.start;
  const length = span.end - span.start;
  const slew = length <= 0 ? 0 : (skewMicros(span) * micros) / length;
  return Math.min(Math.max(0, microsToTicks(micros - slew)), span.durationTicks);
}

/** Whether `next` goes on where `before` ends: same run, and not a tick is missing between them. */
export function joins(before: SegmentView, next: SegmentView): boolean {
  return before.runStart === next.runStart && before.mediaStart + before.durationTicks === next.mediaStart;
}
