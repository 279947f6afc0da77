import { describe, expect, it } from 'vitest';
import { findRecoveryPoint } from '../../src/rtsp/recovery-point.ts';
import { BitWriter } from '../support/bit-writer.ts';
import { describeWith } from '../support/components.ts';
import { nalsOf, setNalsOf, setsOf } from '../support/frames.ts';
import { H264, H265 } from '../support/nal-units.ts';
import { fragment } from '../support/rtp.ts';
import { RtpCamera } from '../support/rtp-camera.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

/** A recovery point message after another one, as encoders write them. */
function recoveryPoint(codec: 'h264' | 'h265', count: number): Buffer {
  const payload = (codec === 'h264' ? new BitWriter().ue(count) : new BitWriter().se(count))
    .bits(0b100, 3)
    .escaped();
  const head = codec === 'h264' ? Buffer.of(0x06) : Buffer.of(0x4e, 0x01);
  return Buffer.concat([head, Buffer.of(1, 1, 0x44, 6, payload.length), payload, Buffer.of(0x80)]);
}

/** Like `inter`, but intra coded. */
const intraOf = { h264: [0x41, 0x88], h265: [0x02, 0x01, 0xd8] } as const;
const intra = (codec: 'h264' | 'h265'): Buffer =>
  Buffer.concat([Buffer.from(intraOf[codec]), Buffer.alloc(30, 9)]);

const keysOf = (camera: RtpCamera): number[] => {
  camera.packet(H264.delimiter);
  return camera.end().flatMap(({ key }, i) => (key ? [i] : []));
};

describe.each([H264, H265])('where $codec can be decoded from', ({ codec, sets, key, inter }) => {
  it.each([0, 1, 7, 59, 300])(
    'J30 a recovery point after %i pictures is found among other messages',
    (count) => {
      const nal = recoveryPoint(codec, count);
      const headBytes = codec === 'h264' ? 1 : 2;
      expect(findRecoveryPoint(codec, nal, headBytes, nal.length)).toBe(count);
      for (let end = 0; end < nal.length - 2; end++) {
        expect(findRecoveryPoint(codec, nal, headBytes, end)).toBeLessThanOrEqual(count);
      }
      const userData = Buffer.concat([nal.subarray(0, headBytes), Buffer.of(5, 1, 6, 0x80)]);
      expect(findRecoveryPoint(codec, userData, headBytes, userData.length)).toBe(-1);
    },
  );

  it('J30 an intra picture that is announced as a recovery point is a key frame', () => {
    const camera = new RtpCamera({ codec });
    for (let i = 0; i < 40; i++) {
      if (i % 10 === 0) camera.picture([...sets, recoveryPoint(codec, 0), intra(codec)]);
      else camera.picture([inter(3)]);
    }
    expect(keysOf(camera)).toEqual([0, 10, 20, 30]);
  });

  it('J30 a camera that announces one with every picture is not believed', () => {
    const camera = new RtpCamera({ codec });
    for (let i = 0; i < 300; i++) {
      camera.picture([
        ...(i % 50 === 0 ? [...sets] : []),
        recoveryPoint(codec, 0),
        i % 50 === 0 ? key(1) : inter(3),
      ]);
    }
    expect(keysOf(camera)).toEqual([0, 50, 100, 150, 200, 250]);
  });

  it('J30 gradual refresh: after a hundred pictures without a key frame a recovery point will do', () => {
    const camera = new RtpCamera({ codec });
    for (let i = 0; i < 240; i++) {
      camera.picture([...(i % 30 === 0 ? [...sets, recoveryPoint(codec, 29)] : []), inter(3)]);
    }
    // The first 120 pictures had been waited for.
    expect(keysOf(camera)).toEqual([0, 30, 60, 90]);
    expect(camera.pictures).toHaveLength(120);
  });

  it('J30 intra pictures without any announcement: only in a stream that has nothing else', () => {
    const without = new RtpCamera({ codec });
    for (let i = 0; i < 240; i++) without.picture(i % 30 === 0 ? [...sets, intra(codec)] : [inter(3)]);
    expect(keysOf(without)).toEqual([0, 30, 60, 90]);
    const smart = new RtpCamera({ codec });
    for (let i = 0; i < 1_400; i++) {
      smart.picture(i % 500 === 0 ? [...sets, key(1)] : i % 50 === 0 ? [intra(codec)] : [inter(3)]);
    }
    expect(keysOf(smart)).toEqual([0, 500, 1_000]);
  });
});

