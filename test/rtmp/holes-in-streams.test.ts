import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LinkNews } from '../../src/rtmp/link-messages.ts';
import { VideoTag } from '../../src/rtmp/video-tag.ts';
import { BARE_KEY, type BareServer, startBare } from '../support/bare-nms.ts';
import { basicHeader, chunks, keyFrame, RtmpClient } from '../support/rtmp-client.ts';
import { type Guard, startGuard } from '../support/rtmp-guard.ts';
import { until } from '../support/vigie.ts';

const NAME = `gare?key=${BARE_KEY}`;

/** Of those in holes.test.ts: what concerns publishers that have the key, and what they send. */
describe('a hole of node-media-server, in streams', () => {
  let bare: BareServer;
  let guard: Guard;

  beforeEach(async ({ task }) => {
    if (task.name.startsWith('bare')) bare = await startBare();
    else guard = await startGuard();
  });
  afterEach(async ({ task }) => {
    if (task.name.startsWith('bare')) await bare.stop();
    else guard.close();
  });

  it('bare: a publisher that has gone silent keeps its own successor out', async () => {
    await RtmpClient.publisher(bare.port, NAME);
    await sleep(6_000);
    const next = await RtmpClient.ready(bare.port);
    next.publish(NAME);
    await next.ended();
    expect(bare.hasEnded()).toBe(false);
  });

  it('guarded (L8): a silent publisher is replaced by a new one with the key, a lively one is not', async () => {
    const viewing = guard.view(1);
    const first = await RtmpClient.publisher(guard.port, NAME);
    first.video(0, keyFrame(1));
    await until('its frame is there', () => viewing.messages.length === 1);
    const early = await RtmpClient.ready(guard.port);
    early.publish(NAME);
    await early.ended();
    expect(guard.refused).toMatchObject([{ cause: 'taken', camera: undefined }]);
    expect(early.said('another encoder publishes')).toBe(true);
    guard.pass(6);
    const second = await RtmpClient.publisher(guard.port, NAME);
    await first.ended();
    second.video(0, keyFrame(2));
    await until('the frame of the second is there', () => viewing.messages.length === 2);
    expect(viewing.ends).toMatchObject([{ cause: 'offline', reason: expect.stringMatching(/took over/) }]);
    second.close();
  });

  it('guarded (L6): a publisher that sends nothing is asked for a sign of life, then cut', async () => {
    const viewing = guard.view(1);
    const client = await RtmpClient.publisher(guard.port, NAME);
    guard.pass(11);
    await client.until('a ping', () => client.received.some((one) => one.type === 4 && one.payload[1] === 6));
    guard.pass(31);
    await client.ended();
    expect(viewing.ends).toMatchObject([{ cause: 'offline', reason: expect.stringMatching(/nothing came/) }]);
  });

  it('guarded: whoever does not begin to publish in time is cut', async () => {
    const silent = await RtmpClient.open(guard.port);
    const half = await RtmpClient.ready(guard.port);
    guard.pass(11);
    await Promise.all([silent.ended(), half.ended()]);
    expect(guard.refused.map(({ cause }) => cause)).toEqual(['timeout', 'timeout']);
  });

  it('bare: nobody is told for half a minute that a publisher is gone, and its successor gets another time', async () => {
    const first = await RtmpClient.publisher(bare.port, NAME);
    first.video(5_000, keyFrame(1));
    await until('its frame is broadcast', () => bare.packets().length === 1);
    first.close();
    await sleep(1_000);
    expect(bare.events.some(({ event }) => event === 'donePublish')).toBe(false);
    const second = await RtmpClient.publisher(bare.port, NAME);
    second.video(100, keyFrame(2));
    await until('that of the second, too', () => bare.packets().length === 2);
    expect(bare.packets()[1]?.['dts']).toBe(5_100);
    second.close();
  });

  it('guarded (L13): the end of a publisher is told at once, however it ends, and the next one keeps its times', async () => {
    const viewing = guard.view(1);
    const first = await RtmpClient.publisher(guard.port, NAME);
    first.video(5_000, keyFrame(1));
    first.close();
    await until('its end is told', () => viewing.ends.length === 1);
    for (const command of ['deleteStream', 'FCUnpublish', 'closeStream']) {
      const next = await RtmpClient.publisher(guard.port, NAME);
      next.video(100, keyFrame(2));
      next.command(command, 5, null, 1);
      const ends = viewing.ends.length;
      await until('its end is told, too', () => viewing.ends.length > ends);
      next.close();
    }
    expect(viewing.messages.map(({ timestamp }) => timestamp)).toEqual([5_000, 100, 100, 100]);
    expect(viewing.ends.map(({ reason }) => reason)).toEqual([
      'the connection to the encoder broke',
      'the encoder ended its stream',
      'the encoder ended its stream',
      'the encoder ended its stream',
    ]);
  });

  it('bare: after 49.7 days on a chunk stream of differences, every frame is dropped in silence', async () => {
    const client = await RtmpClient.publisher(bare.port, NAME);
    client.video(0xffff_ff00, keyFrame(1));
    client.video(0x200, keyFrame(2), { format: 1 });
    client.video(0x200, keyFrame(3), { format: 1 });
    client.audio(0, Buffer.of(0xaf, 1, 9));
    await until('the audio is broadcast', () => bare.packets().some(({ codec_type: type }) => type === 8));
    expect(bare.packets().map(({ last }) => last)).toEqual([1, 9]);
    client.close();
  });

  it('guarded (L11): timestamps wrap after 49.7 days, and go on', async () => {
    const viewing = guard.view(1);
    const client = await RtmpClient.publisher(guard.port, NAME);
    client.video(0xffff_ff00, keyFrame(1));
    client.video(0x200, keyFrame(2), { format: 1 });
    client.video(0x200, keyFrame(3), { format: 1 });
    await until('all are there', () => viewing.messages.length === 3);
    expect(viewing.messages.map(({ timestamp }) => timestamp)).toEqual([0xffff_ff00, 0x100, 0x300]);
    client.close();
  });

  it('bare: a stream without key frames is kept in memory by the thousand, with nobody to read it', async () => {
    const client = await RtmpClient.publisher(bare.port, NAME);
    client.bigChunks();
    client.video(0, keyFrame(1));
    const inter = Buffer.concat([Buffer.of(0x27, 1, 0, 0, 0), Buffer.alloc(20_000)]);
    for (let i = 1; i <= 1_000; i++) client.video(i, inter);
    await until('a thousand are kept', async () => Number((await bare.state())['cached']) > 1_000);
    expect((await bare.state())['external']).toBeGreaterThan(35e6);
    client.close();
  });

  it('guarded: what a recording thread does not read is bounded, dropped and counted', async () => {
    const viewing = guard.view(1);
    guard.inbox.disconnect();
    // A recorder that asks for the camera and then reads nothing.
    const { port1, port2 } = new MessageChannel();
    guard.server.addRecorder(port1);
    port2.postMessage({ kind: 'open', cameraNo: 1, viewing: 1 });
    const client = await RtmpClient.publisher(guard.port, NAME);
    client.bigChunks();
    for (let i = 0; i < 60; i++) client.video(i, keyFrame(i, 500_000));
    let dropped = 0;
    await until('frames are dropped', () => {
      for (const { messages } of guard.server.takeDropped()) dropped += messages;
      return dropped > 0;
    });
    expect(viewing.messages).toEqual([]);
    // When it reads again, it learns what happened after what it still got.
    const news: LinkNews[] = [];
    port2.on('message', (one: LinkNews) => void news.push(one));
    await until('the end is told', () => news.some(({ kind }) => kind === 'ended'));
    expect(news.at(-1)).toMatchObject({ kind: 'ended', end: { cause: 'overload' } });
    // Of the thirty megabytes that were sent, what is allowed to wait for one camera, and no more.
    const waited = news.reduce((sum, one) => sum + (one.kind === 'media' ? one.batch.byteLength : 0), 0);
    expect(waited).toBeLessThan(20e6);
    client.close();
    port2.close();
  });

  it('bare: a player that reads nothing is sent everything, into memory', async () => {
    const publisher = await RtmpClient.publisher(bare.port, NAME);
    publisher.bigChunks();
    const player = await RtmpClient.ready(bare.port);
    player.command('play', 4, null, 'gare');
    await until('it plays', () => bare.events.some(({ event }) => event === 'postPlay'));
    player.socket.pause();
    for (let i = 0; i < 200; i++) publisher.video(i, keyFrame(i & 0xff, 200_000));
    await until('it piles up', async () => Number((await bare.state())['unsent']) > 20e6);
    publisher.close();
    player.close();
  });

  it.each(['play', 'play2'])('guarded: nobody may %s from here', async (command) => {
    guard.view(1);
    const publisher = await RtmpClient.publisher(guard.port, NAME);
    const player = await RtmpClient.ready(guard.port);
    player.command(command, 4, null, NAME);
    await player.ended();
    expect(guard.refused).toMatchObject([{ cause: 'player' }]);
    publisher.close();
  });

  it('bare: no byte is ever acknowledged', async () => {
    const client = await RtmpClient.publisher(bare.port, NAME);
    client.bigChunks();
    for (let i = 0; i < 20; i++) client.video(i, keyFrame(i, 500_000));
    await until('all are broadcast', () => bare.packets().length === 20);
    expect(client.received.filter(({ type }) => type === 3)).toEqual([]);
    client.close();
  });

  it('guarded (L6): bytes are acknowledged, in the window that the encoder asks for, and pings are answered', async () => {
    guard.view(1);
    const client = await RtmpClient.publisher(guard.port, NAME);
    client.bigChunks();
    const acknowledged = (): number[] =>
      client.received.filter(({ type }) => type === 3).map(({ payload }) => payload.readUInt32BE());
    for (let i = 0; i < 8; i++) client.video(i, keyFrame(i, 500_000));
    await client.until('an acknowledgement', () => acknowledged().length > 0);
    expect(acknowledged()[0]).toBeGreaterThanOrEqual(2_500_000);
    const window = Buffer.alloc(4);
    window.writeUInt32BE(200_000);
    client.message(5, 0, window, { chunkStream: 2 });
    for (let i = 0; i < 20; i++) {
      client.video(i, keyFrame(i, 250_000));
      await sleep(5);
    }
    await client.until('more of them', () => acknowledged().length > 5);
    client.message(4, 0, Buffer.of(0, 6, 1, 2, 3, 4), { chunkStream: 2 });
    await client.until('an answer to the ping', () =>
      client.received.some(({ type, payload }) => type === 4 && payload.equals(Buffer.of(0, 7, 1, 2, 3, 4))),
    );
    client.close();
  });

  it('bare: a negative composition time becomes four and a half hours', async () => {
    const client = await RtmpClient.publisher(bare.port, NAME);
    client.video(1_000, Buffer.concat([Buffer.of(0x27, 1, 0xff, 0xff, 0xd8), Buffer.alloc(9)]));
    await until('it is broadcast', () => bare.packets().length === 1);
    expect(bare.packets()[0]).toMatchObject({ dts: 1_000, pts: 1_000 + 2 ** 24 - 40 });
    client.close();
  });

  it('guarded (L9): a composition time is signed', () => {
    const tag = new VideoTag();
    tag.read(Buffer.of(0x27, 1, 0xff, 0xff, 0xd8, 1), 0, 6);
    expect(tag).toMatchObject({ kind: 'frame', compositionMillis: -40 });
    tag.read(Buffer.concat([Buffer.of(0xa1), Buffer.from('hvc1'), Buffer.of(0xff, 0xff, 0xd8, 1)]), 0, 9);
    expect(tag).toMatchObject({ kind: 'frame', codec: 'h265', compositionMillis: -40, dataStart: 8 });
  });

  it('bare: chunk streams with ids of three bytes run into one another', async () => {
    const client = await RtmpClient.publisher(bare.port, NAME);
    for (const part of interleaved()) client.socket.write(part);
    await sleep(1_000);
    expect(bare.packets().map(({ last }) => last)).not.toEqual([1, 2]);
    client.close();
  });

  it('guarded (L2): chunk streams with ids of two and of three bytes are told apart', async () => {
    const viewing = guard.view(1);
    const client = await RtmpClient.publisher(guard.port, NAME);
    for (const part of interleaved()) client.socket.write(part);
    client.video(80, keyFrame(3), { chunkStream: 300 });
    client.video(120, keyFrame(4), { chunkStream: 64 });
    await until('all are there', () => viewing.messages.length === 4);
    expect(viewing.messages.map(({ data }) => data.at(-1))).toEqual([1, 2, 3, 4]);
    client.close();
  });

  it('bare: a chunk size of 0 stops a stream for good, and its connection stays', async () => {
    const client = await RtmpClient.publisher(bare.port, NAME);
    client.bigChunks(0);
    for (let i = 0; i < 10; i++) client.video(i * 40, keyFrame(i));
    await sleep(500);
    expect(bare.packets().filter(({ last }) => last === 9)).toEqual([]);
    expect(client.closed).toBe(false);
    client.close();
  });

  it.each([0, 0x100_0000, 0x8000_0000, 0xffff_ffff])(
    'guarded (L5): a chunk size of %i ends the connection',
    async (size) => {
      const client = await RtmpClient.ready(guard.port);
      client.bigChunks(size);
      await client.ended();
      expect(guard.refused).toMatchObject([
        { cause: 'protocol', reason: `it sets the chunk size to ${size}` },
      ]);
    },
  );
});

/** Two frames in two chunks each, taking turns, on chunk streams whose ids differ in the order of two bytes only. */
function interleaved(): Buffer[] {
  const ids = [64 + 1 + (2 << 8), 64 + 2 + (1 << 8)] as const;
  const parts = ids.map((chunkStream, index) => {
    const all = chunks(9, index * 40, keyFrame(index + 1, 194), { chunkStream, streamId: 1 });
    const first = basicHeader(0, chunkStream).length + 11 + 128;
    return [all.subarray(0, first), all.subarray(first)] as const;
  });
  return [parts[0]?.[0], parts[1]?.[0], parts[0]?.[1], parts[1]?.[1]].filter((part) => part !== undefined);
}
