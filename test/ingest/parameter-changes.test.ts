import { beforeAll, describe, expect, it } from 'vitest';
import { ParameterSets } from '../../src/media/parameter-sets.ts';
import type { BitWriter } from '../support/bit-writer.ts';
import { describeWith } from '../support/components.ts';
import { nalsOf, setNalsOf } from '../support/frames.ts';
import { H264, H265, h265Sps, PPS, SPS } from '../support/nal-units.ts';
import { annexB } from '../support/rtp.ts';
import { RtpCamera } from '../support/rtp-camera.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

const { key, inter } = H264;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
/** What a session description announces. */
const announced = (text: string): ParameterSets => {
  const sets = new ParameterSets('h264');
  sets.putSpropParameterSets(text);
  return sets;
};
const OTHER_PPS = Buffer.from('68ebe3cb22c1', 'hex');
/** 640x480, baseline, of a camera that is no more. */
const OTHER_SPS = Buffer.from('6742c01ed900a03da1000003000100000300320f162e48', 'hex');

/** A few pictures, with the sets in front of the first one, or not. */
function group(camera: RtpCamera, sets: readonly Uint8Array[], pictures = 30): void {
  camera.picture([...sets, key(1)]);
  for (let i = 1; i < pictures; i++) camera.picture([inter(3)]);
}

describe('parameter sets', () => {
  it.each([
    ['nothing', ''],
    ['an empty list', ','],
    ['no base64', '!!!,???'],
    ['one set only', base64(SPS)],
    ['no parameter sets at all', `${base64(Buffer.from('MPEG4'))},${base64(Buffer.alloc(40, 0x55))}`],
    ['what looks like one and is none', `${base64(Buffer.from('67ffffffff', 'hex'))},aP8=`],
    ['a set cut short', base64(SPS.subarray(0, 6))],
  ])('J22 announced: %s; those in the stream are taken', (_, sprop) => {
    const camera = new RtpCamera({ sets: announced(sprop) });
    group(camera, H264.sets);
    camera.end();
    expect(camera.recorder.fragments).toHaveLength(1);
    expect(camera.hub.config).toMatchObject({ width: 1920, height: 1080 });
  });

  it.each([
    ['before', annexB(SPS), annexB(PPS)],
    ['after', Buffer.concat([SPS, Buffer.of(0, 0, 0, 1)]), Buffer.concat([PPS, Buffer.of(0, 0, 1)])],
    ['between, in one', annexB(SPS, PPS), Buffer.alloc(0)],
    ['with zeros behind', Buffer.concat([SPS, Buffer.alloc(4)]), Buffer.concat([PPS, Buffer.alloc(2)])],
  ])('J22 announced with start codes %s', (_, sps, pps) => {
    const sets = announced(`${base64(sps)},${base64(pps)}`);
    expect(sets.config()?.decoderConfig).toEqual(
      announced(`${base64(SPS)},${base64(PPS)}`).config()?.decoderConfig,
    );
  });

  it('J23 announced only, never in the stream: recorded with those', () => {
    const camera = new RtpCamera({ sets: announced(`${base64(SPS)},${base64(PPS)}`) });
    group(camera, []);
    camera.end();
    expect(camera.recorder.fragments[0]?.config).toMatchObject({ codecs: 'avc1.640028', width: 1920 });
  });

  it('J24 with junk behind them are read, and make no new configuration when they come again', () => {
    const junk = Buffer.concat([SPS, Buffer.of(0xde, 0xad, 0xbe, 0xef)]);
    const camera = new RtpCamera({ sets: announced(`${base64(SPS)},${base64(PPS)}`) });
    for (let i = 0; i < 3; i++) group(camera, [junk, PPS]);
    camera.end();
    expect(camera.hub.config).toMatchObject({ width: 1920, height: 1080 });
    expect(new Set(camera.recorder.fragments.map(({ config }) => config)).size).toBe(1);
  });

  it('J25 of which one never comes: nothing is recorded, and it can be said which', () => {
    const camera = new RtpCamera();
    group(camera, [SPS]);
    expect(camera.hub.running).toBe(false);
    expect(camera.hub.missingSets).toEqual(['pps']);
    expect(new RtpCamera({ codec: 'h265' }).hub.missingSets).toEqual(['vps', 'sps', 'pps']);
  });

  it('J26 in the stream win over those announced, whatever their numbers', () => {
    const same = new RtpCamera({ sets: announced(`${base64(OTHER_SPS)},${base64(PPS)}`) });
    group(same, H264.sets);
    expect(same.hub.config).toMatchObject({ width: 1920, codecs: 'avc1.640028' });
    const other = new ParameterSets('h265');
    const [vps = Buffer.alloc(0), , pps = Buffer.alloc(0)] = H265.sets;
    other.putSpropH265(base64(vps), base64(h265Sps({ width: 640 })), base64(pps));
    other.put(h265Sps({ id: 2, width: 1280 }));
    // pps_pic_parameter_set_id 1, pps_seq_parameter_set_id 2: 010 011.
    other.put(Buffer.of(0x44, 0x01, 0b0100_1100, 0x90));
    expect(other.config()).toMatchObject({ width: 1280 });
  });

  it('J27 that change begin a new configuration with the key frame, in the same run', () => {
    const camera = new RtpCamera();
    group(camera, H264.sets);
    group(camera, [OTHER_SPS, PPS]);
    camera.end();
    const { fragments, runsEnded } = camera.recorder;
    expect(
      fragments.map(({ config, pictures, startsRun }) => [config.width, pictures.length, startsRun]),
    ).toEqual([
      [1920, 30, true],
      [640, 30, false],
    ]);
    expect(fragments[1]?.startTicks).toBe(fragments[0]?.endTicks);
    expect(runsEnded).toEqual(['offline']);
  });

  it('J27 that change between key frames take effect at the next one', () => {
    const camera = new RtpCamera();
    group(camera, H264.sets);
    camera.packet(OTHER_SPS);
    for (let i = 0; i < 20; i++) camera.picture([inter(5)]);
    group(camera, []);
    camera.end();
    expect(camera.recorder.fragments.map(({ config, pictures }) => [config.width, pictures.length])).toEqual([
      [1920, 50],
      [640, 30],
    ]);
  });

  it('J27 a picture parameter set that any picture may bring goes with that picture', () => {
    const camera = new RtpCamera();
    group(camera, H264.sets);
    camera.picture([OTHER_PPS, inter(5)]);
    camera.picture([inter(7)]);
    const pictures = camera.end();
    expect(pictures.slice(-2).map(({ nals }) => nals)).toEqual([[OTHER_PPS, inter(5)], [inter(7)]]);
    expect(pictures[0]?.nals).toEqual([key(1)]);
  });

  it('J28 of higher numbers, and several of them, are all handed on; the one in use tells the size', () => {
    const sps = (id: number, width: number): Buffer => h265Sps({ id, width });
    const sets = new ParameterSets('h265');
    const [vps = Buffer.alloc(0)] = H265.sets;
    // pps_pic_parameter_set_id 2, pps_seq_parameter_set_id 3: 011 00100.
    for (const nal of [vps, sps(0, 640), sps(3, 1280), Buffer.of(0x44, 0x01, 0b0110_0100, 0x90)])
      sets.put(nal);
    expect(sets.config()).toMatchObject({ width: 1280, height: 360 });
    sets.put(Buffer.of(0x44, 0x01, 0b1100_0000, 0x90));
    expect(sets.config()).toMatchObject({ width: 640 });
    const all = Buffer.from(sets.config()?.decoderConfig ?? []);
    for (const id of [0, 3]) expect(all.includes(sps(id, id === 0 ? 640 : 1280))).toBe(true);
  });
});

