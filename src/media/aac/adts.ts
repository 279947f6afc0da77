import { aacChannels, aacRate, buildAudioSpecificConfig } from './audio-specific-config.ts';

/** One to be filled again and again. */
export interface AdtsHeader {
  headerBytes: number;
  /** Header and payload. */
  frameBytes: number;
  /** Bytes 2 and 3 without what changes from frame to frame: the same number means the same configuration. */
  fingerprint: number;
}

const SHORT_BYTES = 7;
const LONG_BYTES = 9;

export const createAdtsHeader = (): AdtsHeader => ({ headerBytes: 0, frameBytes: 0, fingerprint: 0 });

/**
 * An ADTS header (ISO/IEC 14496-3 section 1.A.2.2), which some cameras leave in front of each AAC frame.
 *
 *     +----------------+-+--+-+--+----+-+---+-----+-------------+-----------+--+-----------------+
 *     | 12 ones        |i|00|p|ot| sfi|x|chn|xxxx | frameBytes  | fullness  |nb| CRC, if p is 0  |
 *     |                |1|2 |1|2 | 4  |1| 3 | 4   |    13       |   11      |2 |     16          |
 *     +----------------+-+--+-+--+----+-+---+-----+-------------+-----------+--+-----------------+
 *
 * `false`, with `out` untouched, when there is none, or one of several blocks (nb), which nobody sends. No AAC frame by
 * itself begins like this: it would be an empty one. Runs for every frame and allocates nothing.
 */
export function readAdtsHeader(source: Uint8Array, start: number, end: number, out: AdtsHeader): boolean {
  if (end - start < SHORT_BYTES) return false;
  const second = source[start + 1] as number;
  if (source[start] !== 0xff || (second & 0xf6) !== 0xf0) return false;
  const third = source[start + 2] as number;
  const fourth = source[start + 3] as number;
  const headerBytes = (second & 1) === 1 ? SHORT_BYTES : LONG_BYTES;
  const frameBytes =
    ((fourth & 3) << 11) | ((source[start + 4] as number) << 3) | ((source[start + 5] as number) >> 5);
  const blocks = (source[start + 6] as number) & 3;
  if (frameBytes < headerBytes || blocks !== 0 || aacRate((third >> 2) & 15) === 0) return false;
  out.headerBytes = headerBytes;
  out.frameBytes = frameBytes;
  out.fingerprint = ((third & 0xfd) << 8) | (fourth & 0xc0);
  return true;
}

/** The AudioSpecificConfig that an ADTS header stands for; `undefined` when it leaves the channels open. */
export function configOfAdts({ fingerprint }: AdtsHeader): Uint8Array | undefined {
  const channels = aacChannels(((fingerprint >> 6) & 3) | ((fingerprint >> 6) & 4));
  if (channels === 0) return undefined;
  return buildAudioSpecificConfig(aacRate((fingerprint >> 10) & 15), channels, (fingerprint >> 14) + 1);
}
