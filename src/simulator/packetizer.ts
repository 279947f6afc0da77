import type { AccessUnit } from './access-unit.ts';
import { blankIdentityNal, identityDigitsOffset, patchIdentity } from './frame-identity.ts';
import { nalRole, nalType, type VideoCodec } from './nal-unit.ts';

/** RTP payload type of everything that the simulator sends: the first dynamic one (RFC 3551). */
export const PAYLOAD_TYPE = 96;
/** Keeps an RTP packet below an Ethernet frame, as cameras do even over TCP. */
export const MAX_PAYLOAD_BYTES = 1_400;

const INTERLEAVED_BYTES = 4;
const RTP_BYTES = 12;
const HEADER_BYTES = INTERLEAVED_BYTES + RTP_BYTES;

/**
 * One picture, ready to send: its RTP packets back to back, each in its interleaved frame (RFC 2326 section
 * 10.12, RFC 3550 section 5.1). Made once a clip and shared by all clients.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |      '$'      |   channel *   |  length of the RTP packet     |
 *     +---+-+-+-------+-+-------------+-------------------------------+
 *     |V=2|P|X|  CC   |M|     PT      |       sequence number *       |
 *     +---+-+-+-------+-+-------------+-------------------------------+
 *     |                          timestamp *                          |
 *     +---------------------------------------------------------------+
 *     |                            SSRC *                             |
 *     +---------------------------------------------------------------+
 *
 * What is starred belongs to a client and is patched in place just before the one write of the frame.
 */
export interface PacketizedFrame {
  /** Replaced by a copy when a socket still holds it: see `ownBytes`. */
  bytes: Buffer;
  /** A socket has not finished with `bytes`. */
  held: boolean;
  /** Where each packet's `$` is. */
  readonly packetOffsets: Uint32Array;
  readonly key: boolean;
  /** Where the digits of the frame's identity are; -1 when it carries none. */
  readonly identityOffset: number;
}

export interface ClientFields {
  readonly channel: number;
  readonly ssrc: number;
  readonly session: number;
}

/**
 * Packs one access unit: RFC 6184 (single NAL, STAP-A, FU-A) or RFC 7798 (single NAL, AP, FU).
 * @param most bytes of a payload; at least 4
 */
export function packetizeUnit(
  unit: AccessUnit,
  codec: VideoCodec,
  identity: boolean,
  most = MAX_PAYLOAD_BYTES,
): PacketizedFrame {
  const payloads: Buffer[] = [];
  let parameters: Buffer[] = [];
  let identityPacket = -1;
  for (const nal of unit.nals) {
    const role = nalRole(nal, codec);
    if (role === 'parameters') {
      parameters.push(nal);
      continue;
    }
    payloads.push(...aggregate(parameters, codec, most));
    parameters = [];
    if (identity && identityPacket < 0 && (role === 'slice' || role === 'key-slice')) {
      identityPacket = payloads.length;
      payloads.push(blankIdentityNal(codec));
    }
    payloads.push(...fragment(nal, codec, most));
  }
  payloads.push(...aggregate(parameters, codec, most));

  const packetOffsets = new Uint32Array(payloads.length);
  const bytes = Buffer.alloc(payloads.reduce((sum, payload) => sum + HEADER_BYTES + payload.length, 0));
  let at = 0;
  for (const [i, payload] of payloads.entries()) {
    packetOffsets[i] = at;
    bytes[at] = 0x24;
    bytes.writeUInt16BE(RTP_BYTES + payload.length, at + 2);
    bytes[at + 4] = 0x80;
    bytes[at + 5] = PAYLOAD_TYPE | (i === payloads.length - 1 ? 0x80 : 0);
    payload.copy(bytes, at + HEADER_BYTES);
    at += HEADER_BYTES + payload.length;
  }
  const identityOffset =
    identityPacket < 0
      ? -1
      : (packetOffsets[identityPacket] as number) + HEADER_BYTES + identityDigitsOffset(codec);
  return { bytes, held: false, packetOffsets, key: unit.key, identityOffset };
}

/** Makes the frame one client's. Called for every frame sent: allocates nothing. */
export function patchFrame(
  frame: PacketizedFrame,
  client: ClientFields,
  firstSequence: number,
  timestamp: number,
  frameNumber: number,
): void {
  const { bytes, packetOffsets } = frame;
  const { channel, ssrc } = client;
  let sequence = firstSequence;
  for (let i = 0; i < packetOffsets.length; i++) {
    const at = packetOffsets[i] as number;
    bytes[at + 1] = channel;
    bytes[at + 6] = sequence >>> 8;
    bytes[at + 7] = sequence;
    bytes[at + 8] = timestamp >>> 24;
    bytes[at + 9] = timestamp >>> 16;
    bytes[at + 10] = timestamp >>> 8;
    bytes[at + 11] = timestamp;
    bytes[at + 12] = ssrc >>> 24;
    bytes[at + 13] = ssrc >>> 16;
    bytes[at + 14] = ssrc >>> 8;
    bytes[at + 15] = ssrc;
    sequence++;
  }
  if (frame.identityOffset >= 0) patchIdentity(bytes, frame.identityOffset, client.session, frameNumber);
}

/**
 * Makes sure that patching the frame changes no bytes that are still on their way to another client: then their memory
 * is left to that socket, and the frame goes on with a copy.
 */
export function ownBytes(frame: PacketizedFrame): void {
  if (!frame.held) return;
  frame.bytes = Buffer.from(frame.bytes);
  frame.held = false;
}

/** Parameter sets travel together (RFC 6184 section 5.7.1, RFC 7798 section 4.4.2) when they fit one packet. */
function aggregate(nals: readonly Buffer[], codec: VideoCodec, most: number): Buffer[] {
  const size = nals.reduce((sum, nal) => sum + 2 + nal.length, 2);
  if (nals.length < 2 || size > most) return nals.flatMap((nal) => fragment(nal, codec, most));
  const parts: Buffer[] = [aggregationHeader(nals, codec)];
  for (const nal of nals) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(nal.length);
    parts.push(length, nal);
  }
  return [Buffer.concat(parts)];
}

function aggregationHeader(nals: readonly Buffer[], codec: VideoCodec): Buffer {
  if (codec === 'h265') return Buffer.from([48 << 1, 1]);
  // STAP-A takes the highest nal_ref_idc of what it carries.
  const importance = Math.max(...nals.map((nal) => (nal[0] ?? 0) & 0x60));
  return Buffer.from([importance | 24]);
}

/** A NAL unit that does not fit one packet travels in pieces (RFC 6184 section 5.8, RFC 7798 section 4.4.3). */
function fragment(nal: Buffer, codec: VideoCodec, most: number): Buffer[] {
  if (nal.length <= most) return [nal];
  const headerBytes = codec === 'h264' ? 1 : 2;
  const first = nal[0] as number;
  const type = nalType(nal, codec);
  const prefix =
    codec === 'h264' ? [(first & 0xe0) | 28, type] : [(first & 0x81) | (49 << 1), nal[1] as number, type];
  const flagsAt = prefix.length - 1;
  const room = most - prefix.length;
  const pieces: Buffer[] = [];
  for (let at = headerBytes; at < nal.length; at += room) {
    const piece = Buffer.concat([Buffer.from(prefix), nal.subarray(at, at + room)]);
    const isFirst = at === headerBytes;
    const isLast = at + room >= nal.length;
    piece[flagsAt] = type | (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0);
    pieces.push(piece);
  }
  return pieces;
}
