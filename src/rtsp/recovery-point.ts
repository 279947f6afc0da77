import { BitReader, unescapeNal } from '../media/bit-reader.ts';

const RECOVERY_POINT = 6;
/** Recovery points stand among small messages; what lies further behind is user data. */
const SEARCHED_BYTES = 512;

/**
 * Looks for a recovery point in supplemental enhancement information (H.264 section D.1.8, H.265 section D.2.8): from
 * this picture on a decoder gets right pictures, though it is no IDR picture.
 * @param start after the header of the NAL unit
 * @returns how many pictures later (H.264), or how far on in picture order (H.265); -1 when there is none
 */
export function findRecoveryPoint(
  codec: 'h264' | 'h265',
  buffer: Uint8Array,
  start: number,
  end: number,
): number {
  // Most messages of a stream are one user data message: told by its first byte, without a copy.
  if (end - start < 3 || (buffer[start] as number) > RECOVERY_POINT) return -1;
  const bytes = unescapeNal(buffer.subarray(start, Math.min(end, start + SEARCHED_BYTES)));
  let at = 0;
  // The last byte holds the stop bit.
  while (at + 2 < bytes.length) {
    let type = 0;
    while (bytes[at] === 0xff) type += bytes[at++] as number;
    type += bytes[at++] ?? 0;
    let size = 0;
    while (bytes[at] === 0xff) size += bytes[at++] as number;
    size += bytes[at++] ?? 0;
    if (type === RECOVERY_POINT && at < bytes.length) {
      const bits = new BitReader(bytes.subarray(at, at + size));
      const count = codec === 'h264' ? bits.ue() : Math.abs(bits.se());
      return bits.overrun ? -1 : count;
    }
    at += size;
  }
  return -1;
}
