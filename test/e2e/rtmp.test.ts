import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { describeWith } from '../support/components.ts';
import {
  encodeWithSound,
  pushFile,
  pushWithGstreamer,
  sendHevc,
  startNginxRelay,
} from '../support/encoder.ts';
import { startRelay } from '../support/relay.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { decodeNumbers, encodeVideo } from '../support/video.ts';
import {
  type RunningVigie,
  segmentFiles,
  segmentsOf,
  startVigie,
  temporaryFolder,
  until,
} from '../support/vigie.ts';

const FRAMES = 200;
const GOP = 25;
const KEY = 'Kq7-vW.e_~0123456789';
const CAMERAS = [
  'ffmpeg',
  'system',
  'rtmp2sink',
  'rtmpsink',
  'nginx',
  'hevc',
  'halfopen',
  'killed',
  'nobody',
] as const;

// Eight seconds of video are pushed in real time, often more than once.
vi.setConfig({ testTimeout: 120_000 });

describe('cameras that are pushed by RTMP', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let vigie: RunningVigie;
  let port: number;
  let file: string;
  let segments: string;
  const url = (id: string): string => `rtmp://127.0.0.1:${port}/live/${id}?key=${KEY}`;

  beforeAll(async () => {
    folder = await temporaryFolder();
    file = join(folder.path, 'numbers.mp4');
    await encodeWithSound(file, FRAMES, GOP);
    const options = {
      folder: folder.path,
      cameras: CAMERAS.map((id) => ({ id, source: 'rtmp', key: KEY })),
      config: ['record: { segment: 3s }', 'rtmp: { listen: "127.0.0.1:0" }'],
    };
    segments = segmentsOf(options);
    vigie = await startVigie(options);
    await until('it tells where to push', () => /Encoders push to/.test(vigie.output()));
    port = Number(/Encoders push to rtmp:\/\/127\.0\.0\.1:(\d+)\/live\//.exec(vigie.output())?.[1]);
  }, 120_000);

  afterAll(async () => {
    expect(vigie?.output()).not.toContain(KEY);
    await vigie?.stop();
    await folder?.remove();
  });

  const offline = (id: string): Promise<void> =>
    until(`${id} has ended`, async () => (await vigie.status(id)).state === 'offline', 40);
  const recording = (id: string): Promise<void> =>
    until(`${id} is recorded`, async () => (await vigie.status(id)).state === 'recording', 40);
  async function numbers(id: string, ffmpeg = bundledFfmpeg): Promise<number[]> {
    const seen: number[] = [];
    for (const segment of await segmentFiles(segments, id))
      seen.push(...(await decodeNumbers(segment, { ffmpeg })));
    return seen;
  }
  /** Pictures received of a camera, as the metrics have it. */
  async function frames(id: string): Promise<number> {
    const line = new RegExp(`^vigie_ingest_frames_total\\{camera="${id}"\\} (\\d+)`, 'm');
    return Number(line.exec(await vigie.metrics())?.[1] ?? 0);
  }
  /** Every picture once and in order; before the last one, the B-frames that would have followed it may be missing. */
  const expectCutShort = (seen: readonly number[]): void =>
    expect(seen.slice(0, -1)).toEqual(upTo(seen.length - 1));
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  it('says of a camera without an encoder where that has to push, and not with which key', async () => {
    await until('it is said', async () => (await vigie.status('nobody')).state === 'offline', 30);
    expect((await vigie.status('nobody')).reason).toBe(
      `No encoder publishes to rtmp://<server>:${port}/live/nobody?key=….`,
    );
    expect(await vigie.metrics()).not.toMatch(/vigie_reconnects_total\{[^}]*camera="nobody"[^}]*\} [1-9]/);
  });

  it('L9, L10: the bundled ffmpeg pushes H.264 with B-frames and AAC: every picture is on disk, in order', async () => {
    const encoder = pushFile(bundledFfmpeg, file, url('ffmpeg'));
    await recording('ffmpeg');
    expect(await encoder.ended).toBe(0);
    await offline('ffmpeg');
    expect((await vigie.status('ffmpeg')).reason).toBe('The encoder ended its stream.');
    expect((await segmentFiles(segments, 'ffmpeg')).length).toBeGreaterThan(1);
    expect(await numbers('ffmpeg')).toEqual(upTo(FRAMES));
  });

  describeWith(['ffmpeg'], 'with the ffmpeg of the system', () => {
    it('pushes all, comes again, and is recorded again', async () => {
      for (const times of [1, 2]) {
        const encoder = pushFile('ffmpeg', file, url('system'));
        await recording('system');
        await encoder.ended;
        await offline('system');
        expect(await numbers('system', 'ffmpeg')).toEqual(
          Array.from({ length: times }, () => upTo(FRAMES)).flat(),
        );
      }
    });
  });

  describeWith(['gst-rtmp'], 'with GStreamer', () => {
    it.each(['rtmp2sink', 'rtmpsink'] as const)('L1, L3: %s pushes all', async (sink) => {
      const encoder = pushWithGstreamer(sink, file, url(sink));
      await recording(sink);
      expect([await encoder.ended, encoder.said()]).toEqual([0, '']);
      await offline(sink);
      expect(await numbers(sink)).toEqual(upTo(FRAMES));
    });
  });

  describeWith(['nginx-rtmp'], 'with nginx', () => {
    it('L12: it passes on what ffmpeg pushes to it: every picture from its first key frame on is on disk', async () => {
      const nginx = await startNginxRelay(folder.path, url('nginx'));
      const encoder = pushFile(bundledFfmpeg, file, `rtmp://127.0.0.1:${nginx.port}/in/any`);
      await recording('nginx');
      await encoder.ended;
      await offline('nginx');
      nginx.kill();
      const seen = await numbers('nginx');
      // nginx connects to us when it has its first frames, and begins at the key frame after those.
      const first = seen[0] as number;
      expect(first % GOP).toBe(0);
      expect(first).toBeLessThanOrEqual(2 * GOP);
      expect(seen).toEqual(upTo(FRAMES).slice(first));
    });
  });

  it('L9: H.265 as enhanced RTMP, with composition times that are negative', async () => {
    const video = await encodeVideo({
      frames: 100,
      gop: GOP,
      bFrames: 2,
      codec: 'h265',
      width: 320,
      height: 192,
    });
    const client = await RtmpClient.publisher(port, `hevc?key=${KEY}`);
    sendHevc(client, video);
    await recording('hevc');
    await until('all is received', async () => (await frames('hevc')) >= 100);
    expect((await vigie.status('hevc')).video?.codecs).toMatch(/^hvc1\./);
    client.close();
    await offline('hevc');
    expect(await numbers('hevc')).toEqual(upTo(100));
  });

  it('L8: an encoder whose connection is half open is replaced when it comes again, and what it sent is kept', async () => {
    const relay = await startRelay(port, () => 0.5);
    const stuck = pushFile(bundledFfmpeg, file, url('halfopen').replace(`:${port}/`, `:${relay.port}/`));
    await recording('halfopen');
    await until('half of it is there', async () => (await frames('halfopen')) > 60);
    relay.stall();
    const before = await frames('halfopen');
    // Its successor is refused for as long as it might still live, and tries again, as encoders do.
    let next = pushFile(bundledFfmpeg, file, url('halfopen'));
    while ((await next.ended) !== 0) next = pushFile(bundledFfmpeg, file, url('halfopen'));
    await offline('halfopen');
    stuck.kill();
    await relay.close();
    const seen = await numbers('halfopen');
    expect(seen.length).toBeGreaterThanOrEqual(before - 3 + FRAMES);
    expect(seen.slice(-FRAMES)).toEqual(upTo(FRAMES));
    expectCutShort(seen.slice(0, -FRAMES));
    expect(vigie.log.some((line) => JSON.stringify(line).includes('took over'))).toBe(true);
  });

  it('L13: an encoder that is killed with -9 loses what it did not send, and the next one is recorded', async () => {
    const first = pushFile(bundledFfmpeg, file, url('killed'));
    await until('some of it is there', async () => (await frames('killed')) > 60);
    first.kill();
    await offline('killed');
    expect((await vigie.status('killed')).reason).toBe('The connection to the encoder broke.');
    const kept = (await numbers('killed')).length;
    expect(kept).toBeGreaterThan(60);
    const next = pushFile(bundledFfmpeg, file, url('killed'));
    await recording('killed');
    await next.ended;
    await offline('killed');
    const seen = await numbers('killed');
    expect(seen.slice(-FRAMES)).toEqual(upTo(FRAMES));
    expect(seen.length).toBe(kept + FRAMES);
    expectCutShort(seen.slice(0, kept));
  });

  it('a wrong key is refused, counted, logged once with its address, and shown nowhere', async () => {
    for (let i = 0; i < 5; i++) {
      const client = await RtmpClient.ready(port);
      client.publish('nobody?key=this-is-not-the-key');
      await client.ended();
    }
    await until('it is counted', async () =>
      /vigie_rtmp_refused_total\{cause="key"\} 5/.test(await vigie.metrics()),
    );
    const lines = vigie.log.filter((line) => line['cause'] === 'key');
    expect(lines).toMatchObject([
      { peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/), msg: 'an RTMP connection was cut' },
    ]);
    expect(vigie.output()).not.toContain('this-is-not-the-key');
  });

  it('a port that is taken is told in a sentence, and nothing is begun', async () => {
    const other = await temporaryFolder();
    const starting = startVigie({
      folder: other.path,
      cameras: [{ id: 'a', source: 'rtmp', key: KEY }],
      config: [`rtmp: { listen: "127.0.0.1:${port}" }`],
    });
    await expect(starting).rejects.toThrow(/127\.0\.0\.1:\d+ is in use by another program.*rtmp\.listen/);
    await other.remove();
  });
});
