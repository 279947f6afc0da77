import { dayText, lengthText, type Millis, SECOND, timeText } from '../moments.ts';
import type { Span } from './timeline-data.ts';

/** How much moved, part by part: 0 to 1, `null` where nobody looked. */
export interface MotionLine {
  readonly from: Millis;
  readonly step: Millis;
  readonly density: readonly (number | null)[];
}

/** An event, or several of a kind that are too close to be told apart. */
export interface EventMark extends Span {
  readonly id: number | null;
  readonly kind: string;
  readonly lasts: boolean;
  readonly count: number;
  readonly score: number;
  readonly zones: readonly string[];
}

/** A part of the picture, in shares of it from the upper left. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Playing begins so long before an event, so that it is seen to begin. */
export const LEAD: Millis = 2 * SECOND;
/** An event begins with what led up to it: that is when something is first to be seen of it. */
export const LED_UP = 3 * SECOND;

const KINDS: Readonly<Record<string, string>> = {
  motion: 'Motion',
  covered: 'Camera covered',
  blinded: 'Camera blinded',
  defocused: 'Out of focus',
  moved: 'Camera turned',
  frozen: 'Picture frozen',
};

/** A kind of event for a person; a newer server may know more kinds than this page. */
export const kindText = (kind: string): string => KINDS[kind] ?? kind;

/** What a mark stands for: kind, when, how long, how much, where. */
export function markText({ kind, from, to, lasts, count, score, zones }: EventMark): string {
  const words = [count > 1 ? `${count} × ${kindText(kind)}` : kindText(kind)];
  words.push(
    lasts
      ? `since ${timeText(from)}`
      : count > 1
        ? `${dayText(from)} ${timeText(from)} – ${timeText(to)}`
        : `${timeText(from)}, ${lengthText(to - from)}`,
  );
  if (kind === 'motion') words.push(`${count > 1 ? 'up to ' : ''}${shareText(score)} of the picture`);
  if (zones.length > 0) words.push(zones.join(', '));
  return words.join(' · ');
}

export const shareText = (share: number): string =>
  share < 0.1 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;

/** Marks of which something is in the view, the rare kinds last, so that they lie on top. */
export function marksIn(marks: readonly EventMark[], view: Span): readonly EventMark[] {
  return marks
    .filter((mark) => mark.from < view.to && mark.to > view.from)
    .toSorted((a, b) => Number(a.kind !== 'motion') - Number(b.kind !== 'motion') || a.from - b.from);
}

/** The rectangle between two corners, cut at the edges of the picture; `undefined`: too small to be meant. */
export function regionBetween(
  a: { readonly x: number; readonly y: number },
  b: { readonly x: number; readonly y: number },
): Region | undefined {
  const cut = (value: number): number => Math.min(1, Math.max(0, value));
  const [left, right] = [cut(Math.min(a.x, b.x)), cut(Math.max(a.x, b.x))];
  const [top, bottom] = [cut(Math.min(a.y, b.y)), cut(Math.max(a.y, b.y))];
  const region = { x: left, y: top, width: right - left, height: bottom - top };
  return region.width < 0.01 || region.height < 0.01 ? undefined : region;
}

/** For the API. */
export const regionQuery = ({ x, y, width, height }: Region): string =>
  [x, y, Math.min(width, 1 - x), Math.min(height, 1 - y)]
    .map((value) => Math.max(0, value).toFixed(4))
    .join(',');

/** Where the picture lies in an element that shows all of it, with bars where the shapes differ. */
export function pictureIn(
  element: { readonly width: number; readonly height: number },
  picture: { readonly width: number; readonly height: number },
): { readonly left: number; readonly top: number; readonly width: number; readonly height: number } {
  if (picture.width <= 0 || picture.height <= 0) return { left: 0, top: 0, ...element };
  const scale = Math.min(element.width / picture.width, element.height / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { left: (element.width - width) / 2, top: (element.height - height) / 2, width, height };
}
