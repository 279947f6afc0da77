import { BitWriter } from './bit-writer.ts';

/**
 * Small NAL units to test the way of packets with: the parameter sets are real, of slices only the first bytes are. What
 * they hold tells them apart, and contains no zero byte.
 */
export interface NalUnits {
  readonly codec: 'h264' | 'h265';
  readonly sets: readonly Buffer[];
  /** First slice of a key frame. */
  readonly key: (fill: number, bytes?: number) => Buffer;
  /** First slice of any other picture. */
  readonly inter: (fill: number, bytes?: number) => Buffer;
  /** A further slice of the same picture. */
  readonly more: (nal: Buffer) => Buffer;
  readonly delimiter: Buffer;
  readonly information: Buffer;
}

export const SPS = Buffer.from('67640028acd940780227e5c044000003000400000300c83c60c658', 'hex');
export const PPS = Buffer.from('68ebe3cb22c0', 'hex');

const slice = (head: readonly number[], fill: number, bytes: number): Buffer =>
  Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, fill | 1)]);

export const H264: NalUnits = {
  codec: 'h264',
  sets: [SPS, PPS],
  key: (fill, bytes = 40) => slice([0x65, 0x88], fill, bytes),
  inter: (fill, bytes = 30) => slice([0x41, 0x9a], fill, bytes),
  // first_mb_in_slice is not 0.
  more: (nal) => Buffer.concat([nal.subarray(0, 1), Buffer.of(0x21), nal.subarray(2)]),
  delimiter: Buffer.of(0x09, 0xf0),
  information: Buffer.of(0x06, 0x05, 0x02, 0x11, 0x22, 0x80),
};

export const H265: NalUnits = {
  codec: 'h265',
  sets: [
    Buffer.from('40010c01ffff01600000030090000003000003005a959809', 'hex'),
    h265Sps(),
    Buffer.from('4401c172b46240', 'hex'),
  ],
  key: (fill, bytes = 40) => slice([0x26, 0x01, 0xaf], fill, bytes),
  inter: (fill, bytes = 30) => slice([0x02, 0x01, 0xd0], fill, bytes),
  // first_slice_segment_in_pic_flag is not set.
  more: (nal) => Buffer.concat([nal.subarray(0, 2), Buffer.of(0x31), nal.subarray(3)]),
  delimiter: Buffer.of(0x46, 0x01, 0x50),
  information: Buffer.of(0x4e, 0x01, 0x05, 0x02, 0x11, 0x22, 0x80),
};

/** A sequence parameter set, of 640x360 if nothing else is said, whose middle is as `write` makes it: see ITU-T H.265 section 7.3.2.2.1. */
export function h265Sps(
  options: {
    readonly subLayers?: number;
    readonly scalingLists?: (bits: BitWriter) => void;
    readonly referenceSets?: (bits: BitWriter) => void;
    readonly framesPerSecond?: number;
    readonly id?: number;
    readonly width?: number;
    readonly height?: number;
    /** `aspect_ratio_idc`. */
    readonly aspect?: number;
    readonly vui?: boolean;
  } = {},
): Buffer {
  const { subLayers = 1, framesPerSecond = 25, id = 0, width = 640, height = 360, aspect = 2 } = options;
  const bits = new BitWriter();
  bits
    .bits(0, 4)
    .bits(subLayers - 1, 3)
    .bits(1, 1);
  // Main profile, level 4.
  bits.bits(1, 8).bits(0x6000_0000, 32).bits(0, 24).bits(0, 24).bits(120, 8);
  for (let i = 1; i < subLayers; i++) bits.bits(3, 2);
  if (subLayers > 1) bits.bits(0, 2 * (9 - subLayers));
  for (let i = 1; i < subLayers; i++) for (let byte = 0; byte < 12; byte++) bits.bits(0x55, 8);
  bits.ue(id).ue(1).ue(width).ue(height).bits(0, 1).ue(0).ue(0).ue(4).bits(1, 1);
  for (let i = 0; i < subLayers; i++) bits.ue(4).ue(2).ue(0);
  bits.ue(0).ue(3).ue(0).ue(3).ue(0).ue(0);
  if (options.scalingLists) {
    bits.bits(0b11, 2);
    options.scalingLists(bits);
  } else {
    bits.bits(0, 1);
  }
  bits.bits(0b11, 2).bits(0, 1);
  if (options.referenceSets) options.referenceSets(bits);
  else bits.ue(0);
  bits.bits(0, 1).bits(0b11, 2);
  // VUI: shape of the pixels, timing.
  if (options.vui === false) return Buffer.concat([Buffer.of(0x42, 0x01), bits.bits(0, 1).escaped()]);
  bits.bits(1, 1).bits(1, 1).bits(aspect, 8).bits(0, 3).bits(0, 3).bits(0, 1);
  bits.bits(1, 1).bits(1, 32).bits(framesPerSecond, 32).bits(0, 2).bits(0, 1);
  return Buffer.concat([Buffer.of(0x42, 0x01), bits.escaped()]);
}
