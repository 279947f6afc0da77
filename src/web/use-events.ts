import { useEffect, useState } from 'react';
import { EVENT_STREAM, type EventJson, fetchEvents } from './api.ts';
import { merged, MOST_EVENTS } from './event-list.ts';
import { type Millis, SECOND } from './moments.ts';

/** What comes is shown together: a city tells of several events a second. */
const FLUSH_EVERY: Millis = SECOND / 2;
const POLL_EVERY: Millis = 5 * SECOND;
/** A server that has too many listeners already is asked again later. */
const LISTEN_AGAIN: Millis = 30 * SECOND;

export interface EventFeed {
  /** Of all cameras, newest first. */
  readonly events: readonly EventJson[];
  /** Told as they happen; asked for now and then otherwise. */
  readonly live: boolean;
}

/** The newest events, kept up to date: by the server's stream, and by asking while there is none. */
export function useEvents(): EventFeed {
  const [feed, setFeed] = useState<EventFeed>({ events: [], live: false });
  useEffect(() => {
    const abort = new AbortController();
    const arrived: EventJson[] = [];
    let stream: EventSource | undefined;
    let listenAt = 0;
    let pollAt = 0;
    const live = (): boolean => stream?.readyState === EventSource.OPEN;

    const listen = (): void => {
      listenAt = Date.now() + LISTEN_AGAIN;
      stream?.close();
      stream = new EventSource(EVENT_STREAM);
      // What happened before it was open is asked for.
      stream.addEventListener('open', () => void poll());
      stream.addEventListener('message', ({ data }) => arrived.push(JSON.parse(String(data)) as EventJson));
    };
    const poll = async (): Promise<void> => {
      pollAt = Date.now() + POLL_EVERY;
      try {
        const events = await fetchEvents(MOST_EVENTS, undefined, abort.signal);
        setFeed((before) => ({ events: merged(before.events, events), live: live() }));
      } catch {
        // It is asked again in a moment; that the server is away is said elsewhere.
      }
    };
    const timer = setInterval(() => {
      if (document.hidden) return;
      if (stream?.readyState === EventSource.CLOSED && Date.now() >= listenAt) listen();
      if (!live() && Date.now() >= pollAt) void poll();
      const news = arrived.splice(0);
      setFeed((before) =>
        news.length === 0 && before.live === live()
          ? before
          : { events: merged(before.events, news), live: live() },
      );
    }, FLUSH_EVERY);
    listen();
    return () => {
      abort.abort();
      clearInterval(timer);
      stream?.close();
    };
  }, []);
  return feed;
}
