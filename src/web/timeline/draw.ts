import { DAY, dayText, MINUTE, type Millis, timeText } from '../moments.ts';
import type { Span, TimelineData } from './timeline-data.ts';
import { ticks, xOf } from './viewport.ts';

export const TIMELINE_HEIGHT = 104;
const BAND_TOP = 34;
const BAND_HEIGHT = 46;
/** Of what moves hardly at all one still has to see something. */
const LEAST_BAR = 3;
const LABEL_SPACING = 90;

const COLORS = {
  empty: '#161d25',
  unseen: '#3a4654',
  unseenDots: '#566475',
  still: '#1f6f5c',
  motion: '#63e0b4',
  gap: '#8c3d3d',
  hatch: '#c25b56',
  line: '#2a343f',
  text: '#93a1b0',
  now: '#5c6b7a',
  cursor: '#ffd166',
  pointer: '#c9d4df',
};

export interface Drawing {
  readonly view: Span;
  readonly data: TimelineData | undefined;
  readonly now: Millis;
  readonly playing: Millis | undefined;
  readonly pointer: Millis | undefined;
}

/** Draws the whole timeline; sizes are CSS pixels, the context is scaled to the screen. */
export function drawTimeline(context: CanvasRenderingContext2D, width: number, drawing: Drawing): void {
  const { view, data, now } = drawing;
  const x = (at: Millis): number => Math.min(width, Math.max(0, xOf(view, width, at)));
  context.clearRect(0, 0, width, TIMELINE_HEIGHT);
  context.fillStyle = COLORS.empty;
  context.fillRect(0, BAND_TOP, width, BAND_HEIGHT);
  for (const gap of data?.gaps ?? []) {
    const from = x(gap.from);
    hatched(context, from, Math.max(1.5, x(Math.min(gap.to, now)) - from));
  }
  for (const span of data?.recorded ?? []) {
    const from = x(span.from);
    unseen(context, from, Math.max(1, x(span.to) - from));
  }
  for (const part of seenIn(data, view)) {
    // Whole pixels: between neighbours there would be seams.
    const from = Math.round(x(part.from));
    const length = Math.max(1, Math.round(x(part.to)) - from);
    context.fillStyle = COLORS.still;
    context.fillRect(from, BAND_TOP, length, BAND_HEIGHT);
    if (part.density === 0) continue;
    // The root: that little moves should be seen beside a lot.
    const height = Math.max(LEAST_BAR, Math.sqrt(part.density) * BAND_HEIGHT);
    context.fillStyle = COLORS.motion;
    context.fillRect(from, BAND_TOP + BAND_HEIGHT - height, length, height);
  }
  drawLabels(context, view, width);
  vertical(context, x(now), COLORS.now, BAND_TOP, 1);
  if (drawing.pointer !== undefined) vertical(context, x(drawing.pointer), COLORS.pointer, BAND_TOP - 6, 1);
  if (drawing.playing !== undefined && drawing.playing >= view.from && drawing.playing <= view.to) {
    const at = x(drawing.playing);
    vertical(context, at, COLORS.cursor, 6, 2);
    context.fillStyle = COLORS.cursor;
    context.beginPath();
    context.moveTo(at - 6, 0);
    context.lineTo(at + 6, 0);
    context.lineTo(at, 9);
    context.fill();
  }
}

/** Parts that somebody looked at and of which there is footage. */
function* seenIn(data: TimelineData | undefined, view: Span): Generator<Span & { readonly density: number }> {
  if (!data) return;
  const { from, step, density } = data.motion;
  let next = 0;
  for (const span of data.recorded) {
    const first = Math.max(0, next, Math.floor((Math.max(span.from, view.from) - from) / step));
    const last = Math.min(density.length, Math.ceil((Math.min(span.to, view.to) - from) / step));
    for (let part = first; part < last; part++) {
      const value = density[part] ?? null;
      if (value === null) continue;
      const start = from + part * step;
      yield { from: Math.max(span.from, start), to: Math.min(span.to, start + step), density: value };
    }
    // A part may reach from one recording into the next.
    next = Math.max(next, last - 1);
  }
}

/** Recorded, and nobody looked: not the same as that nothing moved. */
function unseen(context: CanvasRenderingContext2D, from: number, width: number): void {
  context.fillStyle = COLORS.unseen;
  context.fillRect(from, BAND_TOP, width, BAND_HEIGHT);
  context.fillStyle = COLORS.unseenDots;
  for (let column = Math.ceil(from / 8) * 8; column < from + width - 1; column += 8) {
    for (let row = 5; row < BAND_HEIGHT; row += 8) {
      context.fillRect(column + ((row - 5) % 16 === 0 ? 0 : 4), BAND_TOP + row, 1.5, 1.5);
    }
  }
}

function hatched(context: CanvasRenderingContext2D, from: number, width: number): void {
  context.save();
  context.beginPath();
  context.rect(from, BAND_TOP, width, BAND_HEIGHT);
  context.clip();
  context.fillStyle = COLORS.gap;
  context.fillRect(from, BAND_TOP, width, BAND_HEIGHT);
  context.strokeStyle = COLORS.hatch;
  context.lineWidth = 2;
  context.beginPath();
  for (let start = from - BAND_HEIGHT - (from % 10); start < from + width; start += 10) {
    context.moveTo(start, BAND_TOP + BAND_HEIGHT);
    context.lineTo(start + BAND_HEIGHT, BAND_TOP);
  }
  context.stroke();
  context.restore();
}

function drawLabels(context: CanvasRenderingContext2D, view: Span, width: number): void {
  const { step, at } = ticks(view, width, LABEL_SPACING);
  context.font = '12px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  for (const tick of at) {
    const column = Math.round(xOf(view, width, tick)) + 0.5;
    vertical(context, column, COLORS.line, BAND_TOP + BAND_HEIGHT, 1, 5);
    if (column < LABEL_SPACING / 4 || column > width - LABEL_SPACING / 4) continue;
    context.fillStyle = COLORS.text;
    const time = timeText(tick);
    const label =
      step >= DAY || time === '00:00:00' ? dayText(tick) : step >= MINUTE ? time.slice(0, 5) : time;
    context.fillText(label, column, BAND_TOP + BAND_HEIGHT + 19);
  }
}

function vertical(
  context: CanvasRenderingContext2D,
  x: number,
  color: string,
  top: number,
  width: number,
  height = BAND_TOP + BAND_HEIGHT - top,
): void {
  context.fillStyle = color;
  context.fillRect(x - width / 2, top, width, height);
}
