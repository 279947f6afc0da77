import { request } from 'node:http';

export interface StreamedEvent {
  readonly id: string;
  readonly json: Record<string, unknown>;
}

export interface EventSourceClient {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly events: readonly StreamedEvent[];
  /** As a browser would send it when it comes back. */
  readonly lastId: () => string;
  /** Blocks of any sort, heartbeats included. */
  readonly blocks: () => number;
  /** What was answered, where it is no stream. */
  readonly body: () => string;
  readonly ended: () => boolean;
  close(): void;
}

/** A client of server-sent events over a socket of its own, as the HTML standard reads them. */
export function openEventSource(url: string, lastId?: string): Promise<EventSourceClient> {
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, headers: { accept: 'text/event-stream', ...headers } });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const events: StreamedEvent[] = [];
      let [last, blocks, rest, body, ended] = ['', 0, '', '', false];
      response.setEncoding('utf8');
      response.on('error', () => undefined);
      response.on('close', () => {
        ended = true;
      });
      response.on('data', (part: string) => {
        body += part;
        rest += part;
        for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
          const lines = rest.slice(0, end).split('\n');
          rest = rest.slice(end + 2);
          blocks++;
          const field = (name: string): string | undefined =>
            lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
          last = field('id') ?? last;
          const data = field('data');
          if (data !== undefined) events.push({ id: last, json: JSON.parse(data) as StreamedEvent['json'] });
        }
      });
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        ...{ events, lastId: () => last, blocks: () => blocks, body: () => body, ended: () => ended },
        close: () => void sent.destroy(),
      });
    });
    sent.end();
  });
}
