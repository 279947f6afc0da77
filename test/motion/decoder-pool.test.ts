import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { type DecodeOutcome, DecoderPool } from '../../src/motion/decode/decoder-pool.ts';
import { GREY_HEIGHT, GREY_WIDTH } from '../../src/motion/decode/grey-output.ts';
import { has } from '../support/components.ts';
import { type EncodedVideo, encodeVideo, pictureNumber } from '../support/video.ts';
import { until } from '../support/vigie.ts';

const PICTURES = 12;
const BUILDS = [
  ['the bundled ffmpeg', bundledFfmpeg],
  ['a system ffmpeg', 'ffmpeg'],
] as const;

let videos: Record<'small' | 'large' | 'hevc', EncodedVideo>;
let pool: DecoderPool;
let ends: string[];

beforeAll(async () => {
  const options = { frames: PICTURES, gop: 1 };
  videos = {
    small: await encodeVideo({ ...options, firstNumber: 0 }),
    large: await encodeVideo({ ...options, firstNumber: 100, width: 640, height: 352 }),
    hevc: await encodeVideo({ ...options, firstNumber: 200, codec: 'h265' }),
  };
}, 60_000);

afterEach(() => pool.close());

function createPool(ffmpegPath: string = bundledFfmpeg, deadlineMillis = 10_000): DecoderPool {
  ends = [];
  return new DecoderPool({ ffmpegPath, processes: 1, deadlineMillis, onEnd: (reason) => ends.push(reason) });
}

const decode = (video: EncodedVideo, picture: number, cameraNo = 1): Promise<DecodeOutcome> =>
  pool.decode({ cameraNo, config: video.config, sample: video.frames[picture]?.data as Uint8Array });

const shown = (outcome: DecodeOutcome): number | string =>
  outcome.kind === 'grey' ? pictureNumber(outcome.pixels, GREY_WIDTH, GREY_HEIGHT) : outcome.reason;

describe.each(BUILDS)('decoding key frames with %s', (_name, ffmpegPath) => {
  it.skipIf(ffmpegPath === 'ffmpeg' && !has('ffmpeg'))(
    'gives each camera its own picture, of any size and codec, in any mixture',
    async () => {
      pool = createPool(ffmpegPath);
      const kinds = [videos.small, videos.large, videos.hevc];
      for (let picture = 0; picture < PICTURES; picture++) {
        const outcomes = await Promise.all(kinds.map((video, camera) => decode(video, picture, camera)));
        expect(outcomes.map(shown)).toEqual([picture, 100 + picture, 200 + picture]);
      }
      expect(ends).toEqual([]);
      expect(pool.pids.length).toBe(2);
    },
  );

  it.skipIf(ffmpegPath === 'ffmpeg' && !has('ffmpeg'))(
    'never takes a broken picture for its neighbour',
    async () => {
      pool = createPool(ffmpegPath);
      const broken = videos.small.frames[3]?.data.map((byte, at) => (at < 5 ? byte : 0xff)) as Uint8Array;
      const outcomes = await Promise.all(
        [0, 1, 2, 3, 4, 5].map((camera) =>
          pool.decode({
            cameraNo: camera,
            config: videos.small.config,
            sample: camera === 3 ? broken : (videos.small.frames[camera]?.data as Uint8Array),
          }),
        ),
      );
      const numbers = outcomes.map(shown);
      expect(numbers.toSpliced(3, 1)).toEqual([0, 1, 2, 4, 5]);
      // Nothing came of it, or something came under its own number.
      expect(numbers[3] === 'undecodable' || outcomes[3]?.kind === 'grey').toBe(true);
    },
  );
});

describe('a pool of decoders', () => {
  it('keeps the newest picture of a camera that waits, and says so of the older ones', async () => {
    pool = createPool();
    // These keep the process busy; then one camera asks again and again.
    const others = [0, 1].map((camera) => decode(videos.small, camera, 10 + camera));
    const outcomes = [2, 3, 4, 5].map((picture) => decode(videos.small, picture));
    expect(pool.waiting).toBe(1);
    expect((await Promise.all(outcomes)).map(shown)).toEqual(['superseded', 'superseded', 'superseded', 5]);
    expect((await Promise.all(others)).map(shown)).toEqual([0, 1]);
  });

  it('gives cameras of every size their turn, however many there are of another', async () => {
    pool = createPool();
    await decode(videos.small, 0);
    let [others, done] = [0, false];
    const again = async (camera: number): Promise<void> => {
      for (let picture = 0; !done && others < 200; picture++) {
        await decode(videos.small, picture % PICTURES, camera);
        others++;
      }
    };
    const busy = [1, 2, 3, 4, 5].map(again);
    await until('they are at it', () => others > 5);
    const before = others;
    expect(shown(await decode(videos.large, 1, 9))).toBe(101);
    // Sixteen of one size in a row at most, and what was in the process already.
    expect(others - before).toBeLessThan(25);
    done = true;
    await Promise.all(busy);
  });

  it('goes on with a new process when one is killed', async () => {
    pool = createPool();
    expect(shown(await decode(videos.small, 0))).toBe(0);
    const [pid] = pool.pids as [number];
    process.kill(pid, 'SIGKILL');
    await until('the end is seen', () => ends.length === 1);
    expect(shown(await decode(videos.small, 1))).toBe(1);
    expect(pool.pids).not.toContain(pid);
  });

  it('replaces a process that hangs', async () => {
    pool = createPool(bundledFfmpeg, 1_500);
    expect(shown(await decode(videos.small, 0))).toBe(0);
    process.kill((pool.pids as [number])[0], 'SIGSTOP');
    expect(shown(await decode(videos.small, 1))).toBe('undecodable');
    expect(ends).toEqual(['the decoder is stuck']);
    expect(shown(await decode(videos.small, 2))).toBe(2);
  });

  it('says that nothing can be decoded where there is no ffmpeg, and does not start it over and over', async () => {
    pool = createPool('/nowhere/ffmpeg');
    expect(shown(await decode(videos.small, 0))).toBe('undecodable');
    const next = decode(videos.small, 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(ends.length).toBe(1);
    expect(ends[0]).toMatch(/does not start/);
    pool.close();
    expect(shown(await next)).toBe('closed');
  });

  it('answers everything that waits when it is closed', async () => {
    pool = createPool();
    const outcomes = [0, 1, 2, 3].map((camera) => decode(videos.small, camera, camera));
    pool.close();
    expect((await Promise.all(outcomes)).map(shown)).toEqual(['closed', 'closed', 'closed', 'closed']);
    expect(shown(await decode(videos.small, 0))).toBe('closed');
  });
});
