import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Footage, readSequence } from '../../bench/motion/footage.ts';
import { describeWith, FOOTAGE } from '../support/components.ts';
import { type EncodedVideo, encodeGrey } from '../support/video.ts';
import { until } from '../support/vigie.ts';
import { START, Watching } from './watching.ts';

const FRAMES_PER_SECOND = 25;
/** Of each film the first forty seconds. */
const PICTURES = 1_000;
/** The first picture of the office in which somebody is seen, by its labels. */
const ENTERS_SECONDS = 571 / FRAMES_PER_SECOND;

/** Films of real cameras through everything that a camera's pictures go through, from an encoder to events. */
describeWith(['footage'], 'real footage, encoded as a camera does', () => {
  let watching: Watching;
  afterEach(() => watching.end());

  const encoded = new Map<string, Promise<EncodedVideo>>();
  const encode = (name: string): Promise<EncodedVideo> => {
    const made = encoded.get(name) ?? encodeSequence(name);
    encoded.set(name, made);
    return made;
  };
  const seconds = (at: number): number => (at - START) / 1e6;

  /** Only key frames, one a second. */
  const showKeys = async (video: EncodedVideo): Promise<void> => {
    watching = await Watching.begin(1);
    const keys = video.frames.filter(({ key }) => key);
    await watching.show(1, {
      ...video,
      frames: keys,
      ticksPerFrame: video.ticksPerFrame * FRAMES_PER_SECOND,
    });
    expect(watching.told.looks(1)).toBe(keys.length);
    await watching.service.stop();
  };

  it('office: nobody is seen before somebody is there, and then at once, from one key frame a second', async () => {
    await showKeys(await encode('baseline/office'));
    const first = watching.told.ends.find(({ kind }) => kind === 'motion');
    // With the three seconds before, and up to two until it is a key frame that shows enough.
    expect(seconds(first?.from as number)).toBeGreaterThan(ENTERS_SECONDS - 4);
    expect(seconds(first?.from as number)).toBeLessThan(ENTERS_SECONDS + 2);
    expect(watching.told.ends.some(({ kind }) => kind !== 'motion')).toBe(false);
  }, 180_000);

  it('office: the same from five pictures a second of a stream that is decoded whole', async () => {
    const video = await encode('baseline/office');
    watching = await Watching.begin(1);
    const { told } = watching;
    for (const index of video.frames.keys()) {
      watching.hand(1, video, index);
      // A camera does not send more at once, either.
      if (index % 5 === 0) await until('it keeps up', () => told.looks(1) >= index / 5 - 1);
    }
    await watching.service.stop();
    expect(told.looks(1)).toBeGreaterThan(video.frames.length / 5 - 5);
    const first = told.ends.find(({ kind }) => kind === 'motion');
    expect(seconds(first?.from as number)).toBeGreaterThan(ENTERS_SECONDS - 4);
    expect(seconds(first?.from as number)).toBeLessThan(ENTERS_SECONDS - 2);
    expect(told.ends.some(({ kind }) => kind !== 'motion')).toBe(false);
  }, 180_000);

  it('highway: there is always traffic', async () => {
    const video = await encode('baseline/highway');
    await showKeys(video);
    const events = watching.told.ends.filter(({ kind }) => kind === 'motion');
    const covered = events.reduce((sum, { from, to }) => sum + seconds(to) - seconds(from), 0);
    expect(covered).toBeGreaterThan((0.8 * video.frames.length) / FRAMES_PER_SECOND);
    expect(watching.told.ends.some(({ kind }) => kind !== 'motion')).toBe(false);
  }, 180_000);
});

async function encodeSequence(name: string): Promise<EncodedVideo> {
  const { frames, width, height }: Footage = await readSequence(join(FOOTAGE, name));
  const rate = { gop: FRAMES_PER_SECOND, framesPerSecond: FRAMES_PER_SECOND };
  return encodeGrey(frames.slice(0, PICTURES), { width, height, ...rate });
}
