import { setImmediate as breathe } from 'node:timers/promises';
import { MINUTE_MICROS, minuteOf } from '../catalog/footage-class.ts';
import type { Box, LookedMinute, MotionCatalog } from '../catalog/motion.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';
import { cellsIn, movedIn } from './region.ts';
import type { WallRange } from './timeline.ts';

/** Parts of a line, and spans of an answer, at most. */
export const MAX_MOTION_PARTS = 2_000;
/** A search in a part of the picture reads every minute. */
export const MAX_REGION_DAYS = 62;
/** Read at once: a day of a camera, some milliseconds. */
const CHUNK_MICROS = 1_440 * MINUTE_MICROS;

/** How much moved, part by part of a range. */
export interface MotionLine {
  /** Where the first part begins: not later than what was asked for. */
  readonly from: WallMicros;
  /** Length of a part: whole minutes. */
  readonly stepMicros: number;
  /** 0 to 1; `null` where nobody looked. */
  readonly density: readonly (number | null)[];
}

/**
 * How much moved before a camera in [from, to): the share of the pictures in which something did. In a region, how much
 * moved there, in the mean over minutes.
 */
export async function readMotionLine(
  catalog: Pick<MotionCatalog, 'density' | 'lookedBetween'>,
  cameraNo: number,
  { from, to }: WallRange,
  resolutionMicros: number,
  region: Box | undefined,
): Promise<MotionLine> {
  const wanted = Math.max(resolutionMicros, (to - from) / (MAX_MOTION_PARTS - 1));
  const stepMicros = Math.ceil(wanted / MINUTE_MICROS) * MINUTE_MICROS;
  // The same parts whatever is asked for, so that a line does not flicker while it moves.
  const first = wallMicros(Math.floor(from / stepMicros) * stepMicros);
  const density: (number | null)[] = Array.from({ length: Math.ceil((to - first) / stepMicros) }, () => null);
  if (!region) {
    for (const part of await catalog.density(cameraNo, first, to, stepMicros)) {
      const pictures = part.pictures + part.passed;
      density[(part.from - first) / stepMicros] = pictures === 0 ? 0 : part.moving / pictures;
    }
    return { from: first, stepMicros, density };
  }
  const cells = cellsIn(region);
  const minutes = new Map<number, number>();
  for await (const { minute, heat } of lookedMinutes(catalog, cameraNo, { from: first, to })) {
    const part = Math.floor((minute - first) / stepMicros);
    const seen = minutes.get(part) ?? 0;
    density[part] = ((density[part] ?? 0) * seen + movedIn(heat, cells)) / (seen + 1);
    minutes.set(part, seen + 1);
  }
  return { from: first, stepMicros, density };
}

export interface MotionSpan extends WallRange {
  /** 0 to 1: the most of any minute. */
  readonly strength: number;
}

export interface MotionSearch {
  /** What is closer together than this was merged. */
  readonly resolutionMicros: number;
  readonly spans: readonly MotionSpan[];
  /** Where nobody looked. */
  readonly unseen: readonly WallRange[];
}

/** When something moved before a camera, or in a region of its picture, to the minute. */
export async function searchMotion(
  catalog: Pick<MotionCatalog, 'lookedBetween'>,
  cameraNo: number,
  { from, to }: WallRange,
  region: Box | undefined,
): Promise<MotionSearch> {
  const cells = region && cellsIn(region);
  let spans: MotionSpan[] = [];
  let unseen: WallRange[] = [];
  let seenTo = minuteOf(from);
  for await (const looked of lookedMinutes(catalog, cameraNo, { from: wallMicros(seenTo), to })) {
    const { minute } = looked;
    const end = minute + MINUTE_MICROS;
    if (minute > seenTo) unseen.push({ from: wallMicros(seenTo), to: minute });
    seenTo = end;
    const pictures = looked.pictures + looked.passed;
    const strength = cells ? movedIn(looked.heat, cells) : pictures === 0 ? 0 : looked.moving / pictures;
    if (strength > 0) spans.push({ from: minute, to: wallMicros(end), strength });
  }
  if (seenTo < to) unseen.push({ from: wallMicros(seenTo), to });
  let resolutionMicros = MINUTE_MICROS;
  for (;;) {
    spans = merge(spans, resolutionMicros, (a, b) => ({
      ...a,
      to: b.to,
      strength: Math.max(a.strength, b.strength),
    }));
    unseen = merge(unseen, resolutionMicros, (a, b) => ({ ...a, to: b.to }));
    if (spans.length <= MAX_MOTION_PARTS && unseen.length <= MAX_MOTION_PARTS) break;
    resolutionMicros *= 2;
  }
  const clip = <T extends WallRange>(span: T): T => ({
    ...span,
    from: wallMicros(Math.max(from, span.from)),
    to: wallMicros(Math.min(to, span.to)),
  });
  return { resolutionMicros, spans: spans.map(clip), unseen: unseen.map(clip) };
}

/** Neighbours with less than the resolution between them are one. */
function merge<T extends WallRange>(spans: readonly T[], resolution: number, join: (a: T, b: T) => T): T[] {
  const merged: T[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last && span.from - last.to < resolution) merged[merged.length - 1] = join(last, span);
    else merged.push(span);
  }
  return merged;
}

/** A day at a time, so that everybody else has a turn in between. */
async function* lookedMinutes(
  catalog: Pick<MotionCatalog, 'lookedBetween'>,
  cameraNo: number,
  { from, to }: WallRange,
): AsyncGenerator<LookedMinute> {
  for (let start: number = from; start < to; start += CHUNK_MICROS) {
    const end = Math.min(to, start + CHUNK_MICROS);
    yield* await catalog.lookedBetween(cameraNo, wallMicros(start), wallMicros(end));
    await breathe();
  }
}
