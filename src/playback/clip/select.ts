import { createHash } from 'node:crypto';
import { segmentId } from '../../catalog/segment-id.ts';
import { type WallMicros, wallMicros } from '../../time/units.ts';
import { coveringSpan, type FragmentSpan, spanOfTicks } from '../fragment-span.ts';
import type { SegmentView } from '../../catalog/segment-view.ts';
import { joins, ticksAt } from '../segment-time.ts';

/** A clip is at most this long: what it costs to prepare grows with it, a read for every fragment. */
export const MAX_CLIP_HOURS = 24;

/** What goes into a clip, known from the catalog alone. */
export interface ClipSelection {
  /** In order; the first begins with a key frame at or before the clip's first moment. */
  readonly spans: readonly FragmentSpan[];
  /** Index of each span that does not go on, to the tick, where the one before it ends. */
  readonly gapsBefore: ReadonlySet<number>;
  /** Wall time of the clip's first moment: `from`, or the start of the footage if that is later. */
  readonly start: WallMicros;
  /** Ticks from the first sample of the data to that moment, and of the last span's segment to the clip's end. */
  readonly leadTicks: number;
  readonly tailTicks: number;
  /**
   * Strong entity tag: the same selection is the same bytes, since segment files only ever grow. It is made of
   * what was selected and not of the files' hashes, so that it stays when the last segment closes.
   */
  readonly etag: string;
}

/** `earlier`: groups of pictures to take in front, for streams whose pictures refer across key frames. */
export function selectClip(
  segments: readonly SegmentView[],
  from: WallMicros,
  to: WallMicros,
  earlier = 0,
): ClipSelection | undefined {
  const spans: FragmentSpan[] = [];
  const gapsBefore = new Set<number>();
  for (const segment of segments) {
    const span = coveringSpan(segment, from, to, spans.length === 0 ? earlier : 0);
    if (!span) continue;
    const before = spans.at(-1);
    const whole = before && before.end === before.segment.fragments.length && span.first === 0;
    if (before && !(whole && joins(before.segment, segment))) gapsBefore.add(spans.length);
    spans.push(span);
  }
  return selectionOf(spans, gapsBefore, from, to);
}

/** What is on screen at one moment of a segment: the group of pictures that holds it, up to that picture. */
export function selectPicture(segment: SegmentView, at: WallMicros): ClipSelection | undefined {
  if (segment.fragments.length === 0) return undefined;
  const ticks = Math.min(ticksAt(segment, at), segment.durationTicks - 1);
  const span = spanOfTicks(segment, ticks, ticks + 1);
  const selection = selectionOf([span], new Set(), at, segment.end);
  return selection && { ...selection, leadTicks: ticks - span.startTicks, tailTicks: ticks + 1 };
}

function selectionOf(
  spans: readonly FragmentSpan[],
  gapsBefore: ClipSelection['gapsBefore'],
  from: WallMicros,
  to: WallMicros,
): ClipSelection | undefined {
  const [first] = spans;
  const last = spans.at(-1);
  if (!first || !last) return undefined;
  const start = wallMicros(Math.max(from, first.segment.start));
  const leadTicks = ticksAt(first.segment, start) - first.startTicks;
  const tailTicks = ticksAt(last.segment, to);
  return { spans, gapsBefore, start, leadTicks, tailTicks, etag: etagOf(spans, start, leadTicks, tailTicks) };
}

/** Goes up with every change of the builder that changes a byte of its output. */
const BUILDER_VERSION = 2;

function etagOf(spans: readonly FragmentSpan[], start: WallMicros, lead: number, tail: number): string {
  const hash = createHash('sha256');
  hash.update(`${BUILDER_VERSION} ${start} ${lead} ${tail}`);
  for (const { segment, first, offset, bytes, durationTicks } of spans) {
    const id = segmentId(segment.cameraNo, segment.start);
    hash.update(`\n${id} ${segment.runStart} ${segment.mediaStart} ${segment.initNo}`);
    hash.update(` ${first} ${offset} ${bytes} ${durationTicks}`);
  }
  return `"${hash.digest('base64url').slice(0, 32)}"`;
}
