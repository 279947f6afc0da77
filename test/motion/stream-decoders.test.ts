import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { GREY_HEIGHT, GREY_WIDTH } from '../../src/motion/decode/grey-output.ts';
import { StreamDecoders, type Taken } from '../../src/motion/decode/stream-decoders.ts';
import type { HandedPicture } from '../../src/motion/handed-picture.ts';
import { wallMicros } from '../../src/time/units.ts';
import { has } from '../support/components.ts';
import { type EncodedVideo, encodeVideo, pictureNumber } from '../support/video.ts';
import { until } from '../support/vigie.ts';

const BUILDS = [
  ['the bundled ffmpeg', bundledFfmpeg],
  ['a system ffmpeg', 'ffmpeg'],
] as const;
const PICTURES = 100;
const FRAMES_PER_SECOND = 5;

let videos: Record<'plain' | 'bFrames' | 'hevc', EncodedVideo>;
let decoders: StreamDecoders;
let seen: { readonly cameraNo: number; readonly order: number; readonly shown: number }[];
let ends: string[];

beforeAll(async () => {
  const options = { frames: PICTURES, gop: 50 };
  videos = {
    plain: await encodeVideo(options),
    bFrames: await encodeVideo({ ...options, bFrames: 3 }),
    hevc: await encodeVideo({ ...options, codec: 'h265' }),
  };
}, 60_000);

afterEach(() => decoders.close());

function create(
  ffmpegPath: string = bundledFfmpeg,
  most = 2,
  deadlineMillis = 20_000,
  spareMillis?: number,
): void {
  seen = [];
  ends = [];
  decoders = new StreamDecoders({
    ...{ ffmpegPath, most, deadlineMillis, spareMillis, framesPerSecond: () => FRAMES_PER_SECOND },
    onGrey: ({ cameraNo, order }, pixels) =>
      seen.push({ cameraNo, order, shown: pictureNumber(pixels, GREY_WIDTH, GREY_HEIGHT) }),
    onEnd: (cameraNo, reason, inside) =>
      ends.push(`${cameraNo} ${reason} ${inside > 0 ? 'with pictures' : ''}`),
  });
}

function take(video: EncodedVideo, index: number, change: Partial<HandedPicture> = {}): Taken {
  const frame = video.frames[index] as EncodedVideo['frames'][number];
  return decoders.take({
    ...{
      cameraNo: 1,
      stream: 1,
      at: wallMicros(index),
      order: index,
      positionTicks: 0,
      handedAt: performance.now(),
    },
    ...{ elapsedTicks: index === 0 ? 0 : video.ticksPerFrame, key: frame.key, reason: 'busy' },
    ...{ config: video.config, sample: frame.data },
    ...change,
  });
}

const takeAll = (video: EncodedVideo, from = 0, to = PICTURES): Taken[] =>
  Array.from({ length: to - from }, (_, index) => take(video, from + index));

describe.each(BUILDS)('decoding all pictures of a stream with %s', (_name, ffmpegPath) => {
  it.skipIf(ffmpegPath === 'ffmpeg' && !has('ffmpeg'))(
    'gives back as many a second as are wanted, each with its own number, from the first on',
    async () => {
      for (const name of ['plain', 'bFrames', 'hevc'] as const) {
        const video = videos[name];
        create(ffmpegPath);
        const taken = takeAll(video);
        // That it is a whole stream is known when the second picture comes.
        expect(taken).toEqual(['key-frames', ...new Array<Taken>(PICTURES - 1).fill('decoding')]);
        // Four seconds, of which some builds keep the last pictures back until others follow.
        await until(`${name}: pictures came out`, () => seen.length >= 15);
        for (const { order, shown } of seen) {
          const number = Math.round((video.frames[order]?.ticks ?? -1) / video.ticksPerFrame);
          // Of pictures that change their order in the decoder, a neighbour's number may come out.
          expect(Math.abs(shown - number)).toBeLessThanOrEqual(name === 'bFrames' ? 4 : 0);
        }
        const numbers = seen.map(({ shown }) => shown);
        expect(numbers[0]).toBe(0);
        for (const [at, number] of numbers.entries()) {
          if (at === 0) continue;
          const apart = number - (numbers[at - 1] as number);
          expect(apart).toBeGreaterThanOrEqual(3);
          expect(apart).toBeLessThanOrEqual(8);
        }
        decoders.close();
      }
    },
  );
});

