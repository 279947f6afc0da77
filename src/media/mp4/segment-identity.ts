import { type WallMicros, wallMicros } from '../../time/units.ts';
import { readBoxHeader, readU32, readU64 } from './box-reader.ts';

/** What a segment file says of itself, so that its catalog row can be made again from the file alone. */
export interface SegmentIdentity {
  readonly cameraNo: number;
  readonly cameraId: string;
  /** Wall time of the first sample of the segment, and of the run that it belongs to. */
  readonly start: WallMicros;
  readonly runStart: WallMicros;
}

/** Extended type of the box (ISO/IEC 14496-12 section 4.2): `vigie-segment-1` and a zero. */
const TYPE = new TextEncoder().encode('vigie-segment-1\0');
const HEAD_BYTES = 8 + 16;
const FIELDS_BYTES = 4 + 4 + 8 + 8;
const MAX_ID_BYTES = 1024;

/**
 *      +------+--------+-----------------+---------+----------+-----------+-------------+--------------+
 *      | size | 'uuid' | extended type   | version | cameraNo | start, µs | runStart, µs| cameraId …   |
 *      |  4   |   4    |       16        |    4    |    4     |    8      |      8      |   UTF-8      |
 *      +------+--------+-----------------+---------+----------+-----------+-------------+--------------+
 */
export function buildSegmentIdentity(identity: SegmentIdentity): Uint8Array {
  const id = new TextEncoder().encode(identity.cameraId);
  const bytes = new Uint8Array(HEAD_BYTES + FIELDS_BYTES + id.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length);
  bytes.set(new TextEncoder().encode('uuid'), 4);
  bytes.set(TYPE, 8);
  view.setUint32(HEAD_BYTES, 1);
  view.setUint32(HEAD_BYTES + 4, identity.cameraNo);
  view.setBigUint64(HEAD_BYTES + 8, BigInt(identity.start));
  view.setBigUint64(HEAD_BYTES + 16, BigInt(identity.runStart));
  bytes.set(id, HEAD_BYTES + FIELDS_BYTES);
  return bytes;
}

/** Reads the box that starts at byte 0; `undefined` when it is another one, or not whole. */
export function parseSegmentIdentity(box: Uint8Array): SegmentIdentity | undefined {
  const header = readBoxHeader(box, 0);
  if (header?.type !== 'uuid' || header.headerBytes !== 8 || header.size > box.length) return undefined;
  const idBytes = header.size - HEAD_BYTES - FIELDS_BYTES;
  if (idBytes < 0 || idBytes > MAX_ID_BYTES) return undefined;
  if (!TYPE.every((byte, i) => box[8 + i] === byte) || readU32(box, HEAD_BYTES) !== 1) return undefined;
  const start = readU64(box, HEAD_BYTES + 8);
  const runStart = readU64(box, HEAD_BYTES + 16);
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(runStart)) return undefined;
  return {
    cameraNo: readU32(box, HEAD_BYTES + 4),
    cameraId: new TextDecoder().decode(box.subarray(HEAD_BYTES + FIELDS_BYTES, header.size)),
    start: wallMicros(start),
    runStart: wallMicros(runStart),
  };
}