describe('H.265 parameter sets that are hard to read', () => {
  const lists = (bits: BitWriter): void => {
    for (let size = 0; size < 4; size++) {
      for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
        if (matrix % 2 === 0) {
          bits.bits(0, 1);
          bits.ue(0);
          continue;
        }
        bits.bits(1, 1);
        if (size > 1) bits.se(-3);
        for (let i = 0; i < Math.min(64, 16 << (2 * size)); i++) bits.se((i % 5) - 2);
      }
    }
  };

  it.each([
    ['sub-layers', { subLayers: 3 }],
    ['scaling lists', { scalingLists: lists }],
    [
      'reference sets predicted from one another',
      {
        referenceSets: (bits: BitWriter) => {
          bits.ue(3);
          // Two pictures before, one after.
          bits.ue(2);
          bits.ue(1);
          for (let i = 0; i < 3; i++) {
            bits.ue(0);
            bits.bits(1, 1);
          }
          // Predicted, two pictures further on, so that none falls on the picture itself: of four two are used, one may be.
          bits.bits(1, 1);
          bits.bits(0, 1);
          bits.ue(1);
          bits.bits(0b1, 1);
          bits.bits(0b00, 2);
          bits.bits(0b01, 2);
          bits.bits(0b1, 1);
          // Predicted from that one: of its three pictures and itself none is left.
          bits.bits(1, 1);
          bits.bits(1, 1);
          bits.ue(2);
          for (let i = 0; i < 4; i++) bits.bits(0b00, 2);
        },
      },
    ],
  ])('J29 with %s are read to their end', (_, options) => {
    const sets = new ParameterSets('h265');
    for (const nal of [H265.sets[0], h265Sps({ ...options, framesPerSecond: 17 }), H265.sets[2]]) {
      sets.put(nal ?? Buffer.alloc(0));
    }
    expect(sets.config()).toMatchObject({
      ...{ width: 640, height: 360, declaredFrameRate: 17, pixelAspect: { width: 12, height: 11 } },
      codecs: 'hvc1.1.6.L120',
    });
  });

  it.each(['h264', 'h265'] as const)(
    'J29 that cannot be read at all (%s) never stop a recording',
    (codec) => {
      const { sets, ...units } = codec === 'h264' ? H264 : H265;
      const camera = new RtpCamera({ codec });
      const unreadable = (nal: Buffer): Buffer =>
        (codec === 'h264' && nal === SPS) || nal === H265.sets[1]
          ? Buffer.concat([nal.subarray(0, 2), Buffer.alloc(12, 0xff)])
          : nal;
      for (let i = 0; i < 60; i++) {
        camera.picture(i % 30 === 0 ? [...sets.map(unreadable), units.key(1)] : [units.inter(3)]);
      }
      expect(camera.end()).toHaveLength(60);
      expect(camera.recorder.fragments[0]?.config).toMatchObject({ width: 0, height: 0 });
      // And then one comes that can.
      const again = new RtpCamera({ codec });
      for (let i = 0; i < 60; i++) {
        const now = i < 30 ? sets.map(unreadable) : sets;
        again.picture(i % 30 === 0 ? [...now, units.key(1)] : [units.inter(3)]);
      }
      again.end();
      expect(again.recorder.fragments.map(({ config }) => config.height)).toEqual([
        0,
        codec === 'h264' ? 1080 : 360,
      ]);
    },
  );
});

