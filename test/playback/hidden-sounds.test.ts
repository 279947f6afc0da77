import { afterAll, beforeAll, expect, it } from 'vitest';
import { uncompressedConfig } from '../../src/media/audio-config.ts';
import { buildInitSegment, readInit } from '../../src/media/mp4/init-segment.ts';
import { joinCodecs } from '../../src/media/parameter-sets.ts';
import { hiddenSounds } from '../../src/playback/hidden-sounds.ts';
import { wallMicros } from '../../src/time/units.ts';
import { listen, type RunningApi } from '../support/api.ts';
import { createRecording, type Recording } from '../support/recording.ts';
import { aacConfig } from '../support/sound.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

const START = wallMicros(1_795_453_200_000_000);

let recording: Recording;
let api: RunningApi;
let video: EncodedVideo;
/** Numbers of the initializations. */
const inits = { none: 0, aac: 0, stereo: 0, alaw: 0 };

beforeAll(async () => {
  recording = await createRecording();
  video = await encodeVideo({ frames: 25, gop: 25 });
  for (const [name, sound] of [
    ['none', undefined],
    ['aac', aacConfig(16_000, 1)],
    ['stereo', aacConfig(48_000, 2)],
    ['alaw', uncompressedConfig('alaw', 8_000, 1)],
  ] as const) {
    const { width, height } = video.config;
    const codecs = joinCodecs(video.config.codecs, sound?.codecs);
    const bytes = buildInitSegment(video.config, sound);
    inits[name] = await recording.catalog.putInit({ bytes, codecs, width, height });
  }
  api = await listen(recording);
});

afterAll(async () => {
  await api?.close();
  await recording?.close();
});

const hidden = async (names: readonly (keyof typeof inits)[], wanted = true): Promise<string[]> => {
  const segments = names.map((name) => ({ initNo: inits[name] }));
  const numbers = await hiddenSounds(recording.catalog, segments, wanted);
  return Object.entries(inits)
    .filter(([, initNo]) => numbers.has(initNo))
    .map(([name]) => name);
};

it('a playlist has sound where all of it has some that browsers play', async () => {
  expect(await hidden(['aac', 'aac'])).toEqual([]);
  expect(await hidden(['aac', 'stereo'])).toEqual([]);
  expect(await hidden([])).toEqual([]);
});

it('and none anywhere otherwise, or when none is wanted', async () => {
  expect(await hidden(['aac', 'none', 'stereo'])).toEqual(['aac', 'stereo']);
  expect(await hidden(['aac', 'alaw'])).toEqual(['aac', 'alaw']);
  expect(await hidden(['alaw'])).toEqual(['alaw']);
  expect(await hidden(['aac'], false)).toEqual(['aac']);
  expect(await hidden(['none'], false)).toEqual([]);
});

it('the head that a playlist names instead is that of the segment, without its sound', async () => {
  const [segment] = await recording.run(video, { start: START, framesPerSegment: [25] });
  if (!segment) throw new Error('Nothing was recorded.');
  const heard = { ...segment, initNo: inits.aac, start: wallMicros(START + 10_000_000) };
  const end = wallMicros(heard.start + 1_000_000);
  const later = { ...heard, end, runStart: heard.start };
  await recording.catalog.apply([
    { kind: 'segment-opened', ...later },
    { kind: 'segment-closed', ...later, recovered: false },
  ]);
  const base = `${api.url}/api/cameras/${recording.camera.id}/hls/index.m3u8`;
  const range = (from: number): string =>
    `from=${new Date(from / 1_000).toISOString()}&to=${new Date(from / 1_000 + 1_000).toISOString()}`;
  const loud = await (await fetch(`${base}?${range(heard.start)}`)).text();
  expect(loud).toContain(`.mp4",BYTERANGE="${segment.headBytes}@0"`);
  const silent = await (await fetch(`${base}?${range(heard.start)}&sound=off`)).text();
  const uri = /#EXT-X-MAP:URI="([^"]+)"\n/.exec(silent)?.[1] ?? '';
  expect(uri).toMatch(/\/silent-head\.mp4$/);
  const answer = await fetch(`${api.url}${uri}`);
  expect(answer.headers.get('content-type')).toBe('video/mp4');
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(readInit(bytes)).toMatchObject({ codec: 'h264', sound: undefined });
  // A segment without any sound is named as it ever was.
  const plain = await (await fetch(`${base}?${range(START)}&sound=off`)).text();
  expect(plain).toContain('BYTERANGE');
  expect(plain).not.toContain('silent-head');
  expect((await fetch(`${api.url}/api/segments/1-1/silent-head.mp4`)).status).toBe(404);
  expect((await fetch(`${base}?${range(START)}&sound=loud`)).status).toBe(400);
});
