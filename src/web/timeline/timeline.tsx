import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { fetchTimeline } from '../api.ts';
import { DAY, dayText, HOUR, lengthText, type Millis, MINUTE, SECOND, timeText } from '../moments.ts';
import { usePolling } from '../use-polling.ts';
import { drawTimeline, TIMELINE_HEIGHT } from './draw.ts';
import { EventMarks } from './event-marks.tsx';
import { type EventMark, type Region, regionQuery, shareText } from './motion-data.ts';
import { causeText, gapAt, seenAt, type Span } from './timeline-data.ts';
import { latest, lengthOf, pan, timeAt, zoom } from './viewport.ts';

const PRESETS = [10 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR];
/** A pointer that moves less than this clicks. */
const CLICK_PIXELS = 4;

export function Timeline(props: {
  readonly cameraId: string;
  readonly playing: Millis | undefined;
  /** Only what moved there is shown. */
  readonly region: Region | undefined;
  readonly onSeek: (at: Millis) => void;
}) {
  const { cameraId, playing, region, onSeek } = props;
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const now = useNow(500);
  /** A length alone follows the present. */
  const [view, setView] = useState<Span | Millis>(HOUR);
  const [pointer, setPointer] = useState<number>();
  const drag = useRef<{ x: number; moved: boolean }>(undefined);
  const shown = typeof view === 'number' ? latest(now, view) : view;
  const { value: data, problem } = useTimelineData(cameraId, shown, region);
  const pointed = pointer === undefined ? undefined : timeAt(shown, width, pointer);

  useEffect(() => {
    const context = scaled(canvas.current, width);
    if (context) drawTimeline(context, width, { view: shown, data, now, playing, pointer: pointed });
  });

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const x = event.clientX - element.getBoundingClientRect().left;
      const span = timelineOf(view);
      const across = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const delta = event.deltaX + event.deltaY;
      setView(
        across
          ? pan(span, (delta / width) * lengthOf(span), Date.now())
          : zoom(span, timeAt(span, width, x), 1.002 ** event.deltaY, Date.now()),
      );
    };
    // React's own wheel listener is passive and could not keep the page from scrolling.
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [view, width]);

  const onPointerDown = (event: PointerEvent<HTMLCanvasElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.nativeEvent.offsetX, moved: false };
  };
  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>): void => {
    const x = event.nativeEvent.offsetX;
    setPointer(x);
    const from = drag.current;
    if (!from || (!from.moved && Math.abs(x - from.x) < CLICK_PIXELS)) return;
    setView(pan(shown, ((from.x - x) / width) * lengthOf(shown), Date.now()));
    drag.current = { x, moved: true };
  };
  const onPointerUp = (event: PointerEvent<HTMLCanvasElement>): void => {
    const from = drag.current;
    drag.current = undefined;
    if (from && !from.moved) onSeek(timeAt(shown, width, event.nativeEvent.offsetX));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowLeft' ? -10 : event.key === 'ArrowRight' ? 10 : 0;
    if (step === 0 || playing === undefined) return;
    event.preventDefault();
    onSeek(playing + step * SECOND);
  };

  const gap = pointed === undefined ? undefined : gapAt(data?.gaps ?? [], pointed);
  return (
    <section className="timeline">
      <div className="bar">
        <span className="hint" role="status">
          {problem ??
            (pointed === undefined ? 'Click to play, drag to move, wheel to zoom' : momentText(pointed))}
          {gap
            ? ` · ${causeText(gap.cause)}`
            : pointed !== undefined && data && seenText(seenAt(data, pointed))}
        </span>
        <Legend />
        {PRESETS.map((length) => (
          <button key={length} type="button" aria-pressed={view === length} onClick={() => setView(length)}>
            {lengthText(length)}
          </button>
        ))}
      </div>
      <div ref={frame} className="frame">
        <canvas
          ref={canvas}
          data-testid="timeline"
          role="slider"
          tabIndex={0}
          aria-label="Timeline"
          aria-valuemin={shown.from}
          aria-valuemax={shown.to}
          aria-valuenow={playing ?? shown.to}
          aria-valuetext={playing === undefined ? 'nothing plays' : momentText(playing)}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={() => {
            drag.current = undefined;
          }}
          onPointerLeave={() => setPointer(undefined)}
          onKeyDown={onKeyDown}
        />
        <EventMarks {...{ cameraId, width, now, onSeek }} marks={data?.events ?? NONE} view={shown} />
      </div>
    </section>
  );
}

const NONE: readonly EventMark[] = [];

function Legend() {
  return (
    <span className="legend" aria-hidden="true">
      <i className="motion" /> motion <i className="still" /> still <i className="unseen" /> not looked at{' '}
      <i className="gap" /> not recorded
    </span>
  );
}

function seenText(seen: number | null | undefined): string {
  if (seen === undefined) return '';
  if (seen === null) return ' · nobody looked for motion';
  return seen === 0 ? ' · nothing moved' : ` · motion ${shareText(seen)}`;
}

const timelineOf = (view: Span | Millis): Span =>
  typeof view === 'number' ? latest(Date.now(), view) : view;

const momentText = (at: Millis): string => `${dayText(at)} ${timeText(at)}`;

/**
 * The data around a view; asked for in steps of one view, with one more on each side, so that a drag finds it there. Of a
 * long view there is nothing but the steps that it is in, and it is asked for less often.
 */
function useTimelineData(cameraId: string, view: Span, region: Region | undefined) {
  const length = lengthOf(view);
  const step = Math.floor(view.from / length);
  const around = length > 2 * DAY ? 0 : 1;
  const span = { from: (step - around) * length, to: (step + 2 + around) * length };
  const key = `${cameraId} ${length} ${step} ${region ? regionQuery(region) : ''}`;
  const every = Math.min(30 * SECOND, Math.max(2 * SECOND, length / 10_000));
  return usePolling(key, every, (signal) => fetchTimeline(cameraId, span, length / 1_000, signal, region));
}

function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(800);
  useEffect(() => {
    const observed = element.current;
    if (!observed) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(1, observed.clientWidth)));
    observer.observe(observed);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

function useNow(every: Millis): Millis {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** A context whose unit is a CSS pixel, on a canvas as fine as the screen. */
function scaled(canvas: HTMLCanvasElement | null, width: number): CanvasRenderingContext2D | null {
  const context = canvas?.getContext('2d') ?? null;
  if (!canvas || !context) return null;
  const ratio = window.devicePixelRatio || 1;
  const [columns, rows] = [Math.round(width * ratio), Math.round(TIMELINE_HEIGHT * ratio)];
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
