import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { amf, chunks, RtmpClient } from '../support/rtmp-client.ts';
import { GUARD_KEY, type Guard, startGuard } from '../support/rtmp-guard.ts';
import { until } from '../support/vigie.ts';

const NAME = `gare?key=${GUARD_KEY}`;
const AVC_CONFIG = Buffer.from([0x17, 0, 0, 0, 0, 1, 2, 3]);
const HEVC_CONFIG = Buffer.concat([Buffer.of(0x90), Buffer.from('hvc1'), Buffer.of(1, 2)]);
const AAC_CONFIG = Buffer.of(0xaf, 0, 0x12, 0x10);
const frame = (mark: number): Buffer => Buffer.from([0x27, 1, 0, 0, 0, mark]);

describe('the RTMP server', () => {
  let guard: Guard;

  beforeEach(async () => {
    guard = await startGuard();
  });
  afterEach(() => guard.close());

  const marks = (viewing: {
    readonly messages: readonly { readonly data: Buffer }[];
  }): (number | undefined)[] => viewing.messages.map(({ data }) => data.at(-1));

  it('L1: answers the simple handshake with its echo, whatever is in C2', async () => {
    for (const c2 of [Buffer.alloc(1536), randomBytes(1536), Buffer.alloc(1536, 0xff)]) {
      const client = await RtmpClient.open(guard.port);
      await client.handshake(c2);
      client.command('connect', 1, { app: 'live' });
      await client.until('an answer', () => client.said('NetConnection.Connect.Success'));
      client.close();
    }
  });

  it.each([1, 2] as const)(
    'L1: answers the handshake with digests of scheme %i with digests that are right',
    async (scheme) => {
      const { opening, digest } = digestOpening(scheme);
      const socket = connect(guard.port, '127.0.0.1');
      socket.write(opening);
      const answer = await take(socket, 1 + 2 * 1536);
      socket.destroy();
      const s1 = answer.subarray(1, 1537);
      const at = digestOffset(s1, scheme);
      const signed = Buffer.concat([s1.subarray(0, at), s1.subarray(at + 32)]);
      expect(s1.subarray(at, at + 32)).toEqual(hmac('Genuine Adobe Flash Media Server 001', signed));
      const s2 = answer.subarray(1537);
      const key = hmac(Buffer.concat([Buffer.from('Genuine Adobe Flash Media Server 001'), CRUD]), digest);
      expect(s2.subarray(1504)).toEqual(hmac(key, s2.subarray(0, 1504)));
    },
  );

  it.each(['GET / HTTP/1.1\r\n\r\n', '\u0006', '\u0016\u0003\u0001'])(
    'L1: what begins with %j speaks no RTMP',
    async (text) => {
      const client = await RtmpClient.open(guard.port);
      client.socket.write(text);
      await client.ended();
      expect(guard.refused).toMatchObject([{ cause: 'handshake' }]);
    },
  );

  it('reads a session whose every byte comes by itself', async () => {
    const viewing = guard.view(1);
    const client = await RtmpClient.publisher(guard.port, NAME);
    client.socket.setNoDelay(true);
    for (const byte of chunks(9, 40, frame(5), { chunkStream: 6, streamId: 1 })) {
      client.socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until('the frame is there', () => viewing.messages.length === 1);
    expect(viewing.messages).toEqual([{ type: 9, timestamp: 40, data: frame(5) }]);
    client.close();
  });

  it('lets a publisher wait until its camera is recorded, and loses nothing of one that does not wait', async () => {
    const client = await RtmpClient.ready(guard.port);
    client.publish(NAME);
    for (let i = 0; i < 100; i++) client.video(40 * i, frame(i));
    await until('it was read', () => client.socket.writableLength === 0);
    expect(client.said('NetStream.Publish.Start')).toBe(false);
    const viewing = guard.view(1);
    await until('all frames are there', () => viewing.messages.length === 100);
    expect(client.said('NetStream.Publish.Start')).toBe(true);
    expect(viewing.published).toBe(1);
    expect(marks(viewing)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    client.close();
  });

  it('cuts a publisher whose camera nobody records, after a while', async () => {
    const client = await RtmpClient.ready(guard.port);
    client.publish(NAME);
    await client.until('it is known', () => client.socket.writableLength === 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    guard.pass(11);
    await client.ended();
    expect(guard.refused).toMatchObject([{ cause: 'not-recording', camera: 'gare' }]);
    expect(client.said('not being recorded')).toBe(true);
  });

  it('L10: a recorder that comes later gets the configurations that were sent before, the last of each', async () => {
    const first = guard.view(1);
    const client = await RtmpClient.publisher(guard.port, NAME);
    client.video(0, Buffer.concat([AVC_CONFIG, Buffer.of(9)]));
    client.video(0, AVC_CONFIG);
    client.audio(0, AAC_CONFIG);
    client.video(40, frame(1));
    await until('the first has it', () => first.messages.length === 4);
    const second = guard.view(1);
    client.video(80, frame(2));
    await until('the second has it', () => second.messages.length === 3);
    expect(second.messages.map(({ data }) => data)).toEqual([AVC_CONFIG, AAC_CONFIG, frame(2)]);
    expect(first.messages).toHaveLength(4);
    client.close();
  });

  it('L10: another codec ends one viewing and begins the next, and nothing is lost between them', async () => {
    const viewing = guard.view(1);
    const client = await RtmpClient.publisher(guard.port, NAME);
    client.video(0, AVC_CONFIG);
    client.video(0, frame(1));
    client.video(40, HEVC_CONFIG);
    for (let i = 2; i < 50; i++) client.video(40 * i, frame(i));
    await until('all is there', () => viewing.messages.length === 51);
    expect(viewing.ends).toMatchObject([
      { cause: 'offline', reason: 'the encoder changed to another codec' },
    ]);
    expect(viewing.published).toBe(2);
    expect(viewing.messages[2]?.data).toEqual(HEVC_CONFIG);
    expect(marks(viewing).slice(3)).toEqual(Array.from({ length: 48 }, (_, i) => i + 2));
    client.close();
  });

  it('L10: metadata, true or lying, and messages that nobody knows change nothing', async () => {
    const viewing = guard.view(1);
    const client = await RtmpClient.publisher(guard.port, NAME);
    client.message(18, 0, Buffer.concat([amf('@setDataFrame'), amf('onMetaData'), amf({ width: 'wide' })]), {
      streamId: 1,
    });
    client.message(18, 0, Buffer.of(99), { streamId: 1 });
    client.message(15, 0, randomBytes(300), { streamId: 1 });
    for (const type of [16, 19, 22, 77, 255]) client.message(type, 0, randomBytes(50), { streamId: 1 });
    client.message(9, 0, Buffer.alloc(0), { streamId: 1, chunkStream: 6 });
    client.video(40, frame(1));
    await until('the frame is there', () => viewing.messages.length > 0);
    expect(marks(viewing)).toEqual([1]);
    client.close();
  });

  it('L12: the key may come with the application, and one camera has nothing of another', async () => {
    const gare = guard.view(1);
    const quai = guard.view(2);
    const first = await RtmpClient.ready(guard.port, `live?key=${GUARD_KEY}`);
    first.publish('gare');
    const second = await RtmpClient.publisher(guard.port, `quai?key=${GUARD_KEY}`);
    await first.until('leave', () => first.said('NetStream.Publish.Start'));
    first.video(0, frame(1));
    second.video(0, frame(2));
    await until('both are there', () => gare.messages.length + quai.messages.length === 2);
    expect([marks(gare), marks(quai)]).toEqual([[1], [2]]);
    first.close();
    second.close();
  });

  it('a stranger learns nothing of which cameras there are', async () => {
    const said: string[] = [];
    for (const name of ['gare?key=wrong', 'nowhere?key=wrong', 'gare', '../x']) {
      const client = await RtmpClient.ready(guard.port);
      client.publish(name);
      await client.ended();
      said.push(client.received.at(-1)?.payload.toString('latin1') ?? '');
    }
    expect(new Set(said).size).toBe(1);
    expect(said[0]).toContain('There is no such stream, or not with this key.');
  });

  it.each([
    ['connects twice', (client: RtmpClient) => client.command('connect', 4, { app: 'live' }), 'protocol'],
    [
      'opens many streams',
      (client: RtmpClient) => {
        for (let i = 0; i < 10; i++) client.command('createStream', i, null);
      },
      'limit',
    ],
    ['publishes twice', (client: RtmpClient) => [client.publish(NAME), client.publish(NAME)], 'protocol'],
    [
      'talks without end',
      (client: RtmpClient) => {
        for (let i = 0; i < 40; i++) client.message(18, 0, randomBytes(1_000));
      },
      'limit',
    ],
    [
      'sends video before it publishes',
      (client: RtmpClient) => {
        for (let i = 0; i < 40; i++) client.video(0, randomBytes(1_000));
      },
      'limit',
    ],
  ] as const)('a client that %s is cut', async (_what, act, cause) => {
    guard.view(1);
    const client = await RtmpClient.ready(guard.port);
    act(client);
    await client.ended();
    expect(guard.refused).toMatchObject([{ cause }]);
  });

  it('a client that asks and does not read the answers is cut', async () => {
    guard.view(1);
    const client = await RtmpClient.publisher(guard.port, NAME);
    client.socket.pause();
    const ping = chunks(4, 0, Buffer.of(0, 6, 0, 0, 0, 0), { chunkStream: 2 });
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => ping));
    await until('it is cut', () => {
      if (guard.refused.length === 0 && client.socket.writableLength < 1e6) client.socket.write(many);
      return guard.refused.length > 0;
    });
    expect(guard.refused).toMatchObject([{ cause: 'limit', reason: 'it does not read what it is answered' }]);
    client.close();
  });
});

const CRUD = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');

const hmac = (key: string | Buffer, data: Buffer): Buffer => createHmac('sha256', key).update(data).digest();

/** Where the digest is in C1 and S1: after the key (scheme 2) or before it (scheme 1). */
function digestOffset(bytes: Buffer, scheme: 1 | 2): number {
  const base = scheme === 1 ? 8 : 772;
  const sum = [0, 1, 2, 3].reduce((total, i) => total + (bytes[base + i] ?? 0), 0);
  return (sum % 728) + base + 4;
}

/** C0 and C1 as a Flash player signs them. */
function digestOpening(scheme: 1 | 2): { opening: Buffer; digest: Buffer } {
  const c1 = randomBytes(1536);
  c1.set([0, 0, 0, 0, 9, 0, 124, 2]);
  const at = digestOffset(c1, scheme);
  const digest = hmac(
    'Genuine Adobe Flash Player 001',
    Buffer.concat([c1.subarray(0, at), c1.subarray(at + 32)]),
  );
  digest.copy(c1, at);
  return { opening: Buffer.concat([Buffer.of(3), c1]), digest };
}

async function take(socket: Socket, bytes: number): Promise<Buffer> {
  let got = Buffer.alloc(0);
  while (got.length < bytes) {
    const [data] = (await once(socket, 'data')) as [Buffer];
    got = Buffer.concat([got, data]);
  }
  return got;
}
