import { memo, useEffect, useState } from 'react';
import { pictureUrl } from '../api.ts';
import type { Millis } from '../moments.ts';
import { type EventMark, LEAD, LED_UP, markText, marksIn } from './motion-data.ts';
import type { Span } from './timeline-data.ts';
import { xOf } from './viewport.ts';

/** A picture costs the server the decoding of one: only for who stays on a mark. */
const STAY_MILLIS = 250;
const NARROWEST = 4;

/** What happened, above the timeline: a button for each, with its picture when it is pointed at. */
export const EventMarks = memo(function EventMarks(props: {
  readonly cameraId: string;
  readonly marks: readonly EventMark[];
  readonly view: Span;
  readonly width: number;
  readonly now: Millis;
  readonly onSeek: (at: Millis) => void;
}) {
  const { cameraId, marks, view, width, now, onSeek } = props;
  const [pointed, point] = useState<EventMark>();
  const center =
    pointed && (xOf(view, width, pointed.from) + xOf(view, width, Math.min(pointed.to, now))) / 2;
  return (
    <div className="marks">
      {marksIn(marks, view).map((mark) => {
        const from = Math.max(0, xOf(view, width, mark.from));
        const to = Math.min(width, xOf(view, width, Math.min(mark.to, now)));
        const text = markText(mark);
        return (
          <button
            key={`${mark.kind} ${mark.from}`}
            type="button"
            className="mark"
            data-kind={mark.kind === 'motion' ? 'motion' : 'tampering'}
            data-testid="event-mark"
            aria-label={text}
            style={{ left: from, width: Math.max(NARROWEST, to - from) }}
            onClick={() => onSeek(mark.from - LEAD)}
            onPointerEnter={() => point(mark)}
            onPointerLeave={() => point(undefined)}
            onFocus={() => point(mark)}
            onBlur={() => point(undefined)}
          />
        );
      })}
      {pointed && center !== undefined && (
        <div className="tip" role="tooltip" style={{ left: Math.min(Math.max(center, 130), width - 130) }}>
          <Glimpse key={`${pointed.kind} ${pointed.from}`} cameraId={cameraId} at={pointed.from + LED_UP} />
          {markText(pointed)}
        </div>
      )}
    </div>
  );
});

function Glimpse({ cameraId, at }: { readonly cameraId: string; readonly at: Millis }) {
  const [stayed, setStayed] = useState(false);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setStayed(true), STAY_MILLIS);
    return () => clearTimeout(timer);
  }, []);
  if (!stayed || missing) return null;
  return <img src={pictureUrl(cameraId, at, 240)} alt="" onError={() => setMissing(true)} />;
}
