import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EventStreamOutcome, streamEvents } from '../../src/api/event-stream.ts';
import type { EventJson, EventListJson } from '../../src/api/schemas.ts';
import type { EventState } from '../../src/catalog/motion.ts';
import { EventBook } from '../../src/motion/event-book.ts';
import { systemClock } from '../../src/time/clock.ts';
import { type WallMicros, wallMicros } from '../../src/time/units.ts';
import { listen, type RunningApi } from '../support/api.ts';
import { type EventSourceClient, openEventSource } from '../support/event-source.ts';
import { createRecording, type Recording } from '../support/recording.ts';
import { until } from '../support/vigie.ts';

const START = 1_795_453_200_000_000;
const at = (seconds: number): WallMicros => wallMicros(START + Math.round(seconds * 1e6));
const iso = (seconds: number): string => new Date(START / 1_000 + seconds * 1_000).toISOString();

describe('events by HTTP', () => {
  let recording: Recording;
  let api: RunningApi;
  let book: EventBook;
  let cameraNo: number;
  let other: number;
  const open: EventSourceClient[] = [];

  beforeAll(async () => {
    recording = await createRecording();
    ({ cameraNo } = recording.camera);
    ({ cameraNo: other } = await recording.catalog.putCamera({ id: 'quai', name: 'Quai' }));
    book = new EventBook({
      ...{ catalog: recording.catalog.motion, clock: systemClock, subscriptions: [] },
      observer: {
        failed: (error) => {
          throw error;
        },
        recovered: () => undefined,
        dropped: () => undefined,
        refused: ({ problem }) => {
          throw new Error(problem);
        },
      },
    });
    api = await listen(recording, { events: { onChange: (listener) => book.onChange(listener) } });
    for (let i = 0; i < 250; i++) {
      const zones = i % 10 === 0 ? ['porte'] : [];
      await tell({
        from: at(i * 10),
        to: at(i * 10 + 9),
        zones,
        ...(i % 50 === 3 ? { kind: 'covered' } : {}),
      });
    }
    await tell({ cameraNo: other, from: at(5), to: at(600) });
  });
  afterAll(async () => {
    for (const client of open) client.close();
    await api.close();
    await book.stop();
    await recording.close();
  });

  const tell = async (more: Partial<EventState> & { readonly from: WallMicros }): Promise<void> => {
    const event: EventState = {
      ...{ cameraNo, kind: 'motion', to: null, continues: false, score: 0.25, box: null, zones: [] },
      ...more,
    };
    if (event.to === null) book.began(event);
    else book.ended({ ...event, to: event.to });
    await book.flush();
  };
  const page = async (query: string): Promise<EventListJson> => {
    const answer = await fetch(`${api.url}/api/events?${query}`);
    expect(answer.status, await answer.clone().text()).toBe(200);
    return (await answer.json()) as EventListJson;
  };
  const starts = (events: readonly Pick<EventJson, 'from'>[]): number[] =>
    events.map(({ from }) => (Date.parse(from) * 1_000 - START) / 1e6);
  const stream = async (query = '', lastId?: string): Promise<EventSourceClient> => {
    const client = await openEventSource(`${api.url}/api/events/stream${query}`, lastId);
    open.push(client);
    return client;
  };

  it('are listed newest first, page by page, each once', async () => {
    const found: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const list: EventListJson = await page(
        `camera=${recording.camera.id}&limit=60${cursor && `&cursor=${cursor}`}`,
      );
      found.push(...starts(list.events));
      ({ cursor } = list);
    }
    expect(found).toEqual(Array.from({ length: 250 }, (_, i) => (249 - i) * 10));
    expect((await page('')).events).toHaveLength(100);
  });

  it('are found by camera, kind, zone and range', async () => {
    expect(starts((await page('kind=covered')).events)).toEqual([2_030, 1_530, 1_030, 530, 30]);
    expect(starts((await page(`zone=porte&to=${iso(201)}`)).events)).toEqual([200, 100, 0]);
    expect(starts((await page(`from=${iso(19)}&to=${iso(21)}`)).events)).toEqual([20, 5]);
    expect((await page('camera=quai')).events).toMatchObject([
      {
        ...{ camera: 'quai', kind: 'motion', from: '2026-11-23T17:00:05.000000Z', score: 0.25, box: null },
        ...{ to: '2026-11-23T17:10:00.000000Z', continues: false, zones: [] },
      },
    ]);
    expect(await page('camera=quai&kind=frozen')).toEqual({ events: [], cursor: null });
  });

  it.each([
    ['camera=none', 404, 'VIGIE_CAMERA_UNKNOWN', 'none'],
    ['kind=ghost', 400, 'VIGIE_REQUEST_INVALID', 'kind'],
    ['limit=0', 400, 'VIGIE_REQUEST_INVALID', 'a whole number from 1 to 1000'],
    ['limit=1001', 400, 'VIGIE_REQUEST_INVALID', 'limit'],
    ['cursor=1;drop', 400, 'VIGIE_REQUEST_INVALID', 'a cursor is taken from the page before'],
    ['from=yesterday', 400, 'VIGIE_REQUEST_INVALID', 'ISO 8601'],
    [`from=${iso(5)}&to=${iso(5)}`, 400, 'VIGIE_RANGE_INVALID', 'before it ends'],
  ])('say what is wrong with %s', async (query, status, code, words) => {
    const answer = await fetch(`${api.url}/api/events?${query}`);
    expect(answer.status).toBe(status);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('are told as they begin and end, to each by what was asked', async () => {
    const all = await stream();
    expect(all.status).toBe(200);
    expect(all.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    expect(all.headers['x-content-type-options']).toBe('nosniff');
    const quai = await stream('?camera=quai&kind=motion');
    const porte = await stream('?zone=porte');
    await until('all listen', () => open.every((client) => client.blocks() > 0));
    await tell({ from: at(9_000) });
    await until('it is told', () => all.events.length === 1);
    expect(all.events[0]?.json).toMatchObject({ camera: recording.camera.id, kind: 'motion', to: null });
    await tell({ from: at(9_000), to: at(9_007), zones: ['porte'] });
    await tell({ cameraNo: other, kind: 'moved', from: at(9_001) });
    await tell({ cameraNo: other, from: at(9_002), to: at(9_003) });
    await until('all is told', () => all.events.length === 4);
    await until('what was asked is told', () => quai.events.length + porte.events.length === 2);
    expect(all.events.map(({ json }) => [json['camera'], json['kind'], json['to'] !== null])).toEqual([
      [recording.camera.id, 'motion', false],
      [recording.camera.id, 'motion', true],
      ['quai', 'moved', false],
      ['quai', 'motion', true],
    ]);
    expect(all.events[0]?.json['id']).toBe(all.events[1]?.json['id']);
    expect(quai.events[0]?.json['from']).toBe('2026-11-23T19:30:02.000000Z');
    expect(porte.events[0]?.json['zones']).toEqual(['porte']);
  });

  it('are told to one who was away from where it left, also before it had one', async () => {
    const first = await stream();
    await until('it listens', () => first.blocks() > 0);
    const before = first.lastId();
    first.close();
    for (let i = 0; i < 450; i++) await tell({ from: at(20_000 + i), to: at(20_000.5 + i) });
    const again = await stream('', before);
    await until('all is told', () => again.events.length === 450);
    const from = again.events.map(({ json }) => (Date.parse(String(json['from'])) * 1_000 - START) / 1e6);
    expect(from).toEqual(Array.from({ length: 450 }, (_, i) => 20_000 + i));
    const middle = await stream('', again.events[224]?.id);
    await until('the rest is told', () => middle.events.length === 225);
    await tell({ from: at(21_000), to: at(21_001) });
    await until('and what happens now', () => middle.events.length === 226 && again.events.length === 451);
    // One of another catalog, far ahead, is told what happens from now on.
    const ahead = await stream('', '9999999999999999');
    await tell({ from: at(21_002), to: at(21_003) });
    await until('it is told', () => ahead.events.length === 1);
  });

  it('a last id that is none is refused', async () => {
    const answer = await stream('', 'abc');
    await until('it is answered', () => answer.ended());
    expect([answer.status, answer.body()]).toEqual([400, expect.stringContaining('VIGIE_REQUEST_INVALID')]);
  });

  it('take so many listeners and no more, and another when one has gone', async () => {
    for (const client of open.splice(0)) client.close();
    const clients: EventSourceClient[] = [];
    await until('64 listen', async () => {
      const client = await stream();
      if (client.status === 200) clients.push(client);
      else client.close();
      return clients.length === 64;
    });
    const refused = await stream();
    await until('it is answered', () => refused.ended());
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(JSON.parse(refused.body())).toMatchObject({
      error: { code: 'VIGIE_BUSY', message: 'Too many listeners to events at once. Try again in a moment.' },
    });
    clients[0]?.close();
    await until('there is room again', async () => (await stream()).status === 200);
    for (const client of open.splice(0)) client.close();
  });

  it('are described for other programs', async () => {
    const document = (await (await fetch(`${api.url}/api/openapi.json`)).json()) as {
      paths: Record<
        string,
        { get?: { responses: Record<string, { content?: object }>; parameters: { name: string }[] } }
      >;
    };
    expect(document.paths['/api/events']?.get?.parameters.map(({ name }) => name).toSorted()).toEqual([
      ...['camera', 'cursor', 'from', 'kind', 'limit', 'to', 'zone'],
    ]);
    expect(document.paths['/api/events/stream']?.get?.responses['200']?.content).toHaveProperty([
      'text/event-stream',
    ]);
  });

  describe('a listener that', () => {
    let server: Server;
    let outcome: Promise<EventStreamOutcome> | undefined;
    let most = 0;
    const serve = async (heartbeatMillis: number, stallMillis: number): Promise<number> => {
      outcome = undefined;
      server = createServer((_, raw) => {
        raw.writeHead(200);
        const meter = setInterval(() => {
          most = Math.max(most, raw.writableLength);
        }, 5);
        outcome = streamEvents(raw, {
          ...{ catalog: recording.catalog.motion, onChange: (listener) => book.onChange(listener) },
          ...{ after: 0, heartbeatMillis, stallMillis },
          told: (event) => ({ event, padding: 'x'.repeat(4_000) }),
        }).finally(() => clearInterval(meter));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    };

    it('hears nothing for long is told that the stream lives, and where it is', async () => {
      const port = await serve(50, 30_000);
      const client = await openEventSource(`http://127.0.0.1:${port}/`);
      await until('all is told', () => client.events.length >= 250);
      const blocks = client.blocks();
      await until('the heart beats', () => client.blocks() > blocks + 3);
      expect(client.lastId()).toBe(client.events.at(-1)?.id);
      client.close();
      expect(await outcome).toBe('gone');
      server.close();
    });

    it('stops reading costs a page of events and not all of them, and is cut', async () => {
      for (let i = 0; i < 8_000; i++)
        book.ended({
          ...{ cameraNo, kind: 'motion', from: at(50_000 + i), to: at(50_001 + i), continues: false },
          ...{ score: 0, box: null, zones: [] },
        });
      await book.flush();
      const port = await serve(15_000, 1_000);
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      await until('it is served', () => outcome !== undefined);
      socket.pause();
      expect(await outcome).toBe('stalled');
      // Of 40 MB.
      expect(most).toBeLessThan(2_000_000);
      socket.destroy();
      server.close();
    });
  });
});