describe('pixels that are not square', () => {
  it.each([
    [704, 576, 12, 11],
    [352, 288, 12, 11],
    [704, 480, 10, 11],
    [352, 240, 10, 11],
    [640, 480, 1, 1],
    [640, 360, 1, 1],
    [1920, 1080, 1, 1],
  ])('J33 %ix%i without a word about its pixels is shown %i:%i', (width, height, across, down) => {
    const sets = new ParameterSets('h265');
    for (const nal of [H265.sets[0], h265Sps({ width, height, vui: false }), H265.sets[2]]) {
      sets.put(nal ?? Buffer.alloc(0));
    }
    expect(sets.config()?.pixelAspect).toEqual({ width: across, height: down });
  });

  it('J33 what a stream says itself holds, also that they are square', () => {
    const of = (aspect: number): unknown => {
      const sets = new ParameterSets('h265');
      for (const nal of [H265.sets[0], h265Sps({ width: 704, height: 576, aspect }), H265.sets[2]]) {
        sets.put(nal ?? Buffer.alloc(0));
      }
      return sets.config()?.pixelAspect;
    };
    expect([of(1), of(4), of(0)]).toEqual([
      { width: 1, height: 1 },
      { width: 16, height: 11 },
      { width: 12, height: 11 },
    ]);
  });
});

describeWith(['ffmpeg'], 'real pictures through changes', () => {
  let small: EncodedVideo;
  let large: EncodedVideo;

  beforeAll(async () => {
    small = await encodeVideo({ frames: 30, gop: 30 });
    large = await encodeVideo({ frames: 30, gop: 30, width: 320, height: 192, firstNumber: 30 });
  });

  const send = (camera: RtpCamera, video: EncodedVideo): void => {
    for (const frame of video.frames) {
      const nals = [...nalsOf(frame.data)];
      camera.picture(frame.key ? [...setNalsOf(video.config), ...nals] : nals);
    }
  };
  const from = (first: number): number[] => Array.from({ length: 30 }, (_, i) => first + i);

  it('J27 before and after decode with the configuration of their own', async () => {
    const camera = new RtpCamera();
    send(camera, small);
    send(camera, large);
    camera.end();
    const [first, second] = camera.recorder.fragments;
    expect(await camera.decode(first?.config)).toEqual(from(0));
    expect(await camera.decode(second?.config)).toEqual(from(30));
  });

  it('J29 a set that we could not read decodes elsewhere', async () => {
    const camera = new RtpCamera();
    send(camera, small);
    camera.end();
    const [first] = camera.recorder.fragments;
    if (!first) throw new Error('nothing was recorded');
    const unknown = { ...first.config, width: 0, height: 0 };
    for (const [i, fragment] of camera.recorder.fragments.entries()) {
      camera.recorder.fragments[i] = { ...fragment, config: unknown };
    }
    expect(await camera.decode(unknown)).toEqual(from(0));
  });
});
