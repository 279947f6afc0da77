import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { childrenOf, isRunning } from '../support/child-processes.ts';
import { describeWith } from '../support/components.ts';
import { numberedFile } from '../support/ffmpeg-media.ts';
import {
  freeUdpPort,
  serveFolder,
  serveMjpeg,
  spawnTool,
  type TestServer,
} from '../support/media-servers.ts';
import { startGstPipelines } from '../support/gst-camera.ts';
import { walkBytes } from '../support/recorded.ts';
import { decodeNumbers } from '../support/video.ts';
import {
  type RunningVigie,
  segmentFiles,
  segmentsOf,
  startVigie,
  temporaryFolder,
  until,
} from '../support/vigie.ts';

const run = promisify(execFile);
const FRAMES = 200;
const NUMBERS = Array.from({ length: FRAMES }, (_, i) => i);
const LOGIN = { user: 'viewer', password: 'geheim-Wort' };
const MJPEG_RATE = 10;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const closers: (() => void)[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  for (const close of closers.splice(0).toReversed()) close();
  await folder?.remove();
});

/** Children that are ffmpeg and read this input. */
const readersOf = async (pid: number, input: string): Promise<number[]> =>
  (await childrenOf(pid)).filter(({ command }) => command.includes(input)).map((child) => child.pid);

async function isSoundAndOrdered(path: string): Promise<void> {
  // In the time base of the file: rounded to a frame rate that ffmpeg guesses, two pictures may fall on one moment.
  const exact = ['-vsync', '0', '-enc_time_base', '-1', '-f', 'null', '-'];
  const { stderr } = await run(bundledFfmpeg, ['-v', 'error', '-xerror', '-i', path, ...exact]);
  expect(stderr).toBe('');
}

