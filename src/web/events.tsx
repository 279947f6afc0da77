import { useEffect, useState } from 'react';
import { type CameraJson, type EventJson, pictureUrl } from './api.ts';
import { dayText, lengthText, type Millis, millisOf, SECOND, timeText } from './moments.ts';
import { kindText, LEAD, LED_UP, shareText } from './timeline/motion-data.ts';
import type { EventFeed } from './use-events.ts';

/** Rows that are shown. */
const MOST_SHOWN = 60;
/** What is so long ago is on disk: a picture of it can be asked for. */
const WRITTEN = 5 * SECOND;

/** What happened last, newest first; a click plays it. */
export function Events(props: {
  readonly feed: EventFeed;
  readonly cameras: readonly CameraJson[];
  readonly selected: string;
  readonly onPlay: (camera: string, at: Millis) => void;
}) {
  const { feed, cameras, selected, onPlay } = props;
  const [scope, setScope] = useState<'all' | 'one'>('all');
  const [kinds, setKinds] = useState<'all' | 'motion' | 'tampering'>('all');
  const names = new Map(cameras.map(({ id, name }) => [id, name]));
  const shown = feed.events
    .filter((event) => scope === 'all' || event.camera === selected)
    .filter((event) => kinds === 'all' || (event.kind === 'motion') === (kinds === 'motion'))
    .slice(0, MOST_SHOWN);
  return (
    <aside className="events" aria-label="Events">
      <div className="bar">
        <h2>Events</h2>
        <span
          className="live"
          data-live={feed.live}
          title={feed.live ? 'shown as they happen' : 'asked for every few seconds'}
        />
        <button
          type="button"
          aria-pressed={scope === 'one'}
          onClick={() => setScope(scope === 'all' ? 'one' : 'all')}
        >
          This camera
        </button>
        <select
          aria-label="Kinds of events"
          value={kinds}
          onChange={(event) => setKinds(event.target.value as typeof kinds)}
        >
          <option value="all">all kinds</option>
          <option value="motion">motion</option>
          <option value="tampering">tampering</option>
        </select>
      </div>
      {shown.length === 0 && <p className="hint">Nothing has happened, or nobody looked.</p>}
      <ol>
        {shown.map((event) => (
          <li key={event.id}>
            <Row
              event={event}
              name={names.get(event.camera) ?? event.camera}
              onPlay={() => onPlay(event.camera, millisOf(event.from) - LEAD)}
            />
          </li>
        ))}
      </ol>
    </aside>
  );
}

function Row(props: { readonly event: EventJson; readonly name: string; readonly onPlay: () => void }) {
  const { event, name, onPlay } = props;
  const from = millisOf(event.from);
  return (
    <button type="button" className="event" data-testid={`event-${event.id}`} onClick={onPlay}>
      <Glimpse camera={event.camera} at={from + LED_UP} />
      <span className="what" data-kind={event.kind === 'motion' ? 'motion' : 'tampering'}>
        {kindText(event.kind)}
        {event.kind === 'motion' && event.to !== null && ` ${shareText(event.score)}`}
      </span>
      <span className="where">{name}</span>
      <span className="when">
        {isToday(from) ? '' : `${dayText(from)} `}
        {timeText(from)} · {event.to === null ? <b>now</b> : lengthText(millisOf(event.to) - from)}
        {event.zones.length > 0 && ` · ${event.zones.join(', ')}`}
      </span>
    </button>
  );
}

function Glimpse({ camera, at }: { readonly camera: string; readonly at: Millis }) {
  const [written, setWritten] = useState(Date.now() - at > WRITTEN);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWritten(true), at + WRITTEN - Date.now());
    return () => clearTimeout(timer);
  }, [at]);
  if (missing || !written) return <span className="glimpse" />;
  return (
    <img
      className="glimpse"
      src={pictureUrl(camera, at, 160)}
      alt=""
      loading="lazy"
      onError={() => setMissing(true)}
    />
  );
}

const isToday = (at: Millis): boolean => dayText(at) === dayText(Date.now());
