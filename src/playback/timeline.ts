import type { CameraRow, Catalog, GapCause } from '../catalog/catalog.ts';
import type { DeletionReason } from '../catalog/keeping.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';
import type { OpenSegments } from '../catalog/segment-view.ts';

/** Never more recorded ranges than this, nor more gaps, whatever the range: a screen has fewer pixels. */
export const MAX_TIMELINE_ITEMS = 2_000;
/** A timeline is at most this long: longer than any retention that is common. */
export const MAX_TIMELINE_DAYS = 400;
/** Without a wish, a range is shown in this many steps. */
const DEFAULT_STEPS = 1_000;

export interface WallRange {
  readonly from: WallMicros;
  readonly to: WallMicros;
}

/** Why there is nothing to see: it was not recorded, or it was and is there no more. */
export type TimelineCause = GapCause | 'expired' | 'evicted';

const CAUSE_OF_DELETION: Readonly<Record<DeletionReason, TimelineCause>> = {
  retention: 'expired',
  maximum: 'expired',
  space: 'evicted',
};

export interface TimelineGap {
  readonly from: WallMicros;
  /** `null` while it lasts. */
  readonly to: WallMicros | null;
  readonly cause: TimelineCause;
}

export interface Timeline {
  /** What is closer together than this was merged; at least what was asked for. */
  readonly resolutionMicros: number;
  readonly recorded: readonly WallRange[];
  readonly gaps: readonly TimelineGap[];
}

/** What is recorded of a camera in [from, to), and what is missing and why. */
export async function readTimeline(
  sources: { readonly catalog: Catalog; readonly openSegments: OpenSegments },
  camera: CameraRow,
  from: WallMicros,
  to: WallMicros,
  resolutionMicros = Math.ceil((to - from) / DEFAULT_STEPS),
): Promise<Timeline> {
  const live = sources.openSegments.of(camera.cameraNo).filter((segment) => segment.fragments.length > 0);
  const [runs, gaps, deletions] = await Promise.all([
    sources.catalog.runsBetween(camera.cameraNo, from, to),
    sources.catalog.gapsBetween(camera.cameraNo, from, to),
    sources.catalog.deletionsBetween(camera.cameraNo, from, to),
  ]);
  const gone = deletions.map((entry) => ({
    from: entry.from,
    to: entry.to,
    cause: CAUSE_OF_DELETION[entry.reason],
  }));
  // A run says from when to when it was recorded, and not what of it has been destroyed or lost since.
  const lost = gaps.flatMap((gap) =>
    gap.cause === 'lost' && gap.to !== null ? [{ ...gap, to: gap.to }] : [],
  );
  const recorded = [
    ...without(
      runs.map((run) => ({ from: run.start, to: run.end })),
      sorted([...gone, ...lost]),
    ),
    ...live.map((segment) => ({ from: segment.start, to: segment.end })),
  ];
  return buildTimeline(recorded, [...gaps, ...gone], from, to, resolutionMicros);
}

/** What is left of the ranges when `holes`, which are by time, are taken out. */
function without(ranges: readonly WallRange[], holes: readonly WallRange[]): WallRange[] {
  const left: WallRange[] = [];
  for (const range of ranges) {
    let { from } = range;
    for (const hole of holes) {
      if (hole.to <= from) continue;
      if (hole.from >= range.to) break;
      if (hole.from > from) left.push({ from, to: hole.from });
      from = hole.to;
    }
    if (from < range.to) left.push({ from, to: range.to });
  }
  return left;
}

/**
 * Clips to [from, to) and merges what no one could tell apart at this resolution, and harder until both lists
 * are in bounds. Nothing disappears: a range or a gap shorter than the resolution is shown as long as it, so the
 * two lists may overlap by that much, and a gap inside a merged recording is still in the list of gaps.
 */
export function buildTimeline(
  recorded: readonly WallRange[],
  gaps: readonly TimelineGap[],
  from: WallMicros,
  to: WallMicros,
  resolutionMicros: number,
): Timeline {
  let resolution = Math.max(1, Math.floor(resolutionMicros));
  let ranges = sorted(
    recorded.filter((range) => range.to > range.from && range.from < to && range.to > from),
  );
  let missing = sorted(gaps.filter((gap) => gap.from < to && (gap.to === null || gap.to > from)));
  for (;;) {
    ranges = mergeRanges(ranges, resolution);
    missing = mergeGaps(missing, to, resolution);
    if (ranges.length <= MAX_TIMELINE_ITEMS && missing.length <= MAX_TIMELINE_ITEMS) break;
    resolution *= 2;
  }
  return {
    resolutionMicros: resolution,
    recorded: ranges.map((range) => visible(range.from, range.to, from, to, resolution)),
    gaps: missing.map((gap) => {
      const shown = visible(gap.from, gap.to ?? to, from, to, resolution);
      return { from: shown.from, to: gap.to === null ? null : shown.to, cause: gap.cause };
    }),
  };
}

const sorted = <T extends { readonly from: WallMicros }>(items: readonly T[]): T[] =>
  items.toSorted((a, b) => a.from - b.from);

function mergeRanges(ranges: readonly WallRange[], resolution: number): WallRange[] {
  const merged: WallRange[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last && range.from - last.to < resolution) {
      merged[merged.length - 1] = { from: last.from, to: wallMicros(Math.max(last.to, range.to)) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** Neighbours merge when nothing would be seen between them, unless both are long and differ in cause. */
function mergeGaps(gaps: readonly TimelineGap[], to: WallMicros, resolution: number): TimelineGap[] {
  const merged: TimelineGap[] = [];
  const lengthOf = (gap: TimelineGap): number => (gap.to ?? Math.max(to, gap.from)) - gap.from;
  /** Length of the longest gap inside the last merged one: its cause is the one shown. */
  let longest = 0;
  for (const gap of gaps) {
    const last = merged.at(-1);
    const near = last && gap.from - (last.to ?? to) < resolution;
    const alike = last && (last.cause === gap.cause || Math.min(lengthOf(last), lengthOf(gap)) < resolution);
    if (last && near && alike) {
      const cause = lengthOf(gap) > longest ? gap.cause : last.cause;
      longest = Math.max(longest, lengthOf(gap));
      const end = last.to === null || gap.to === null ? null : wallMicros(Math.max(last.to, gap.to));
      merged[merged.length - 1] = { from: last.from, to: end, cause };
    } else {
      merged.push(gap);
      longest = lengthOf(gap);
    }
  }
  return merged;
}

/** The part inside [from, to), made at least one resolution long where there is room for it. */
function visible(
  start: WallMicros,
  end: WallMicros,
  from: WallMicros,
  to: WallMicros,
  resolution: number,
): WallRange {
  const clippedFrom = Math.max(start, from);
  const clippedTo = Math.min(end, to);
  const shownTo = Math.min(to, Math.max(clippedTo, clippedFrom + resolution));
  const shownFrom = Math.max(from, Math.min(clippedFrom, shownTo - resolution));
  return { from: wallMicros(shownFrom), to: wallMicros(shownTo) };
}
