import type { VideoConfig } from '../../src/media/video-config.ts';

/** One RTP packet as a camera sends it. */
export function rtpPacket(packet: {
  readonly sequence: number;
  readonly timestamp?: number;
  readonly marker?: boolean;
  readonly payloadType?: number;
  readonly ssrc?: number;
  readonly payload: Uint8Array;
}): Buffer {
  const head = Buffer.alloc(12);
  head[0] = 0x80;
  head[1] = (packet.marker ? 0x80 : 0) | (packet.payloadType ?? 96);
  head.writeUInt16BE(packet.sequence & 0xffff, 2);
  head.writeUInt32BE((packet.timestamp ?? 0) >>> 0, 4);
  head.writeUInt32BE(packet.ssrc ?? 0x1234, 8);
  return Buffer.concat([head, packet.payload]);
}

/** STAP-A (RFC 6184 section 5.7.1) or aggregation packet (RFC 7798 section 4.4.2) of NAL units. */
export function aggregate(nals: readonly Uint8Array[], codec: VideoConfig['codec'] = 'h264'): Buffer {
  const head = codec === 'h264' ? Buffer.of(24) : Buffer.of(48 << 1, 1);
  return Buffer.concat([head, ...nals.flatMap((nal) => [uint16(nal.length), nal])]);
}

/** FU-A (RFC 6184 section 5.8) or fragmentation units (RFC 7798 section 4.4.3), `size` bytes of content each. */
export function fragment(nal: Uint8Array, size: number, codec: VideoConfig['codec'] = 'h264'): Buffer[] {
  const first = nal[0] ?? 0;
  const headBytes = codec === 'h264' ? 1 : 2;
  const count = Math.max(1, Math.ceil((nal.length - headBytes) / size));
  return Array.from({ length: count }, (_, i) => {
    const flags = (i === 0 ? 0x80 : 0) | (i === count - 1 ? 0x40 : 0);
    const head =
      codec === 'h264'
        ? Buffer.of((first & 0xe0) | 28, flags | (first & 0x1f))
        : Buffer.of((first & 0x81) | (49 << 1), nal[1] ?? 0, flags | ((first >> 1) & 0x3f));
    return Buffer.concat([head, nal.subarray(headBytes + i * size, headBytes + (i + 1) * size)]);
  });
}

/** NAL units with start codes before them, as in a file (H.264 annex B). */
export const annexB = (...nals: readonly Uint8Array[]): Buffer =>
  Buffer.concat(nals.flatMap((nal) => [Buffer.of(0, 0, 0, 1), nal]));

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}
