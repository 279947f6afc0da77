import { createHash } from 'node:crypto';
import type { VideoConfig } from '../../src/media/video-config.ts';
import { encodeVideo } from '../../test/support/video.ts';

/** A group of pictures of a camera of 4 Mbit/s: two seconds at 25 a second, the key frame some times as large. */
export const PICTURES = 50;
export const FRAME_TICKS = 3_600;
const KEY_BYTES = 120_000;
const OTHER_BYTES = 18_000;

/** Slices of that size, as NAL units without start codes. What is in them is noise, and always the same. */
export function groupOfPictures(): readonly Buffer[] {
  return Array.from({ length: PICTURES }, (_, index) => {
    const nal = noise(index === 0 ? KEY_BYTES : OTHER_BYTES, index);
    // nal_ref_idc 3, an IDR slice or another one; then first_mb_in_slice 0.
    nal[0] = index === 0 ? 0x65 : 0x61;
    nal[1] = 0x80 | (nal[1] as number);
    return nal;
  });
}

function noise(bytes: number, seed: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes; at += 32) {
    blocks.push(createHash('sha256').update(`${seed} ${at}`).digest());
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}

let config: Promise<VideoConfig> | undefined;

/** The decoder configuration of a real encoder. */
export function realConfig(): Promise<VideoConfig> {
  config ??= encodeVideo({ frames: 2, gop: 2 }).then((video) => video.config);
  return config;
}
