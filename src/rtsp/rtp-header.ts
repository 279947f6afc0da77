/**
 * The header of an RTP packet (RFC 3550 section 5.1), read where it lies.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                           timestamp                           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |           synchronization source (SSRC) identifier            |
 *    +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *    |            contributing sources (CSRC), CC times              |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |  if X: defined by profile     |  length in 32-bit words       |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                 header extension, length words                |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |   payload …            | if P: padding …      | padding count |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export interface RtpHeader {
  payloadType: number;
  marker: boolean;
  sequence: number;
  timestamp: number;
  ssrc: number;
  /** Positions in the buffer that was read; equal for a packet of padding only. */
  payloadStart: number;
  payloadEnd: number;
}

const FIXED_BYTES = 12;

/** One to be filled again and again. */
export function createRtpHeader(): RtpHeader {
  return {
    payloadType: 0,
    marker: false,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
    payloadStart: 0,
    payloadEnd: 0,
  };
}

/**
 * Reads the packet in `buffer[start, end)` into `out`. `false`, with `out` untouched, when it is no RTP or lies about
 * its own length. Runs for every packet and allocates nothing.
 */
export function readRtpHeader(buffer: Uint8Array, start: number, end: number, out: RtpHeader): boolean {
  if (start < 0 || end > buffer.length || end - start < FIXED_BYTES) return false;
  const flags = byteAt(buffer, start);
  if (flags >> 6 !== 2) return false;

  let payloadStart = start + FIXED_BYTES + (flags & 0x0f) * 4;
  if ((flags & 0x10) !== 0) {
    if (payloadStart + 4 > end) return false;
    payloadStart += 4 + uint16At(buffer, payloadStart + 2) * 4;
  }
  if (payloadStart > end) return false;

  let payloadEnd = end;
  if ((flags & 0x20) !== 0 && payloadEnd > payloadStart) {
    // A count of 0 is against the rules and harmless: there is no padding then (I3).
    payloadEnd -= byteAt(buffer, end - 1);
    if (payloadEnd < payloadStart) return false;
  }

  const second = byteAt(buffer, start + 1);
  out.payloadType = second & 0x7f;
  out.marker = second >= 0x80;
  out.sequence = uint16At(buffer, start + 2);
  out.timestamp = uint32At(buffer, start + 4);
  out.ssrc = uint32At(buffer, start + 8);
  out.payloadStart = payloadStart;
  out.payloadEnd = payloadEnd;
  return true;
}

// Bounds are checked above; `?? 0` is for the compiler, and costs nothing in a compiled loop.
const byteAt = (buffer: Uint8Array, at: number): number => buffer[at] ?? 0;
const uint16At = (buffer: Uint8Array, at: number): number =>
  (byteAt(buffer, at) << 8) | byteAt(buffer, at + 1);
const uint32At = (buffer: Uint8Array, at: number): number =>
  ((uint16At(buffer, at) << 16) | uint16At(buffer, at + 2)) >>> 0;