describe('cameras that ffmpeg opens', () => {
  let vigie: RunningVigie;
  let segments: string;
  let mjpeg: Awaited<ReturnType<typeof serveMjpeg>>;
  let web: TestServer;

  beforeAll(async () => {
    const file264 = await numberedFile(folder.path, 'numbers.ts', {
      ...{ frames: FRAMES, codec: 'libx264', bFrames: 2, audio: ['aac', '-ac', '1'] },
    });
    const file265 = await numberedFile(folder.path, 'numbers.mp4', {
      ...{ frames: FRAMES, codec: 'libx265', bFrames: 2, audio: ['aac', '-ac', '1'] },
    });
    await numberedFile(folder.path, 'numbers.m3u8', {
      ...{ frames: FRAMES, codec: 'libx264', options: ['-hls_time', '2', '-hls_list_size', '0'] },
    });
    await numberedFile(folder.path, 'picture%03d.jpg', { frames: 100, codec: 'mjpeg' });
    const names = (await readdir(folder.path)).filter((name) => name.endsWith('.jpg')).toSorted();
    const pictures = await Promise.all(names.map((name) => readFile(join(folder.path, name))));
    mjpeg = await serveMjpeg(pictures, MJPEG_RATE, LOGIN);
    web = await serveFolder(folder.path);
    closers.push(
      () => mjpeg.close(),
      () => web.close(),
    );
    const port = await freeUdpPort();
    const camera = `http://${LOGIN.user}:${LOGIN.password}@127.0.0.1:${mjpeg.port}/video.mjpg`;
    const transcode = { transcode: 'h264' };
    const options = {
      folder: folder.path,
      config: ['record: { segment: 4s }'],
      cameras: [
        { id: 'file-264', source: `ffmpeg:${file264.path}` },
        { id: 'file-265', source: `ffmpeg:${file265.path}` },
        { id: 'hls', source: `ffmpeg:http://127.0.0.1:${web.port}/numbers.m3u8` },
        { id: 'mjpeg', source: `ffmpeg:${camera}`, ffmpeg: transcode },
        { id: 'mjpeg-refused', source: `ffmpeg:${camera}` },
        { id: 'wrong-password', source: `ffmpeg:${camera.replace(LOGIN.password, 'falsch')}` },
        { id: 'no-file', source: `ffmpeg:${folder.path}/nowhere.mp4` },
        { id: 'no-page', source: `ffmpeg:http://127.0.0.1:${web.port}/nowhere.mp4?token=sesam` },
        { id: 'no-video', source: `ffmpeg:${join(folder.path, 'config.yaml')}` },
        { id: 'plays-twice', source: `ffmpeg:${file264.path}`, ffmpeg: transcode },
        { id: 'udp', source: `ffmpeg:udp://127.0.0.1:${port}` },
      ],
    };
    segments = segmentsOf(options);
    vigie = await startVigie(options);
    const udp = spawnTool(bundledFfmpeg, [
      ...['-v', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', file264.path, '-c', 'copy'],
      ...['-f', 'mpegts', `udp://127.0.0.1:${port}?pkt_size=1316`],
    ]);
    closers.push(() => void udp.kill('SIGKILL'));
  }, 120_000);

  afterAll(() => vigie?.stop());

  const reason = async (id: string): Promise<string> => (await vigie.status(id)).reason;
  /** Numbers of the pictures of its first time through: what comes after may still be in the writing. */
  async function numbersOf(id: string): Promise<number[]> {
    const numbers: number[] = [];
    for (const file of await segmentFiles(segments, id)) {
      if (numbers.length >= FRAMES) break;
      await isSoundAndOrdered(file);
      numbers.push(...(await decodeNumbers(file)));
    }
    return numbers;
  }

  for (const [id, name] of [
    ['file-264', 'H.264 with B-frames and AAC from MPEG-TS'],
    ['file-265', 'H.265 with B-frames and AAC from MP4'],
    ['hls', 'HLS over HTTP, at its own speed'],
    ['plays-twice', 'what browsers can play, although transcoding is allowed'],
  ] as const) {
    it(`${name}: every picture is on disk once and in order, for as long as it was shown`, async () => {
      const ended = `came to its end`;
      await until('it has been played', async () => (await reason(id)).includes(ended), 60);
      const status = await vigie.status(id);
      expect(status.timestampsRepaired).toBe(0);
      expect(await numbersOf(id)).toEqual(NUMBERS);
      const day = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 3_600_000)] as const;
      const first = async () => (await vigie.timeline(id, ...day)).recorded[0];
      const seconds = async (): Promise<number> => {
        const { from = '', to = '' } = (await first()) ?? {};
        return (Date.parse(to) - Date.parse(from)) / 1000;
      };
      // The catalog learns of a file's last second after the file.
      await until('the timeline has all of it', async () => Math.abs((await seconds()) - FRAMES / 25) < 0.05);
      expect(Date.parse((await first())?.to ?? '')).toBeLessThan(Date.now() + 1_000);
    }, 90_000);
  }

  it('MJPEG over HTTP is encoded anew where that is allowed, at the speed at which it comes', async () => {
    await until(
      'some of it is there',
      async () => mjpeg.sent() > 150 && (await segmentFiles(segments, 'mjpeg')).length > 1,
      60,
    );
    const status = await vigie.status('mjpeg');
    expect(status).toMatchObject({ state: 'recording', video: { width: 160, height: 96 } });
    expect(status.framesPerSecond).toBeGreaterThan(MJPEG_RATE / 2);
    expect(status.framesPerSecond).toBeLessThan(MJPEG_RATE * 1.5);
    const [file] = await segmentFiles(segments, 'mjpeg');
    await isSoundAndOrdered(file as string);
    const numbers = await decodeNumbers(file as string);
    const from = numbers[0] ?? 0;
    expect(numbers).toEqual(numbers.map((_, i) => (from + i) % 100));
    // It lasts as long as it took: an MJPEG over HTTP says nothing of its speed.
    const { durationTicks } = await walkBytes(await readFile(file as string));
    expect(numbers.length / (durationTicks / 90_000)).toBeGreaterThan(MJPEG_RATE * 0.7);
    expect(numbers.length / (durationTicks / 90_000)).toBeLessThan(MJPEG_RATE * 1.3);
    expect(status.gopTicks / 90_000).toBeGreaterThan(1.5);
    expect(status.gopTicks / 90_000).toBeLessThan(3);
  }, 90_000);

  it('K6 MJPEG is refused with what to set where it is not', async () => {
    await until('it says so', async () => (await reason('mjpeg-refused')).includes('MJPEG'));
    expect(await reason('mjpeg-refused')).toBe(
      `Http://127.0.0.1:${mjpeg.port} sends MJPEG, which browsers cannot play: set ffmpeg.transcode: h264.`,
    );
  });

  it('K8 MPEG-TS over UDP is recorded, sound and all', async () => {
    await until('it records', async () => (await vigie.status('udp')).state === 'recording', 60);
    await until('some is there', async () => (await segmentFiles(segments, 'udp')).length > 2, 60);
    // The last one is still being written.
    const numbers: number[] = [];
    for (const file of (await segmentFiles(segments, 'udp')).slice(0, -1)) {
      numbers.push(...(await decodeNumbers(file)));
    }
    const following = numbers.filter((number, i) => number === ((numbers[i - 1] ?? -2) + 1) % FRAMES);
    expect(numbers.length).toBeGreaterThan(50);
    // On a machine with much else to do, the kernel may drop datagrams.
    expect(following.length).toBeGreaterThan(numbers.length * 0.8);
  }, 90_000);

  it('what does not work says why, in plain words', async () => {
    const said = async (id: string, words: RegExp): Promise<void> => {
      await until(`${id} says why`, async () => words.test(await reason(id)), 40);
      expect((await vigie.status(id)).state).toBe('offline');
    };
    await said('wrong-password', /refuses the password\.$/);
    await said('no-file', /^There is no file nowhere\.mp4\.$/);
    await said('no-page', /has no such stream\.$/);
    await said('no-video', /^Config\.yaml sends nothing that ffmpeg knows\.$/);
  }, 60_000);

  it('shows no password anywhere', async () => {
    const all = vigie.output() + JSON.stringify(await vigie.cameras()) + (await vigie.metrics());
    for (const word of [LOGIN.password, 'falsch', 'sesam']) expect(all).not.toContain(word);
    expect(all).not.toMatch(/a defect|TypeError|unhandled/i);
  });
});

