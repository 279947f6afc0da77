import type { FragmentEntry } from '../media/fragment-index.ts';
import type { WallMicros } from '../time/units.ts';
import type { SegmentView } from '../catalog/segment-view.ts';
import { ticksAt, wallAt } from './segment-time.ts';

/** Consecutive fragments of one segment: [first, end). */
export interface FragmentSpan {
  readonly segment: SegmentView;
  readonly first: number;
  readonly end: number;
  /** Position in the file of the first fragment, and bytes up to the end of the last. */
  readonly offset: number;
  readonly bytes: number;
  /** Ticks from the segment's start to the first fragment, and through the last. */
  readonly startTicks: number;
  readonly durationTicks: number;
}

export function spanOf(segment: SegmentView, first: number, end: number): FragmentSpan {
  const before = sum(segment.fragments, 0, first);
  const inside = sum(segment.fragments, first, end);
  return {
    segment,
    first,
    end,
    offset: segment.headBytes + before.bytes,
    bytes: inside.bytes,
    startTicks: before.ticks,
    durationTicks: inside.ticks,
  };
}

export const spanStart = (span: FragmentSpan): WallMicros => wallAt(span.segment, span.startTicks);

/** The fragments of a segment that cover [from, to), as `spanOfTicks`; `undefined` when none does. */
export function coveringSpan(
  segment: SegmentView,
  from: WallMicros,
  to: WallMicros,
  earlier = 0,
): FragmentSpan | undefined {
  if (segment.start >= to || segment.end <= from || segment.fragments.length === 0) return undefined;
  return spanOfTicks(segment, ticksAt(segment, from), ticksAt(segment, to), earlier);
}

/**
 * The fragments that cover [fromTicks, toTicks) of a segment, begun with a key fragment so that they can be decoded;
 * with `earlier`, that many groups of pictures more in front. Never empty.
 */
export function spanOfTicks(
  segment: SegmentView,
  fromTicks: number,
  toTicks: number,
  earlier = 0,
): FragmentSpan {
  let first = -1;
  let end = 0;
  let ticks = 0;
  for (const [index, fragment] of segment.fragments.entries()) {
    const after = ticks + fragment.durationTicks;
    if (first < 0 && after > fromTicks) first = index;
    if (ticks < toTicks) end = index + 1;
    ticks = after;
  }
  if (first < 0) first = segment.fragments.length - 1;
  end = Math.max(end, first + 1);
  first = keyBefore(segment.fragments, first);
  for (let i = 0; i < earlier && first > 0; i++) first = keyBefore(segment.fragments, first - 1);
  return spanOf(segment, first, end);
}

/** Index of the last key fragment at or before `index`; the first fragment when there is none. */
function keyBefore(fragments: readonly FragmentEntry[], index: number): number {
  let at = index;
  while (at > 0 && fragments[at]?.key !== true) at--;
  return at;
}

function sum(
  fragments: readonly FragmentEntry[],
  first: number,
  end: number,
): { bytes: number; ticks: number } {
  let bytes = 0;
  let ticks = 0;
  for (let i = first; i < end; i++) {
    bytes += fragments[i]?.bytes ?? 0;
    ticks += fragments[i]?.durationTicks ?? 0;
  }
  return { bytes, ticks };
}
