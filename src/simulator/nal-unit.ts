import type { VideoConfig } from '../media/video-config.ts';

export type VideoCodec = VideoConfig['codec'];

/** What a NAL unit is for, as far as cutting a clip into pictures and packing it needs to know. */
export type NalRole = 'key-slice' | 'slice' | 'parameters' | 'leading' | 'trailing';

/** ITU-T H.264 table 7-1 and H.265 table 7-1. `leading` may only stand before a picture's slices. */
export function nalRole(nal: Uint8Array, codec: VideoCodec): NalRole {
  const type = nalType(nal, codec);
  if (codec === 'h264') {
    if (type === 5) return 'key-slice';
    if (type >= 1 && type <= 4) return 'slice';
    if (type === 7 || type === 8) return 'parameters';
    return type === 6 || type === 9 || (type >= 14 && type <= 18) ? 'leading' : 'trailing';
  }
  if (type >= 16 && type <= 21) return 'key-slice';
  if (type < 32) return 'slice';
  if (type <= 34) return 'parameters';
  return type === 35 || type === 39 || (type >= 41 && type <= 44) || (type >= 48 && type <= 55)
    ? 'leading'
    : 'trailing';
}

export function nalType(nal: Uint8Array, codec: VideoCodec): number {
  const first = nal[0] ?? 0;
  return codec === 'h264' ? first & 0x1f : (first >> 1) & 0x3f;
}

/** Of a slice: it is the first one of its picture (first_mb_in_slice = 0, first_slice_segment_in_pic_flag). */
export function startsPicture(slice: Uint8Array, codec: VideoCodec): boolean {
  return ((slice[codec === 'h264' ? 1 : 2] ?? 0) & 0x80) !== 0;
}
