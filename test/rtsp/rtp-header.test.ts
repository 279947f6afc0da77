import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRtpHeader, readRtpHeader, type RtpHeader } from '../../src/rtsp/rtp-header.ts';

interface Packet {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly csrcs: number;
  /** Words of header extension, -1 for none. */
  readonly extension: number;
  readonly payload: Uint8Array;
  /** Bytes of padding, 0 for none. */
  readonly padding: number;
}

/** Written field by field from RFC 3550, apart from the reader. */
function build(packet: Packet): Buffer {
  const head = Buffer.alloc(12 + packet.csrcs * 4, 0xcc);
  head[0] = 0x80 + (packet.padding > 0 ? 0x20 : 0) + (packet.extension >= 0 ? 0x10 : 0) + packet.csrcs;
  head[1] = (packet.marker ? 0x80 : 0) + packet.payloadType;
  head.writeUInt16BE(packet.sequence, 2);
  head.writeUInt32BE(packet.timestamp, 4);
  head.writeUInt32BE(packet.ssrc, 8);
  const extension = packet.extension < 0 ? Buffer.alloc(0) : Buffer.alloc(4 + packet.extension * 4, 0xee);
  if (packet.extension >= 0) extension.writeUInt16BE(packet.extension, 2);
  const padding = Buffer.alloc(packet.padding);
  if (packet.padding > 0) padding[packet.padding - 1] = packet.padding;
  return Buffer.concat([head, extension, packet.payload, padding]);
}

const PLAIN: Packet = {
  payloadType: 96,
  marker: false,
  sequence: 1,
  timestamp: 2,
  ssrc: 3,
  csrcs: 0,
  extension: -1,
  payload: Buffer.from('payload'),
  padding: 0,
};

/** In the middle of a larger buffer full of ones, so that reading too far shows. */
function read(bytes: Uint8Array): { header: RtpHeader; payload: Buffer } | undefined {
  const shared = Buffer.alloc(bytes.length + 64, 0xff);
  shared.set(bytes, 32);
  const header = createRtpHeader();
  if (!readRtpHeader(shared, 32, 32 + bytes.length, header)) return undefined;
  return { header, payload: shared.subarray(header.payloadStart, header.payloadEnd) };
}

describe('an RTP header', () => {
  it('I3 is read with CSRCs, extension and padding', () => {
    const packet = fc.record({
      payloadType: fc.nat({ max: 127 }),
      marker: fc.boolean(),
      sequence: fc.nat({ max: 0xffff }),
      timestamp: fc.nat({ max: 0xffff_ffff }),
      ssrc: fc.nat({ max: 0xffff_ffff }),
      csrcs: fc.nat({ max: 15 }),
      extension: fc.integer({ min: -1, max: 20 }),
      payload: fc.uint8Array({ maxLength: 40 }),
      padding: fc.nat({ max: 255 }),
    });
    fc.assert(
      fc.property(packet, (sent) => {
        const got = read(build(sent));
        const { payloadType, marker, sequence, timestamp, ssrc } = sent;
        expect(got?.header).toMatchObject({ payloadType, marker, sequence, timestamp, ssrc });
        expect([...(got?.payload ?? [])]).toEqual([...sent.payload]);
      }),
    );
  });

  it('I3 a packet of padding only has an empty payload', () => {
    expect(read(build({ ...PLAIN, payload: Buffer.alloc(0), padding: 8 }))?.payload).toHaveLength(0);
    expect(read(build({ ...PLAIN, payload: Buffer.alloc(0) }))?.payload).toHaveLength(0);
  });

  it('I3 padding of zero bytes is none, and more padding than payload is a lie', () => {
    const zero = build({ ...PLAIN, payload: Buffer.from([1, 2, 0]) });
    zero[0] = 0xa0;
    expect(read(zero)?.payload).toEqual(Buffer.from([1, 2, 0]));
    const lie = build({ ...PLAIN, payload: Buffer.from([1, 2, 4]) });
    lie[0] = 0xa0;
    expect(read(lie)).toBeUndefined();
  });

  it('I3 an extension or CSRCs beyond the packet are refused', () => {
    const extended = build({ ...PLAIN, extension: 3 });
    expect(read(extended.subarray(0, 27))).toBeUndefined();
    expect(read(extended.subarray(0, 28))?.payload).toHaveLength(0);
    expect(read(extended.subarray(0, 14))).toBeUndefined();
    const sources = build({ ...PLAIN, csrcs: 4, payload: Buffer.alloc(0) });
    expect(read(sources.subarray(0, 27))).toBeUndefined();
    expect(read(sources)).toBeDefined();
  });

  it('is refused with another version, cut short, or out of bounds', () => {
    const bytes = build(PLAIN);
    for (const first of [0x00, 0x40, 0xc0]) {
      bytes[0] = first;
      expect(read(bytes)).toBeUndefined();
    }
    const whole = build({ ...PLAIN, payload: Buffer.alloc(0) });
    for (let length = 0; length < 12; length++) expect(read(whole.subarray(0, length))).toBeUndefined();
    expect(readRtpHeader(whole, 0, 13, createRtpHeader())).toBe(false);
    expect(readRtpHeader(whole, -1, 12, createRtpHeader())).toBe(false);
  });

  it('I5 a packet larger than any network card would send is read as well', () => {
    expect(read(build({ ...PLAIN, payload: Buffer.alloc(60_000, 7) }))?.payload).toHaveLength(60_000);
  });

  it('leaves the last header alone when it fails', () => {
    const header = createRtpHeader();
    readRtpHeader(build(PLAIN), 0, 19, header);
    const before = { ...header };
    expect(readRtpHeader(Buffer.alloc(40), 0, 40, header)).toBe(false);
    expect(header).toEqual(before);
  });

  it('any bytes are read inside their bounds', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.integer({ min: -5, max: 90 }),
        fc.integer({ min: -5, max: 90 }),
        (bytes, start, end) => {
          if (bytes[start] !== undefined) bytes[start] = 0x80 | (bytes[start] & 0x3f);
          const header = createRtpHeader();
          if (!readRtpHeader(bytes, start, end, header)) return;
          expect(header.payloadStart).toBeGreaterThanOrEqual(start + 12);
          expect(header.payloadEnd).toBeGreaterThanOrEqual(header.payloadStart);
          expect(header.payloadEnd).toBeLessThanOrEqual(end);
        },
      ),
    );
  });
});