describe('where H.265 can be decoded from', () => {
  const { sets, inter } = H265;
  const picture = (type: number): Buffer =>
    Buffer.concat([Buffer.of(type << 1, 1, 0xaf), Buffer.alloc(20, 5)]);

  it.each([
    ['BLA_W_LP', 16],
    ['BLA_W_RADL', 17],
    ['BLA_N_LP', 18],
    ['IDR_W_RADL', 19],
    ['IDR_N_LP', 20],
    ['CRA', 21],
  ])('J30 %s is a key frame', (_, type) => {
    const camera = new RtpCamera({ codec: 'h265' });
    for (let i = 0; i < 30; i++) camera.picture(i % 10 === 0 ? [...sets, picture(type)] : [inter(3)]);
    expect(keysOf(camera)).toEqual([0, 10, 20]);
  });

  it('J30 what is shown before the key frame that a run begins with is left out, later it is kept', () => {
    const camera = new RtpCamera({ codec: 'h265', fragmentTicks: 40_000 });
    const first = camera.timestamp;
    for (let group = 0; group < 3; group++) {
      const at = (n: number): { timestamp: number } => ({
        timestamp: (first + (group * 10 + n) * 3_600) >>> 0,
      });
      camera.picture([...sets, picture(21)], at(3));
      // RASL pictures: decoded after the CRA, shown before it.
      for (const n of [1, 2]) camera.picture([picture(9)], at(n));
      for (let n = 4; n <= 10; n++) camera.picture([inter(3)], at(n));
    }
    const pictures = camera.end();
    expect(pictures.map(({ ticks }) => ticks / 3_600)).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6, 7],
      ...[10, 8, 9, 11, 12, 13, 14, 15, 16, 17],
      ...[20, 18, 19, 21, 22, 23, 24, 25, 26, 27],
    ]);
    expect(camera.hub.counters.framesDamaged).toBe(0);
    const [one, two] = camera.recorder.fragments;
    expect(two?.startTicks).toBe(one?.endTicks);
  });
});

describeWith(['ffmpeg'], 'real H.264 without IDR pictures', () => {
  const send = (camera: RtpCamera, video: EncodedVideo, from: number): void => {
    const start = camera.timestamp;
    for (const frame of video.frames.slice(from)) {
      const payloads = [...nalsOf(frame.data)].flatMap((nal) => fragment(nal, 100));
      const sets = frame.key ? setNalsOf(video.config) : [];
      camera.picture([...sets, ...payloads], { timestamp: (start + frame.ticks) >>> 0 });
    }
    camera.end();
  };

  it('J30 open groups with B-frames: each begins a fragment, and decodes from its beginning', async () => {
    const video = await encodeVideo({ frames: 60, gop: 15, openGop: true, bFrames: 2 });
    const whole = new RtpCamera({ sets: setsOf(video.config), fragmentTicks: 90_000 });
    send(whole, video, 0);
    expect(whole.pictures.filter(({ key }) => key)).toHaveLength(4);
    expect((await whole.decode()).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i));

    // The connection begins in the middle: the first picture of the second group is no IDR picture.
    const middle = video.frames.findIndex(({ ticks }, i) => i > 1 && ticks === 15 * 3_600);
    expect(middle).toBeGreaterThan(0);
    const late = new RtpCamera({ sets: setsOf(video.config) });
    send(late, video, middle);
    expect(await late.decode()).toEqual(Array.from({ length: 45 }, (_, i) => 15 + i));
  });

  it('J30 intra refresh: recorded from its recovery point on, right after one refresh', async () => {
    const video = await encodeVideo({ frames: 260, gop: 20, intraRefresh: true });
    expect(
      video.frames.slice(1).some(({ data }) => [...nalsOf(data)].some((nal) => ((nal[0] ?? 0) & 31) === 5)),
    ).toBe(false);
    const camera = new RtpCamera({ sets: setsOf(video.config) });
    send(camera, video, 3);
    const numbers = await camera.decode();
    expect(numbers.length).toBeGreaterThan(120);
    expect(numbers.slice(20)).toEqual(
      Array.from({ length: numbers.length - 20 }, (_, i) => 280 - numbers.length + i),
    );
  });
});
