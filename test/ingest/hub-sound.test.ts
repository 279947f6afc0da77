import { beforeAll, describe, expect, it } from 'vitest';
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import type { Fragment, FragmentSink } from '../../src/ingest/fragment.ts';
import { type AudioConfig, uncompressedConfig } from '../../src/media/audio-config.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';
import { nalsOf, setsOf } from '../support/frames.ts';
import { aacConfig } from '../support/sound.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

const START = 1_795_453_200_000_000;
const GOP = 50;
const FRAME_MICROS = 40_000;
const RATE = 16_000;
const AAC = aacConfig(RATE, 1);
const AAC_MICROS = 64_000;
const ALAW = uncompressedConfig('alaw', 8_000, 1);

interface Taken {
  readonly audio: AudioConfig | undefined;
  readonly key: boolean;
  readonly startsRun: boolean;
  readonly samples: number;
  /** Ticks. */
  readonly start: number;
  readonly end: number;
  /** In samples of the run; `undefined` without sound. */
  readonly sound: { readonly start: number; readonly end: number; readonly frames: number } | undefined;
  /** Micros of the test's clock when it came. */
  readonly at: number;
}

let video: EncodedVideo;

beforeAll(async () => {
  video = await encodeVideo({ frames: GOP, gop: GOP });
});

/** A camera with sound on a clock that the test turns. */
function createCamera(options: { readonly audio?: boolean; readonly gop?: number } = {}) {
  const taken: Taken[] = [];
  let now = 0;
  const ended: string[] = [];
  const sink: FragmentSink = {
    recordedTicks: 0,
    blocked: undefined,
    fragment({ data, audio, key, startsRun }: Fragment) {
      const { sound } = data;
      const length = sound ? [...sound.samples.durations].reduce((sum, value) => sum + value, 0) : 0;
      taken.push({
        ...{ audio, key, startsRun, samples: data.samples.count, at: now },
        ...{ start: data.startTicks, end: data.endTicks },
        sound: sound && {
          start: sound.startSample,
          end: sound.startSample + length,
          frames: sound.samples.count,
        },
      });
      data.release();
    },
    runEnded: (_, cause) => void ended.push(cause),
    missing: () => undefined,
  };
  const pool = new SlabPool({ slabBytes: 4_096, budgetBytes: 1 << 24 });
  const hub = new CameraHub({ pool, sink, fragmentTicks: 180_000, audio: options.audio ?? true });
  hub.begin(setsOf(video.config));
  const gop = options.gop ?? GOP;
  let pictures = 0;
  let frames = 0;
  const arrive = (): void => {
    hub.arrivalMono = monoMicros(now);
    hub.arrivalWall = wallMicros(START + now);
  };

  const picture = (): void => {
    const frame = video.frames[pictures % gop === 0 ? 0 : 1];
    if (!frame) return;
    arrive();
    for (const nal of nalsOf(frame.data)) {
      hub.beginNal();
      hub.write(Buffer.from(nal), 0, nal.length);
      hub.endNal();
    }
    hub.endAccessUnit(pictures * 3_600 + 77_000, pictures % gop === 0);
    pictures++;
  };
  const sound = (config: AudioConfig): void => {
    arrive();
    const bytes = Buffer.alloc(config === ALAW ? 512 : 60, frames & 0xff);
    const seconds = (frames * AAC_MICROS) / 1_000_000;
    const timestamp = config.sharesVideoClock
      ? Math.round(seconds * config.clockRate) + Math.round((77_000 / 90_000) * config.clockRate)
      : seconds * config.clockRate + 4e9;
    hub.audioFrame(timestamp >>> 0, bytes, 0, bytes.length);
  };
  /** Plays both until `until` seconds; sound frames arrive when they are whole, and `late` micros later. */
  const play = (until: number, heard: AudioConfig | undefined, late = 5_000): void => {
    for (;;) {
      const pictureAt = pictures * FRAME_MICROS;
      const soundAt = (frames + 1) * AAC_MICROS + late;
      const next = Math.min(pictureAt, soundAt);
      if (next >= until * 1_000_000) return;
      now = Math.max(now, next);
      if (pictureAt <= soundAt) {
        picture();
      } else {
        if (heard) sound(heard);
        frames++;
      }
    }
  };
  return { hub, pool, taken, ended, play };
}

const total = (taken: readonly Taken[]): number => taken.reduce((sum, { samples }) => sum + samples, 0);

