import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { Outbox } from '../../src/catalog/outbox.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { Patience } from '../../src/motion/webhooks/patience.ts';
import { hookKey, signature } from '../../src/motion/webhooks/signature.ts';
import { WebhookSender } from '../../src/motion/webhooks/webhook-request.ts';
import { Webhooks } from '../../src/motion/webhooks/webhooks.ts';
import { systemClock } from '../../src/time/clock.ts';
import { monoMicros, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { createCertificate } from '../support/certificate.ts';
import { temporaryFolder, until } from '../support/vigie.ts';
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const SECRET = 'correct horse battery staple';
const START = 1_795_000_020_000_000;
const at = (seconds: number): WallMicros => wallMicros(START + seconds * 1_000_000);

describe('webhooks', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let catalog: Catalog;
  let receiver: WebhookReceiver;
  let webhooks: Webhooks | undefined;
  const told: string[] = [];
  const now = { offset: 0 };
  const clock = {
    wall: () => wallMicros(systemClock.wall() + now.offset),
    mono: () => monoMicros(0),
  };

  beforeEach(async () => {
    folder = await temporaryFolder();
    catalog = await openSqliteCatalog({ path: `${folder.path}/catalog.db` });
    await catalog.putCamera({ id: 'gare', name: 'Gare' });
    ({ outbox } = catalog);
    receiver = await startReceiver(SECRET);
    told.length = 0;
    now.offset = 0;
  });
  afterEach(async () => {
    await webhooks?.stop();
    webhooks = undefined;
    await receiver.close();
    await catalog.close();
    await folder.remove();
  });

  let outbox: Outbox;
  const start = (urls: readonly string[] = [receiver.url], timeoutMillis = 10_000, caFile?: string): void => {
    webhooks = new Webhooks({
      ...{ outbox, clock, timeoutMillis },
      hooks: urls.map((url, index) => ({
        key: hookKey(url),
        name: `hook ${index}`,
        url,
        secret: SECRET,
        caFile,
      })),
      observer: {
        delivered: (hook) => told.push(`${hook} delivered`),
        failed: (hook, { kind, problem }) => told.push(`${hook} ${kind}: ${problem}`),
        recovered: (hook) => told.push(`${hook} recovered`),
        dropped: (hook, expired, overflowed) => told.push(`${hook} dropped ${expired} ${overflowed}`),
        waiting: () => undefined,
        broken: (what, error) => told.push(`${what} ${(error as Error).message}`),
      },
    });
    webhooks.start();
  };
  /** Events that begin at these seconds, and are over. */
  const owe = async (seconds: readonly number[], urls: readonly string[] = [receiver.url]): Promise<void> => {
    await catalog.motion.apply(
      seconds.map((second) => ({
        kind: 'event',
        event: {
          ...{ cameraNo: 1, kind: 'motion', from: at(second), to: at(second + 0.5), continues: false },
          ...{ score: 0.25, box: { x: 0.5, y: 0, width: 0.25, height: 1 }, zones: ['porte'] },
        },
        tell: urls.map(hookKey),
      })),
      clock.wall(),
    );
    webhooks?.wake();
  };
  const secondsOf = (of: WebhookReceiver = receiver): number[] =>
    of.received.map(({ json }) => (Date.parse(String(json.event['from'])) * 1_000 - START) / 1e6);
  const waiting = (): Promise<number> => catalog.outbox.waiting(hookKey(receiver.url));
  const emptied = (): Promise<unknown> => until('all is told', async () => (await waiting()) === 0, 60);

  it('sign what they send as anybody can check', () => {
    // echo -n '1795000000.{"a":1}' | openssl dgst -sha256 -hmac 'a secret'
    expect(signature('a secret', 1_795_000_000, '{"a":1}')).toBe(
      't=1795000000,v1=6f9bfa690111657649fc9fa0c638fb9a18f4c168a0bf0f7aa28a463a5135cf3a',
    );
  });

  it('tell of each event in order, signed, under ids of their own, over one connection', async () => {
    await owe([1, 2]);
    start();
    await emptied();
    await owe([3]);
    await emptied();
    expect(secondsOf()).toEqual([1, 2, 3]);
    expect(receiver.received.every(({ signed }) => signed)).toBe(true);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(3);
    expect(receiver.connections()).toBe(1);
    expect(receiver.received[0]?.json).toEqual({
      type: 'event-ended',
      event: {
        ...{ id: 1, camera: 'gare', kind: 'motion', continues: false, score: 0.25, zones: ['porte'] },
        ...{ from: '2026-11-18T11:07:01.000000Z', to: '2026-11-18T11:07:01.500000Z' },
        box: { x: 0.50001, y: 0, width: 0.25, height: 1 },
      },
    });
    expect(receiver.received[0]?.headers['content-type']).toBe('application/json');
  });

  it('do not sleep through what comes while they look', async () => {
    let looks = 0;
    const real = catalog.outbox;
    outbox = Object.assign(Object.create(real) as Outbox, {
      nextDelivery: (hook: string, time: WallMicros) => real.nextDelivery(hook, time),
      waiting: (hook: string) => real.waiting(hook),
      nextDue: async (hook: string) => {
        const due = await real.nextDue(hook);
        if (++looks === 1) await owe([1]);
        return due;
      },
      delivered: (deliveryNo: number) => real.delivered(deliveryNo),
      dropDeliveries: async () => ({ expired: 0, overflowed: 0 }),
      dropOthers: async () => 0,
    });
    start();
    await until('it is told', () => receiver.received.length === 1);
  });

  it('tell the same again, under the same id and in order, until it is taken', async () => {
    let answers = 0;
    receiver.answer = (response) => void response.writeHead(++answers <= 2 ? 500 : 200).end('thanks');
    await owe([1, 2]);
    start();
    await emptied();
    expect(secondsOf()).toEqual([1, 1, 1, 2]);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(2);
    expect(told).toEqual([
      ...Array.from({ length: 2 }, () => 'hook 0 refused: it answers 500'),
      ...['hook 0 delivered', 'hook 0 recovered', 'hook 0 delivered'],
    ]);
  });

  it('put aside what is refused again and again, so that the rest gets through', {
    timeout: 60_000,
  }, async () => {
    receiver.answer = (response, _, { json }) =>
      void response.writeHead(json.event['id'] === 1 ? 422 : 204).end();
    await owe([1, 2, 3]);
    start();
    await until('the others are told', async () => secondsOf().includes(3), 60);
    expect(secondsOf()).toEqual([1, 1, 1, 1, 2, 3]);
    expect(await waiting()).toBe(1);
    expect((await catalog.outbox.nextDue(hookKey(receiver.url))) ?? 0).toBeGreaterThan(
      clock.wall() + 50_000_000,
    );
  });

  it('do not follow a redirect, and never send there', async () => {
    const elsewhere = await startReceiver(SECRET);
    receiver.answer = (response) => void response.writeHead(307, { location: elsewhere.url }).end();
    await owe([1]);
    start();
    await until('it is refused', async () => told.length > 0);
    expect(told[0]).toContain('it answers 307: redirects are not followed');
    expect(elsewhere.received).toEqual([]);
    await elsewhere.close();
  });

  it('wait as long as a receiver asks for', async () => {
    let answers = 0;
    receiver.answer = (response) =>
      void response.writeHead(++answers === 1 ? 429 : 204, { 'retry-after': '3' }).end();
    await owe([1]);
    const begun = performance.now();
    start();
    await emptied();
    expect(performance.now() - begun).toBeGreaterThan(2_900);
  });

  it('are not kept by a receiver that is dead, hangs, trickles, floods or talks nonsense: the others are told', async () => {
    const servers: Server[] = [];
    const raw = async (serve: (socket: Socket) => void): Promise<string> => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => serve(socket));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      servers.push(server);
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    };
    const timers: NodeJS.Timeout[] = [];
    const dead = await raw(() => undefined);
    servers.pop()?.close();
    const urls = [
      dead,
      // Takes the message and never answers.
      await raw(() => undefined),
      // Closes without an answer.
      await raw((socket) => socket.destroy()),
      // A header without end, a byte at a time.
      await raw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
        timers.push(setInterval(() => socket.write('a'), 20));
      }),
      // A header without end, at once.
      await raw((socket) => void socket.write(`HTTP/1.1 200 OK\r\nx-long: ${'a'.repeat(1_000_000)}`)),
      await raw((socket) => void socket.end('220 smtp.example.org ESMTP\r\n')),
    ];
    await owe([1, 2], [...urls, receiver.url]);
    start([...urls, receiver.url], 3_000);
    await emptied();
    expect(secondsOf()).toEqual([1, 2]);
    for (const index of urls.keys())
      await until(`hook ${index} fails`, async () =>
        told.some((line) => line.startsWith(`hook ${index} unreachable`)),
      );
    expect(told.join('\n')).toMatch(/hook 1 unreachable: no answer within 3 s/);
    expect(told.join('\n')).toMatch(/hook 3 unreachable: no answer within 3 s/);
    const begun = performance.now();
    await webhooks?.stop();
    expect(performance.now() - begun).toBeLessThan(5_000);
    for (const timer of timers) clearInterval(timer);
    for (const server of servers) server.close();
  });

  it('take an answer for what it says, and read no more of it than a little', async () => {
    let written = 0;
    receiver.answer = (response) => {
      response.on('error', () => undefined);
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await owe([1, 2]);
    const begun = performance.now();
    start();
    await emptied();
    expect(secondsOf()).toEqual([1, 2]);
    // What the buffers of two sockets hold, and not what comes until the time is over.
    expect(written).toBeLessThan(32 * 2 ** 20);
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(told).toEqual(['hook 0 delivered', 'hook 0 delivered']);
  });

  it('tell by TLS only who is of a known authority, or of their own', async () => {
    const authority = createCertificate({ name: 'City', isAuthority: true });
    const own = createCertificate({ name: 'alarms', addresses: ['127.0.0.1'], issuer: authority.issuer });
    await receiver.close();
    receiver = await startReceiver(SECRET, 0, own);
    await owe([1]);
    start();
    await until('it is not believed', () => told.length > 0);
    expect(told[0]).toMatch(/^hook 0 unreachable: .*certificate/);
    await webhooks?.stop();
    const caFile = `${folder.path}/ca.pem`;
    told.length = 0;
    start([receiver.url], 10_000, caFile);
    await until('the file is missed', () => told.length > 0);
    expect(told[0]).toBe('hook 0 unreachable: its caFile cannot be used: ENOENT');
    expect(receiver.received).toEqual([]);
    await writeFile(caFile, authority.cert);
    await emptied();
    expect(secondsOf()).toEqual([1]);
  });

  it('notice that a connection which was kept is gone, and that is no failure', async () => {
    let requests = 0;
    receiver.answer = (response, request) => {
      requests++;
      // Its time was over just when the second message was on its way.
      if (requests === 2) request.socket.resetAndDestroy();
      else response.writeHead(204).end();
    };
    await owe([1]);
    start();
    await emptied();
    await owe([2]);
    await emptied();
    expect([secondsOf(), receiver.connections()]).toEqual([[1, 2, 2], 2]);
    expect(told).toEqual(['hook 0 delivered', 'hook 0 delivered']);
  });

  it('drop what was owed for three days, and what is too much, and say how much', async () => {
    now.offset = -4 * 86_400_000_000;
    await owe([1, 2]);
    now.offset = 0;
    await owe([3]);
    start();
    await emptied();
    expect(secondsOf()).toEqual([3]);
    expect(told[0]).toBe('hook 0 dropped 2 0');
  });

  it('are not given up because somebody sets the clock ahead', () => {
    const time = { wall: 1e15, mono: 0 };
    const patience = new Patience({ wall: () => wallMicros(time.wall), mono: () => monoMicros(time.mono) });
    const pass = (micros: number, stepped = 0): number => {
      time.mono += micros;
      time.wall += micros + stepped;
      return patience.endedBefore();
    };
    const minute = 60_000_000;
    expect(pass(minute)).toBe(time.wall - 3 * 86_400_000_000);
    expect(pass(minute, 86_400_000_000)).toBe(0);
    expect(pass(59 * minute)).toBe(0);
    expect(pass(minute)).toBe(time.wall - 3 * 86_400_000_000);
  });

  it('tell of nothing whose event was forgotten meanwhile', async () => {
    await owe([1, 2]);
    await catalog.motion.forget({ cameraNo: 1, before: at(2), at: clock.wall(), limit: 9 });
    start();
    await emptied();
    expect(secondsOf()).toEqual([2]);
  });

  it('show nothing of an address when it fails', async () => {
    const sender = new WebhookSender({
      ...{ url: 'http://user:hunter2@127.0.0.1:1/token-xyz', caFile: undefined, timeoutMillis: 1_000 },
    });
    const outcome = await sender.post('{}', {}, new AbortController().signal);
    sender.close();
    expect(outcome.kind).toBe('unreachable');
    expect(JSON.stringify(outcome)).not.toMatch(/hunter2|token-xyz/);
  });
});
