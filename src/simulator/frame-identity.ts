import { nalType, type VideoCodec } from './nal-unit.ts';

/**
 * Each picture that a simulated camera sends carries its own identity, in a NAL unit that every recorder keeps
 * and every decoder ignores: supplemental enhancement information "user data unregistered" (H.264 section
 * D.1.7, H.265 section D.2.7). So a checker can prove from recorded files alone that no frame was lost, doubled
 * or put out of order.
 *
 *      H.264  06       05 20  <UUID, 16 bytes>  <session, 6 digits>  <frame, 10 digits>  80
 *      H.265  4e 01    05 20  <UUID, 16 bytes>  <session, 6 digits>  <frame, 10 digits>  80
 *
 * Numbers are hexadecimal ASCII digits: they can be patched in place and never need emulation prevention.
 */
export interface FrameIdentity {
  /** Which connection to the simulator: each PLAY is a new one, from 0. */
  readonly session: number;
  /** Running number of the frame in its session, from 0; frames that the camera dropped have used one up, too. */
  readonly frame: number;
}

const UUID = Buffer.from('vigie-frame-id-1', 'latin1');
const SESSION_DIGITS = 6;
const FRAME_DIGITS = 10;
const PAYLOAD_BYTES = UUID.length + SESSION_DIGITS + FRAME_DIGITS;
const SEI_HEADER = { h264: Buffer.from([0x06]), h265: Buffer.from([0x4e, 0x01]) } as const;
const SEI_TYPE = { h264: 6, h265: 39 } as const;

/** The NAL unit with all digits zero, to be filled in by `patchIdentity`. */
export function blankIdentityNal(codec: VideoCodec): Buffer {
  return Buffer.concat([
    SEI_HEADER[codec],
    Buffer.from([0x05, PAYLOAD_BYTES]),
    UUID,
    Buffer.alloc(SESSION_DIGITS + FRAME_DIGITS, '0'),
    Buffer.from([0x80]),
  ]);
}

/** Where in that NAL unit the digits begin. */
export function identityDigitsOffset(codec: VideoCodec): number {
  return SEI_HEADER[codec].length + 2 + UUID.length;
}

/** Writes the digits. Called for every frame sent: allocates nothing. */
export function patchIdentity(bytes: Buffer, digitsAt: number, session: number, frame: number): void {
  writeHex(bytes, digitsAt, SESSION_DIGITS, session);
  writeHex(bytes, digitsAt + SESSION_DIGITS, FRAME_DIGITS, frame);
}

/** The identity in a NAL unit (without start code or length prefix); `undefined` when it carries none. */
export function frameIdentityOf(nal: Uint8Array, codec: VideoCodec): FrameIdentity | undefined {
  const digitsAt = identityDigitsOffset(codec);
  const end = digitsAt + SESSION_DIGITS + FRAME_DIGITS;
  if (nal.length < end || nalType(nal, codec) !== SEI_TYPE[codec]) return undefined;
  const view = Buffer.from(nal.buffer, nal.byteOffset, nal.byteLength);
  const typeAt = digitsAt - UUID.length - 2;
  if (view[typeAt] !== 0x05 || view[typeAt + 1] !== PAYLOAD_BYTES) return undefined;
  if (!view.subarray(digitsAt - UUID.length, digitsAt).equals(UUID)) return undefined;
  const digits = view.toString('latin1', digitsAt, end);
  if (!/^[0-9a-f]+$/.test(digits)) return undefined;
  return {
    session: Number.parseInt(digits.slice(0, SESSION_DIGITS), 16),
    frame: Number.parseInt(digits.slice(SESSION_DIGITS), 16),
  };
}

function writeHex(bytes: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = digits - 1; i >= 0; i--) {
    const digit = rest % 16;
    bytes[at + i] = digit < 10 ? 0x30 + digit : 0x57 + digit;
    rest = (rest - digit) / 16;
  }
}