describe('an ffmpeg that fails', () => {
  it('is replaced when it is killed or hangs, and no other camera notices', async () => {
    const { path } = await numberedFile(folder.path, 'loop.ts', { frames: FRAMES, codec: 'libx264' });
    const home = await temporaryFolder();
    const options = {
      folder: home.path,
      cameras: ['killed', 'frozen', 'good'].map((id) => ({
        ...{ id, source: `ffmpeg:${path}`, ffmpeg: { input: ['-stream_loop', '-1'] } },
      })),
    };
    const vigie = await startVigie(options);
    try {
      const allRecord = async (): Promise<boolean> =>
        (await vigie.cameras()).every((one) => one.state === 'recording');
      await until('all record', allRecord, 40);
      const [first, second] = await readersOf(vigie.pid, path);
      process.kill(first as number, 'SIGKILL');
      process.kill(second as number, 'SIGSTOP');
      /** Gaps of each camera since it began, by cause. */
      const lost = async (): Promise<string[][]> => {
        const ends = [new Date(Date.now() - 600_000), new Date(Date.now() + 60_000)] as const;
        const all: string[][] = [];
        for (const { id } of options.cameras) {
          const causes = (await vigie.timeline(id, ...ends)).gaps.map((gap) => gap.cause);
          all.push(causes.filter((cause) => cause === 'offline' || cause === 'no-video'));
        }
        return all;
      };
      await until('both have been missed', async () => (await lost()).flat().length === 2, 60);
      await until('all record again', allRecord, 60);
      await until('the frozen one is gone', async () => !(await isRunning(second as number)));
      // One was killed, one hung; the third has seen nothing of it.
      expect(new Set((await lost()).map(String))).toEqual(new Set(['', 'no-video', 'offline']));
      expect(await readersOf(vigie.pid, path)).toHaveLength(3);
    } finally {
      expect(await vigie.stop()).toBe(0);
      await home.remove();
    }
  }, 180_000);

  it('does not outlive a server that is killed, neither at work nor waiting for a camera', async () => {
    const { path } = await numberedFile(folder.path, 'orphan.ts', { frames: FRAMES, codec: 'libx264' });
    const home = await temporaryFolder();
    const silent = `udp://127.0.0.1:${await freeUdpPort()}`;
    const vigie = await startVigie({
      folder: home.path,
      cameras: [
        { id: 'working', source: `ffmpeg:${path}`, ffmpeg: { input: ['-stream_loop', '-1'] } },
        { id: 'waiting', source: `ffmpeg:${silent}` },
      ],
    });
    try {
      await until('one records', async () => (await vigie.status('working')).state === 'recording', 40);
      const children = [...(await readersOf(vigie.pid, path)), ...(await readersOf(vigie.pid, silent))];
      expect(children).toHaveLength(2);
      await vigie.kill();
      for (const pid of children) await until('it is gone', async () => !(await isRunning(pid)));
    } finally {
      await home.remove();
    }
  }, 90_000);

  it('is asked to end with the server, and does', async () => {
    const { path } = await numberedFile(folder.path, 'orderly.ts', { frames: FRAMES, codec: 'libx264' });
    const home = await temporaryFolder();
    const silent = `udp://127.0.0.1:${await freeUdpPort()}`;
    const vigie = await startVigie({
      folder: home.path,
      cameras: [
        // Decoders of motion are children, too.
        {
          ...{ id: 'working', source: `ffmpeg:${path}`, ffmpeg: { input: ['-stream_loop', '-1'] } },
          detect: { enabled: false },
        },
        { id: 'waiting', source: `ffmpeg:${silent}` },
      ],
    });
    await until('one records', async () => (await vigie.status('working')).state === 'recording', 40);
    const children = (await childrenOf(vigie.pid)).map((child) => child.pid);
    expect(children).toHaveLength(3);
    const before = Date.now();
    expect(await vigie.stop()).toBe(0);
    expect(Date.now() - before).toBeLessThan(15_000);
    for (const pid of children) await until('it is gone', async () => !(await isRunning(pid)));
    await home.remove();
  }, 90_000);
});

describeWith(['gst-rtsp-server'], 'K6 a camera that has MJPEG only, over RTSP', () => {
  it('is refused with what to do, and recorded when that is done', async () => {
    const home = await temporaryFolder();
    const source = 'videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=10/1';
    const camera = await startGstPipelines({ jpeg: `${source} ! jpegenc ! rtpjpegpay name=pay0 pt=26` });
    const vigie = await startVigie({
      folder: home.path,
      cameras: [
        { id: 'refused', source: camera.url('jpeg') },
        { id: 'recorded', source: `ffmpeg:${camera.url('jpeg')}`, ffmpeg: { transcode: 'h264' } },
      ],
    });
    try {
      await until(
        'it is recorded',
        async () => {
          const { state, video, framesPerSecond } = await vigie.status('recorded');
          return state === 'recording' && video?.width === 320 && framesPerSecond > 7 && framesPerSecond < 13;
        },
        60,
      );
      const { reason } = await vigie.status('refused');
      expect(reason).toMatch(/video as JPEG.*source: ffmpeg:rtsp:.*transcode: h264/);
    } finally {
      await vigie.stop();
      camera.stop();
      await home.remove();
    }
  }, 120_000);
});
