import { buildAvcC } from '../../src/media/h264/decoder-config.ts';
import { buildHvcC } from '../../src/media/h265/decoder-config.ts';
import { type AccessUnit, groupAccessUnits } from '../../src/simulator/access-unit.ts';
import { splitNals } from '../../src/simulator/annexb.ts';
import type { Clip } from '../../src/simulator/clip.ts';
import { blankIdentityNal, identityDigitsOffset } from '../../src/simulator/frame-identity.ts';
import { nalRole, nalType } from '../../src/simulator/nal-unit.ts';

/** One picture as an RTMP message in a single chunk, ready to send: only time and identity are patched in place. */
export interface FlvFrame {
  /** Replaced by a copy while a socket still holds it. */
  bytes: Buffer;
  held: boolean;
  readonly key: boolean;
  readonly identityOffset: number;
}

export interface FlvClip {
  /** The message body that tells a decoder what comes (`avcC` or `hvcC`). */
  readonly start: Buffer;
  readonly frames: readonly FlvFrame[];
}

/**
 * Head of a message with everything said (Adobe RTMP 1.0, section 5.3.1): chunk type 0, with extended timestamp, as
 * that of a run of days needs one.
 *
 *      | 0 and chunk stream 1 | ff ff ff | length 3 | type 1 | stream 4, little endian | time, ms 4 |
 */
const HEAD_BYTES = 16;
const TIME_AT = 12;
const VIDEO_CHUNK_STREAM = 6;
export const VIDEO_MESSAGE = 9;
const STREAM_ID = 1;
const UNIT_DELIMITER = { h264: 9, h265: 35 } as const;

/** FLV video tags (E.4.3 of the FLV specification), H.265 as enhanced RTMP has it. */
export function flvClip(bytes: Buffer, clip: Clip): FlvClip {
  const { codec, parameterSets } = clip;
  const ofType = (type: number): Buffer[] => parameterSets.filter((set) => nalType(set, codec) === type);
  const start =
    codec === 'h264'
      ? Buffer.concat([Buffer.of(0x17, 0, 0, 0, 0), buildAvcC(ofType(7), ofType(8))])
      : Buffer.concat([Buffer.of(0x90), Buffer.from('hvc1'), buildHvcC(ofType(32), ofType(33), ofType(34))]);
  const units = groupAccessUnits(splitNals(bytes), codec);
  return { start, frames: units.map((unit) => flvFrame(unit, codec)) };
}

function flvFrame(unit: AccessUnit, codec: Clip['codec']): FlvFrame {
  const kind = unit.key ? 1 : 2;
  const tag =
    codec === 'h264'
      ? Buffer.of((kind << 4) | 7, 1, 0, 0, 0)
      : Buffer.concat([Buffer.of(0x80 | (kind << 4) | 3), Buffer.from('hvc1')]);
  const parts: Buffer[] = [tag];
  const identity = blankIdentityNal(codec);
  let at = HEAD_BYTES + tag.length;
  let identityOffset = -1;
  const add = (nal: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(nal.length);
    parts.push(length, nal);
    at += 4 + nal.length;
  };
  for (const nal of unit.nals) {
    const role = nalRole(nal, codec);
    if (role === 'parameters' || nalType(nal, codec) === UNIT_DELIMITER[codec]) continue;
    if (identityOffset < 0 && (role === 'slice' || role === 'key-slice')) {
      identityOffset = at + 4 + identityDigitsOffset(codec);
      add(identity);
    }
    add(nal);
  }
  const body = Buffer.concat(parts);
  return { bytes: videoMessage(body), held: false, key: unit.key, identityOffset };
}

/** A whole message of video, at time 0. */
export function videoMessage(body: Buffer): Buffer {
  return Buffer.concat([messageHead(VIDEO_CHUNK_STREAM, VIDEO_MESSAGE, body.length, STREAM_ID), body]);
}

export function messageHead(chunkStream: number, type: number, length: number, streamId: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = chunkStream;
  head.writeUIntBE(0xff_ffff, 1, 3);
  head.writeUIntBE(length, 4, 3);
  head[7] = type;
  head.writeUInt32LE(streamId, 8);
  return head;
}

/** @param millis since the first frame */
export function patchMessageTime(message: Buffer, millis: number): void {
  message.writeUInt32BE(millis % 2 ** 32, TIME_AT);
}
