import type { VideoConfig } from '../media/video-config.ts';
import { INTER, INTRA_PICTURE, INTRA_SLICE, type IntraKind } from './random-access.ts';

/** What a NAL unit means for finding the borders of pictures. */
export const NAL_OTHER = 0;
/** May only stand before the first slice of a picture: delimiter, supplemental information. */
export const NAL_PREFIX = 1;
export const NAL_SLICE = 2;
export const NAL_KEY_SLICE = 3;
export const NAL_PARAMETER_SET = 4;
/** No part of a picture: filler, types that no standard knows (J21). */
export const NAL_SKIP = 5;
export type NalKind = 0 | 1 | 2 | 3 | 4 | 5;

/**
 * What a receiver must know of a codec's NAL units, as tables by byte: looked up for every packet.
 *
 *      H.264:  |F|NRI|  Type   |  content …            H.265:  |F|   Type    |  LayerId  | TID |  content …
 *               1  2      5                                     1      6           6        3
 */
export interface NalSyntax {
  readonly headerBytes: 1 | 2;
  /** By the first byte of the header, whatever its forbidden bit says. */
  readonly kinds: readonly NalKind[];
  /** By the first byte of the header: supplemental enhancement information that stands before its picture. */
  readonly isSei: readonly boolean[];
  /** By the first byte after the header of a slice, if a picture starts with it: whether it is intra coded. */
  readonly intra: readonly IntraKind[];
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);

/** Rec. ITU-T H.264 table 7-1. Partitions B and C (3, 4) tell no position, so they go with what is before them. */
function h264Kind(type: number): NalKind {
  if (type === 5) return NAL_KEY_SLICE;
  if (type === 1 || type === 2) return NAL_SLICE;
  if (type === 7 || type === 8) return NAL_PARAMETER_SET;
  if (type === 6 || type === 9 || type === 14 || type === 15) return NAL_PREFIX;
  return type === 0 || type === 12 || type >= 22 ? NAL_SKIP : NAL_OTHER;
}

/** Rec. ITU-T H.265 table 7-1; 16 to 21 are random access points. */
function h265Kind(type: number): NalKind {
  if (type >= 16 && type <= 21) return NAL_KEY_SLICE;
  if (type <= 9) return NAL_SLICE;
  if (type >= 32 && type <= 34) return NAL_PARAMETER_SET;
  if (type === 35 || type === 39) return NAL_PREFIX;
  return type === 36 || type === 37 || type === 40 ? NAL_OTHER : NAL_SKIP;
}

/** `first_mb_in_slice` 0 is a single 1 bit, then `slice_type`, Exp-Golomb coded: 2 or 4, for all slices 7 or 9. */
function h264Intra(byte: number): IntraKind {
  if (byte === 0b1_0001000 || byte === 0b1_0001010) return INTRA_PICTURE;
  return (byte & 0b1_111_0000) === 0b1_011_0000 || (byte & 0b1_11111_00) === 0b1_00101_00
    ? INTRA_SLICE
    : INTER;
}

/** `first_slice_segment_in_pic_flag`, `slice_pic_parameter_set_id` 0, then `slice_type` 2. */
function h265Intra(byte: number): IntraKind {
  return (byte & 0b1_1_111_000) === 0b1_1_011_000 ? INTRA_SLICE : INTER;
}

export const NAL_SYNTAX: Readonly<Record<VideoConfig['codec'], NalSyntax>> = {
  h264: {
    headerBytes: 1,
    kinds: BYTES.map((byte) => h264Kind(byte & 0x1f)),
    isSei: BYTES.map((byte) => (byte & 0x1f) === 6),
    intra: BYTES.map(h264Intra),
  },
  h265: {
    headerBytes: 2,
    kinds: BYTES.map((byte) => h265Kind((byte >> 1) & 0x3f)),
    isSei: BYTES.map((byte) => ((byte >> 1) & 0x3f) === 39),
    intra: BYTES.map(h265Intra),
  },
};

/**
 * `first_mb_in_slice` is 0, or `first_slice_segment_in_pic_flag` is set: in both codecs the first bit after the header
 * of a slice.
 */
export function startsPicture(byte: number): boolean {
  return byte >= 0x80;
}
