import { beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../support/components.ts';
import { nalsOf, setNalsOf } from '../support/frames.ts';
import { H264, H265 } from '../support/nal-units.ts';
import { aggregate, annexB, fragment } from '../support/rtp.ts';
import { RtpCamera } from '../support/rtp-camera.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

const FRAMES = 30;

describe.each([H264, H265])(
  'units of $codec within a unit',
  ({ codec, sets, key, inter, more, delimiter }) => {
    const create = (): RtpCamera => new RtpCamera({ codec });
    /** Without the first start code, as it stands in one unit; or with it. */
    const joined = (...nals: readonly Buffer[]): Buffer => annexB(...nals).subarray(4);
    const pictures = (camera: RtpCamera) => {
      camera.packet(delimiter);
      return camera.end().map(({ nals }) => nals);
    };

    it('J17 parameter sets and key frame in one "parameter set"', () => {
      const camera = create();
      camera.picture([joined(...sets, key(1))]);
      camera.picture([inter(3)]);
      expect(pictures(camera)).toEqual([[key(1)], [inter(3)]]);
    });

    it('J16 the same with start codes before, also of three bytes', () => {
      for (const skip of [0, 1]) {
        const camera = create();
        camera.picture([annexB(...sets, key(1)).subarray(skip)]);
        camera.picture([annexB(inter(3)).subarray(skip)]);
        expect(pictures(camera)).toEqual([[key(1)], [inter(3)]]);
      }
    });

    it('J15 in an aggregate', () => {
      const camera = create();
      camera.picture([aggregate([annexB(...sets), joined(key(1), more(key(3)))], codec)]);
      camera.picture([aggregate([annexB(inter(5)), inter(7)], codec)]);
      expect(pictures(camera)).toEqual([[key(1), more(key(3))], [inter(5)], [inter(7)]]);
    });

    it('J16 in fragments, the start codes split at every byte', () => {
      for (let size = 1; size < 40; size++) {
        const camera = create();
        camera.picture(fragment(joined(...sets, key(1), more(key(3))), size, codec));
        camera.picture(fragment(joined(inter(5), more(inter(7))), size, codec));
        expect(pictures(camera)).toEqual([
          [key(1), more(key(3))],
          [inter(5), more(inter(7))],
        ]);
      }
    });

    it('J16 in fragments that begin with a start code', () => {
      for (const skip of [0, 1]) {
        for (let size = 1; size < 40; size++) {
          const camera = create();
          camera.picture(fragment(annexB(...sets, key(1)).subarray(skip), size, codec));
          camera.picture(fragment(annexB(inter(5), more(inter(7))).subarray(skip), size, codec));
          expect(pictures(camera)).toEqual([[key(1)], [inter(5), more(inter(7))]]);
        }
      }
    });

    it('J16 all slices of a picture in one unit, and zeros between them', () => {
      const camera = create();
      camera.picture([...sets, Buffer.concat([joined(key(1), more(key(3))), Buffer.alloc(3)])]);
      camera.picture([Buffer.concat([inter(5), Buffer.alloc(7), Buffer.of(1), more(inter(7))])]);
      expect(pictures(camera)).toEqual([
        [key(1), more(key(3))],
        [inter(5), more(inter(7))],
      ]);
    });

    it('J16 a stream that nests is searched for ever, one that does not no longer than its first slices', () => {
      const camera = create();
      camera.picture([...sets, joined(key(1), more(key(3)))]);
      for (let i = 0; i < 100; i++) camera.picture([inter(5)]);
      camera.picture([joined(inter(5), more(inter(7)))]);
      expect(pictures(camera).at(-1)).toEqual([inter(5), more(inter(7))]);
      const behaved = create();
      behaved.picture([...sets, key(1)]);
      for (let i = 0; i < 100; i++) behaved.picture([inter(5)]);
      behaved.picture([joined(inter(5), more(inter(7)))]);
      expect(pictures(behaved).at(-1)).toHaveLength(1);
      // Parameter sets always are.
      const late = create();
      late.picture([...sets, key(1)]);
      for (let i = 0; i < 100; i++) late.picture([inter(5)]);
      late.picture([joined(...sets, key(9))]);
      expect(pictures(late).at(-1)).toEqual([key(9)]);
    });

    it('J16 a lost fragment of nested units costs that picture only', () => {
      const content = joined(...sets, key(1), more(key(3)));
      const count = fragment(content, 11, codec).length;
      for (let missing = 1; missing < count; missing++) {
        const camera = create();
        camera.picture([joined(...sets, key(1))]);
        for (const [i, piece] of fragment(content, 11, codec).entries()) {
          if (i === missing) camera.lose();
          else camera.packet(piece, { marker: i === count - 1 });
        }
        camera.pass(3_600);
        camera.picture([inter(9)]);
        expect(pictures(camera)).toEqual([[key(1)], [inter(9)]]);
      }
    });
  },
);

describeWith(['ffmpeg'], 'real pictures within a unit', () => {
  let video: EncodedVideo;

  beforeAll(async () => {
    video = await encodeVideo({ frames: FRAMES, gop: 10, slices: 3 });
  });

  const numbers = Array.from({ length: FRAMES }, (_, i) => i);
  const unitsOf = (index: number): Buffer[] => {
    const frame = video.frames[index];
    const nals = [...nalsOf(frame?.data ?? Buffer.alloc(0))].map((nal) => Buffer.from(nal));
    return frame?.key ? [...setNalsOf(video.config).map((nal) => Buffer.from(nal)), ...nals] : nals;
  };

  it.each([
    ['J16 whole', (content: Buffer) => [content]],
    ['J16 in small fragments', (content: Buffer) => fragment(content, 37)],
    ['J16 in fragments of one byte', (content: Buffer) => fragment(content, 1)],
    ['J15 in an aggregate', (content: Buffer) => [aggregate([content])]],
  ])('%s: ffmpeg decodes each of them', async (_, pack) => {
    for (const skip of [0, 4]) {
      const camera = new RtpCamera();
      for (let i = 0; i < FRAMES; i++) camera.picture(pack(annexB(...unitsOf(i)).subarray(skip)));
      camera.end();
      expect(await camera.decode()).toEqual(numbers);
      expect(camera.pictures.every(({ nals }) => nals.length >= 3)).toBe(true);
    }
  });
});