describe('decoders of whole streams', () => {
  it('are not started for cameras that hand over key frames only', () => {
    create();
    expect([0, 50].map((index) => take(videos.plain, index))).toEqual(['key-frames', 'key-frames']);
    expect(decoders.pids).toEqual([]);
    expect(decoders.isReduced(1)).toBe(false);
  });

  it('are not more than they may be: other cameras keep to their key frames, and it is said', () => {
    create(bundledFfmpeg, 1);
    takeAll(videos.plain, 0, 3);
    const other = { cameraNo: 2 };
    const taken = [0, 1, 2, 50].map((index) => take(videos.plain, index, other));
    expect(taken).toEqual(['key-frames', 'key-frames', 'key-frames', 'key-frames']);
    expect(decoders.pids).toHaveLength(1);
    expect([decoders.isReduced(1), decoders.isReduced(2)]).toEqual([false, true]);
  });

  it('are not started for a picture that is looked at only because it is time', () => {
    create();
    expect(takeAll(videos.plain, 0, 2)).toEqual(['key-frames', 'decoding']);
    expect(take(videos.plain, 50, { reason: 'floor' })).toBe('decoding');
    decoders.close();
    create(bundledFfmpeg, 1);
    takeAll(videos.plain, 0, 2);
    const other = { cameraNo: 2, reason: 'floor' } as const;
    expect([0, 50].map((index) => take(videos.plain, index, other))).toEqual(['key-frames', 'key-frames']);
    expect(decoders.isReduced(2)).toBe(false);
  });

  it('go from whoever has long had no need of one to whoever has', async () => {
    create(bundledFfmpeg, 2, 20_000, 150);
    const begin = (cameraNo: number): Taken | undefined =>
      [0, 1].map((index) => take(videos.plain, index, { cameraNo })).at(-1);
    expect([begin(1), begin(2), begin(3)]).toEqual(['decoding', 'decoding', 'key-frames']);
    const idle = decoders.pids;
    await sleep(200);
    // That it is looked at now and then is no need; that something goes on is.
    take(videos.plain, 50, { cameraNo: 1, reason: 'floor' });
    expect(take(videos.plain, 2, { cameraNo: 2 })).toBe('decoding');
    expect(take(videos.plain, 50, { cameraNo: 3 })).toBe('decoding');
    expect(decoders.pids.filter((pid) => idle.includes(pid))).toEqual([idle[1]]);
    expect([1, 2, 3].map((cameraNo) => decoders.isReduced(cameraNo))).toEqual([false, false, false]);
    // It gets one again when it has something to show, and there is room.
    await sleep(200);
    expect(begin(1)).toBe('decoding');
    expect(decoders.pids).toHaveLength(2);
    expect(ends).toEqual([]);
  });

  it('are fewer where pictures are large, and one of whatever size', () => {
    create(bundledFfmpeg, 16);
    const sized = (cameraNo: number, width: number, height: number): Taken => {
      const change = { cameraNo, config: { ...videos.plain.config, width, height } };
      return [0, 1].map((index) => take(videos.plain, index, change)).at(-1) as Taken;
    };
    // Nine of sixteen are taken, and then all.
    expect(sized(1, 1920, 1080)).toBe('decoding');
    expect(sized(2, 1920, 1080)).toBe('key-frames');
    expect(Array.from({ length: 8 }, (_, i) => sized(3 + i, 640, 360))).toEqual([
      ...Array<Taken>(7).fill('decoding'),
      'key-frames',
    ]);
    decoders.close();
    create(bundledFfmpeg, 16);
    expect(sized(1, 3840, 2160)).toBe('decoding');
  });

  it('are replaced when they are killed, from a key frame on and not at once', async () => {
    create();
    takeAll(videos.plain, 0, 30);
    await until('pictures came out', () => seen.length > 3);
    const [pid] = decoders.pids as [number];
    process.kill(pid, 'SIGKILL');
    await until('the end is seen', () => ends.length === 1);
    expect(take(videos.plain, 30)).toBe('key-frames');
    expect(take(videos.plain, 50)).toBe('key-frames');
    expect(decoders.isReduced(1)).toBe(true);
    seen = [];
    await until('there is a new one', () => take(videos.plain, 50) === 'decoding');
    takeAll(videos.plain, 51, 80);
    await until('pictures come out again', () => seen.length > 3);
    expect(seen.every(({ order, shown }) => order === shown)).toBe(true);
    expect(decoders.pids).not.toContain(pid);
  });

  it('are replaced when they hang, and take no more pictures meanwhile than they have room for', async () => {
    create(bundledFfmpeg, 1, 1_500);
    takeAll(videos.plain, 0, 30);
    await until('pictures came out', () => seen.length > 3);
    process.kill((decoders.pids as [number])[0], 'SIGSTOP');
    const large = { sample: new Uint8Array(200_000) };
    const taken = Array.from({ length: 40 }, () => take(videos.plain, 31, large));
    expect(taken.filter((one) => one === 'decoding').length).toBeLessThan(10);
    expect(taken.at(-1)).toBe('shed');
    await until('it is found to be stuck', () => {
      take(videos.plain, 50);
      return ends.length === 1;
    });
    expect(ends[0]).toBe('1 the decoder is stuck with pictures');
    await until('there is a new one', () => take(videos.plain, 50) === 'decoding');
  });

  it('begin anew with another stream of the same camera', async () => {
    create();
    takeAll(videos.plain, 0, 30);
    await until('pictures came out', () => seen.length > 3);
    const before = decoders.pids;
    seen = [];
    for (let index = 0; index < 60; index++) take(videos.hevc, index, { stream: 2 });
    await until('pictures of the other stream came out', () => seen.length > 3);
    expect(seen.every(({ order, shown }) => order === shown)).toBe(true);
    expect(decoders.pids).not.toEqual(before);
    expect(ends).toEqual([]);
  });
});
