import { beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../support/components.ts';
import { nalsOf, setNalsOf } from '../support/frames.ts';
import { H264 } from '../support/nal-units.ts';
import { fragment as fragmented } from '../support/rtp.ts';
import { RtpCamera } from '../support/rtp-camera.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

const { sets, key, inter, delimiter } = H264;
const FRAME = 3_600;

const ticksOf = (camera: RtpCamera): number[] => {
  camera.packet(delimiter);
  return camera.end().map(({ ticks }) => ticks);
};
const exact = (count: number): number[] => Array.from({ length: count }, (_, i) => i * FRAME);

/** Pictures of 25 a second with a key frame every two seconds, whose timestamp is what `stamp` makes of the right one. */
function send(
  camera: RtpCamera,
  count: number,
  stamp: (timestamp: number, i: number) => number = (t) => t,
): void {
  for (let i = 0; i < count; i++) {
    const timestamp = ((stamp(camera.timestamp, i) % 2 ** 32) + 2 ** 32) % 2 ** 32;
    camera.picture(i % 50 === 0 ? [...sets, key(1)] : [inter(3)], { timestamp });
  }
}

describe('time of recorded pictures', () => {
  it('I13 goes on over the end of 32 bits', () => {
    const camera = new RtpCamera();
    camera.timestamp = 2 ** 32 - 20 * FRAME;
    send(camera, 60);
    expect(ticksOf(camera)).toEqual(exact(60));
  });

  it('I14 a lone timestamp that is hours off is replaced', () => {
    const camera = new RtpCamera();
    send(camera, 60, (t, i) => (i === 30 ? t + 5 * 3_600 * 90_000 : t));
    expect(ticksOf(camera)).toEqual(exact(60));
    expect(camera.hub.counters.timestampsRepaired).toBe(1);
  });

  it.each([
    ['ahead', 3_600 * 90_000],
    ['back', -3_600 * 90_000],
  ])('I15 a step %s that stays makes no hole and no new run', (_, step) => {
    const camera = new RtpCamera();
    send(camera, 120, (t, i) => (i >= 60 ? t + step : t));
    expect(ticksOf(camera)).toEqual(exact(120));
    expect(camera.recorder.runsEnded).toEqual(['offline']);
    for (const [i, fragment] of camera.recorder.fragments.entries()) {
      const before = camera.recorder.fragments[i - 1];
      if (before) expect(fragment.wallStart).toBe(before.wallEnd);
    }
  });

  it('I16 timestamps from zero after a new connection begin a run like any other', () => {
    const camera = new RtpCamera();
    send(camera, 30);
    camera.hub.end('offline');
    camera.timestamp = 0;
    camera.sequence = 0;
    camera.hub.begin(camera.sets);
    send(camera, 30);
    expect(ticksOf(camera).slice(-30)).toEqual(exact(30));
    expect(camera.recorder.fragments.map(({ startsRun }) => startsRun)).toEqual([true, true]);
    expect(camera.hub.counters.timestampsRepaired).toBe(0);
  });

  it('I17 seconds of video delivered at once keep their distances, and their time is not late', () => {
    const camera = new RtpCamera();
    const start = camera.now;
    // Three seconds of stored pictures come now, then the others as they are taken.
    for (let i = 0; i < 75; i++) {
      camera.picture(i % 50 === 0 ? [...sets, key(1)] : [inter(3)]);
      camera.now = start + 3_000_000;
    }
    camera.now = start + 3_000_000;
    send(camera, 125);
    expect(ticksOf(camera)).toEqual(exact(200));
    // By the wall clock the first one was taken three seconds before it came.
    const [first] = camera.recorder.fragments;
    expect((first?.wallEnd ?? 0) - (first?.wallStart ?? 0)).toBe(2_000_000);
    expect(Math.abs((camera.recorder.fragments.at(-1)?.wallEnd ?? 0) - camera.wall)).toBeLessThan(2_100_000);
    expect(camera.hub.counters.timestampsRepaired).toBe(0);
  });

  it('I18 two pictures of one timestamp are two pictures, a tick apart', () => {
    const camera = new RtpCamera();
    send(camera, 20);
    camera.picture([inter(5)], { timestamp: camera.timestamp - FRAME });
    camera.pass(-FRAME);
    send(camera, 20);
    const ticks = ticksOf(camera);
    expect(ticks).toHaveLength(41);
    expect(ticks.slice(19, 22)).toEqual([19 * FRAME, 19 * FRAME + 1, 20 * FRAME]);
  });

  it('I19 a camera at 500 ppm is followed for hours in one run', () => {
    const camera = new RtpCamera();
    const { worst, runs } = drift(camera, 500, 8 * 3_600);
    expect(runs).toBe(1);
    expect(worst).toBeLessThan(60_000);
  });

  it.each([2_000, -2_000])('I19 a camera at %i ppm begins new runs and never is seconds off', (ppm) => {
    const camera = new RtpCamera();
    const { worst, runs } = drift(camera, ppm, 6 * 3_600);
    expect(runs).toBeGreaterThan(2);
    expect(worst).toBeLessThan(6_000_000);
    expect(camera.recorder.runsEnded.slice(0, -1).every((cause) => cause === 'clock-step')).toBe(true);
  });

  it('I21 J32 durations come from the timestamps: pictures in bursts, one to thirty a second, groups of half a minute', () => {
    const camera = new RtpCamera();
    const expected: number[] = [];
    let at = 0;
    for (let i = 0; i < 400; i++) {
      // A burst of ten pictures, sent together when the last one was taken.
      const step = i % 100 < 10 ? 90_000 : 3_000;
      expected.push(at);
      camera.packet(i === 0 ? (sets[0] ?? delimiter) : delimiter);
      camera.picture(i % 200 === 0 ? [...sets, key(1)] : [inter(3)], { ticks: 0 });
      camera.timestamp = (camera.timestamp + step) >>> 0;
      at += step;
      if (i % 10 === 9) camera.now = (at * 100) / 9;
    }
    const ticks = ticksOf(camera);
    expect(ticks).toEqual(expected);
    const { pictures } = camera;
    for (const [i, { durationTicks }] of pictures.slice(0, -1).entries()) {
      expect(durationTicks).toBe((expected[i + 1] ?? 0) - (expected[i] ?? 0));
    }
    expect(camera.hub.counters.timestampsRepaired).toBe(0);
    for (const { startTicks, endTicks } of camera.recorder.fragments) {
      expect(endTicks - startTicks).toBeLessThanOrEqual(180_000 + 90_000);
    }
  });
});

/** Sends a picture a second of a camera whose clock is `ppm` fast; how far off the wall time of fragments was at worst. */
function drift(camera: RtpCamera, ppm: number, seconds: number): { worst: number; runs: number } {
  const start = camera.wall;
  const first = camera.timestamp;
  for (let second = 0; second < seconds; second++) {
    camera.now = second * 1_000_000;
    camera.timestamp = (first + Math.round(second * 90_000 * (1 + ppm / 1e6))) % 2 ** 32;
    camera.picture(second % 2 === 0 ? [...sets, key(1)] : [inter(3)], { ticks: 0 });
  }
  camera.end();
  let worst = 0;
  let pictures = 0;
  for (const fragment of camera.recorder.fragments) {
    // Its first picture was taken so many seconds after the start.
    worst = Math.max(worst, Math.abs(fragment.wallStart - (start + pictures * 1_000_000)));
    pictures += fragment.pictures.length;
  }
  return { worst, runs: camera.recorder.fragments.filter(({ startsRun }) => startsRun).length };
}

describeWith(['ffmpeg'], 'real B-frames', () => {
  let video: EncodedVideo;

  beforeAll(async () => {
    video = await encodeVideo({ frames: 60, gop: 20, bFrames: 3 });
  });

  const sendReal = (camera: RtpCamera, lose: (i: number) => boolean): void => {
    const start = camera.timestamp;
    for (const [i, frame] of video.frames.entries()) {
      const payloads = [...nalsOf(frame.data)].flatMap((nal) => fragmented(nal, 12));
      const parameters = frame.key ? setNalsOf(video.config) : [];
      const kept = lose(i) ? payloads.slice(0, -1) : payloads;
      camera.picture([...parameters, ...kept], { timestamp: (start + frame.ticks) >>> 0, marker: !lose(i) });
      if (lose(i)) camera.lose();
    }
  };

  it('J31 are recorded in decoding order and shown in theirs', async () => {
    const camera = new RtpCamera();
    sendReal(camera, () => false);
    camera.end();
    expect(await camera.decode()).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(camera.pictures.map(({ ticks }) => ticks)).toEqual(video.frames.map(({ ticks }) => ticks));
  });

  it('J31 of which some are lost: time stays right, and nothing stops', async () => {
    const camera = new RtpCamera();
    sendReal(camera, (i) => i % 7 === 2);
    camera.end();
    const kept = video.frames.filter((_, i) => i % 7 !== 2);
    expect(camera.pictures.map(({ ticks }) => ticks)).toEqual(kept.map(({ ticks }) => ticks));
    expect(camera.hub.counters.framesDamaged).toBe(60 - kept.length);
    for (const [i, { startTicks }] of camera.recorder.fragments.entries()) {
      expect(startTicks).toBe(camera.recorder.fragments[i - 1]?.endTicks ?? 0);
    }
    expect((await camera.decodeAll()).frames).toBeGreaterThan(kept.length / 2);
  });
});
