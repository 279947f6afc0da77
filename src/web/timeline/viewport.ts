import { DAY, HOUR, MINUTE, type Millis, SECOND } from '../moments.ts';
import type { Span } from './timeline-data.ts';

const SHORTEST = 20 * SECOND;
/** The API answers for a little over a month. */
const LONGEST = 30 * DAY;
/** Some of what is to come is shown, so that the newest footage does not stick to the edge. */
const AHEAD_SHARE = 0.04;

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7].map((n) => n * DAY),
];

export const lengthOf = (view: Span): number => view.to - view.from;

/** The last `length` until now. */
export function latest(now: Millis, length: number): Span {
  const to = now + length * AHEAD_SHARE;
  return { from: to - length, to };
}

/** Pixel column of a moment. */
export const xOf = (view: Span, width: number, at: Millis): number =>
  ((at - view.from) / lengthOf(view)) * width;

export const timeAt = (view: Span, width: number, x: number): Millis =>
  view.from + (x / width) * lengthOf(view);

/** `factor` below 1 shows more detail; what is under the pointer stays there. Not beyond what is to come. */
export function zoom(view: Span, at: Millis, factor: number, now: Millis): Span {
  const length = Math.min(LONGEST, Math.max(SHORTEST, lengthOf(view) * factor));
  const share = (at - view.from) / lengthOf(view);
  return keep({ from: at - share * length, to: at + (1 - share) * length }, now);
}

export function pan(view: Span, millis: number, now: Millis): Span {
  return keep({ from: view.from + millis, to: view.to + millis }, now);
}

function keep(view: Span, now: Millis): Span {
  const over = view.to - latest(now, lengthOf(view)).to;
  return over > 0 ? { from: view.from - over, to: view.to - over } : view;
}

/** Moments for labels, at least `spacing` pixels apart, on round local times. */
export function ticks(
  view: Span,
  width: number,
  spacing: number,
): { readonly step: number; readonly at: readonly Millis[] } {
  const least = (lengthOf(view) / width) * spacing;
  const step = STEPS.find((candidate) => candidate >= least) ?? 7 * DAY;
  const zone = new Date(view.from).getTimezoneOffset() * MINUTE;
  const at: Millis[] = [];
  for (let t = Math.ceil((view.from - zone) / step) * step + zone; t < view.to; t += step) at.push(t);
  return { step, at };
}