describe('a camera with sound', () => {
  it('has the sound of each fragment in it, frame by frame, for as long as it plays', () => {
    const { hub, pool, taken, play } = createCamera();
    hub.beginAudio(AAC);
    play(20, AAC);
    hub.end('shutdown');
    expect(total(taken)).toBe(500);
    expect(taken.every(({ audio }) => audio === AAC)).toBe(true);
    for (const [i, { sound, start, end }] of taken.entries()) {
      const before = taken[i - 1]?.sound;
      if (before) expect(sound?.start).toBe(before.end);
      // All that begins in its time, and nothing else.
      const early = (sound?.start ?? -1) - (start * RATE) / 90_000;
      expect(early).toBeGreaterThanOrEqual(0);
      expect(early).toBeLessThan(1_024);
      if (i < taken.length - 1) expect(sound?.end).toBeGreaterThanOrEqual((end * RATE) / 90_000);
    }
    expect(pool.takenBytes).toBe(0);
  });

  it('is exact where both have one clock, however late the sound comes', () => {
    const { hub, taken, play } = createCamera();
    hub.beginAudio({ ...AAC, clockRate: 1_000, sharesVideoClock: true });
    const config = { ...AAC, clockRate: 1_000, sharesVideoClock: true };
    play(20, config, 300_000);
    hub.end('shutdown');
    const first = taken[0]?.sound?.start ?? -1;
    expect(first).toBeLessThanOrEqual(RATE / 1_000);
    for (const [i, { sound }] of taken.entries()) {
      if (i > 0) expect(((sound?.start ?? 0.5) - first) % 1_024).toBe(0);
    }
    expect(total(taken)).toBe(500);
  });

  it('K4 is aligned by arrival where timestamps have nothing to do with each other', () => {
    const { hub, taken, play } = createCamera();
    hub.beginAudio(AAC);
    play(6, AAC, 5_000);
    hub.end('shutdown');
    // Heard from the first picture on, 5 ms late.
    expect(taken[0]?.sound?.start).toBe(80);
  });

  it('K5 that never starts is a video like any other, at once', () => {
    const { hub, taken, play } = createCamera();
    const silent = createCamera({ audio: false });
    hub.beginAudio(AAC);
    play(10, undefined);
    silent.play(10, undefined);
    expect(taken).toEqual(silent.taken);
    expect(taken.every(({ audio }) => audio === undefined)).toBe(true);
  });

  it('has not stopped where the run ends before the last of it has come', () => {
    const { hub, taken, play } = createCamera();
    hub.beginAudio(AAC);
    play(10.05, AAC);
    hub.end('offline');
    expect(taken.at(-1)).toMatchObject({ key: true, samples: 2, sound: undefined });
    expect(new Set(taken.map(({ audio }) => audio))).toEqual(new Set([AAC]));
  });

  it('K5 that stops is silence to the end of its fragment, and the next file has none; the video goes on', () => {
    const { hub, taken, ended, play } = createCamera();
    hub.beginAudio(AAC);
    play(21, AAC);
    play(40, undefined);
    hub.end('shutdown');
    expect(total(taken)).toBe(1_000);
    expect(ended).toEqual(['shutdown']);
    const last = taken.findLastIndex(({ sound }) => sound !== undefined);
    expect(taken[last]?.sound?.end).toBe(((taken[last]?.end ?? 0) * RATE) / 90_000);
    expect(taken.slice(0, last + 1).every(({ audio }) => audio === AAC)).toBe(true);
    expect(taken.slice(last + 1).every(({ audio }) => audio === undefined)).toBe(true);
    // Nothing waited for what did not come by more than half a second and a picture.
    for (const { end, at } of taken) expect(at).toBeLessThanOrEqual((end * 100) / 9 + 541_000);
  });

  it('that comes later begins a file of its own at a key frame', () => {
    const { hub, taken, play } = createCamera();
    play(13, undefined);
    hub.beginAudio(AAC);
    play(30, AAC);
    hub.end('shutdown');
    const first = taken.findIndex(({ audio }) => audio !== undefined);
    expect(taken[first]?.key).toBe(true);
    expect((taken[first]?.end ?? 0) / 90_000).toBeGreaterThan(13);
    expect(taken[first]?.sound?.start).toBeGreaterThanOrEqual(13 * RATE - 1_024);
    expect(taken.slice(first).every(({ audio, sound }) => audio === AAC && sound)).toBe(true);
    expect(total(taken)).toBe(750);
  });

  it('that comes and goes changes the file every ten seconds at the most', () => {
    const { hub, taken, play } = createCamera();
    hub.beginAudio(AAC);
    for (let second = 0; second < 120; second += 6) {
      play(second + 3, AAC);
      play(second + 6, undefined);
    }
    hub.end('shutdown');
    const changes = taken.filter(({ audio }, i) => i > 0 && audio !== taken[i - 1]?.audio);
    for (const [i, change] of changes.entries()) {
      if (i > 0) expect(change.start - (changes[i - 1]?.start ?? 0)).toBeGreaterThanOrEqual(900_000);
    }
    for (const { audio, sound } of taken) if (sound) expect(audio).toBe(AAC);
    expect(total(taken)).toBe(3_000);
  });

  it('that becomes another begins a new file at the next key frame, in the same run', () => {
    const { hub, taken, ended, play } = createCamera();
    hub.beginAudio(AAC);
    play(9.1, AAC);
    hub.beginAudio(ALAW);
    play(20, ALAW);
    hub.end('shutdown');
    const first = taken.findIndex(({ audio }) => audio === ALAW);
    expect(taken[first]?.start).toBe(10 * 90_000);
    expect(taken[first]?.key).toBe(true);
    expect(taken.slice(0, first).every(({ audio }) => audio === AAC)).toBe(true);
    expect(taken.slice(first).every(({ sound }) => sound !== undefined)).toBe(true);
    expect(taken.filter(({ startsRun }) => startsRun)).toHaveLength(1);
    expect(ended).toEqual(['shutdown']);
    expect(total(taken)).toBe(500);
  });

  it('that becomes another does not wait for a fragment to be long enough', () => {
    const { hub, taken, play } = createCamera({ gop: 10 });
    hub.beginAudio(AAC);
    play(9.1, AAC);
    hub.beginAudio(ALAW);
    play(15, ALAW);
    hub.end('shutdown');
    expect(taken.find(({ audio }) => audio === ALAW)?.start).toBe(828_000);
  });

  it('that was given up and comes after all never lies over what is written', () => {
    const config = { ...AAC, clockRate: 1_000, sharesVideoClock: true };
    const { hub, taken, play } = createCamera();
    hub.beginAudio(config);
    play(12.5, config, 50_000);
    // Nothing for three seconds, and then what had been missing.
    play(20, config, 3_500_000);
    hub.end('shutdown');
    let end = 0;
    for (const { sound } of taken) {
      if (!sound) continue;
      expect(sound.start).toBeGreaterThanOrEqual(end);
      ({ end } = sound);
    }
    expect(total(taken)).toBe(500);
  });

  it('goes on where its announcement is repeated, and begins anew with each run', () => {
    const { hub, taken, play } = createCamera();
    hub.beginAudio(AAC);
    play(5, AAC);
    hub.beginAudio(aacConfig(RATE, 1));
    play(8, AAC);
    hub.end('offline');
    hub.begin(setsOf(video.config));
    play(14, AAC);
    hub.end('shutdown');
    expect(new Set(taken.map(({ audio }) => audio))).toEqual(new Set([AAC]));
    for (const { sound, startsRun } of taken) {
      if (startsRun) expect(sound?.start).toBeLessThanOrEqual(1_024);
    }
    expect(taken.filter(({ startsRun }) => startsRun)).toHaveLength(2);
  });

  it('is not recorded where it must not be, whatever a source sends', () => {
    const { hub, taken, play } = createCamera({ audio: false });
    hub.beginAudio(AAC);
    play(10, AAC);
    hub.end('shutdown');
    expect(taken.every(({ audio, sound }) => audio === undefined && sound === undefined)).toBe(true);
    expect(hub.audio).toBeUndefined();
  });

  it('is left out of fragments inside a group of pictures while it is not there, and the file goes on', () => {
    const { hub, taken, play } = createCamera({ gop: 500 });
    hub.beginAudio(AAC);
    play(5, AAC);
    play(12, undefined);
    play(19, AAC);
    hub.end('shutdown');
    expect(taken.slice(0, -1).every(({ audio }) => audio === AAC)).toBe(true);
    expect(taken.some(({ sound }) => sound === undefined)).toBe(true);
    expect(taken.at(-2)?.sound).toBeDefined();
    expect(total(taken)).toBe(475);
  });
});
