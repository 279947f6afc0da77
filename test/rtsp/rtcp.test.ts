import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildReceiverReport,
  createSenderReport,
  isRtcp,
  type ReceptionReport,
  readSenderReport,
  type SenderReport,
  saysGoodbye,
} from '../../src/rtsp/rtcp.ts';

const REPORT: SenderReport = {
  ssrc: 0xcafe_babe,
  ntpSeconds: 0xe800_0001,
  ntpFraction: 0x8000_0000,
  rtpTime: 0xffff_fff0,
  packetCount: 12,
  octetCount: 3456,
};

function packet(type: number, count: number, body: Buffer): Buffer {
  const head = Buffer.from([0x80 | count, type, 0, 0]);
  head.writeUInt16BE(body.length / 4, 2);
  return Buffer.concat([head, body]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
}

const sender = (report: SenderReport, ...blocks: number[]): Buffer =>
  packet(
    200,
    blocks.length / 6,
    words(
      report.ssrc,
      report.ntpSeconds,
      report.ntpFraction,
      report.rtpTime,
      report.packetCount,
      report.octetCount,
      ...blocks,
    ),
  );
const goodbye = (...sources: number[]): Buffer => packet(203, sources.length, words(...sources));
const receiver = packet(201, 0, words(1));
/** A name of six bytes fills its chunk to the word, with nothing left to end the list. */
const endlessName = packet(202, 1, Buffer.concat([words(1), Buffer.from([1, 6]), Buffer.from('camera')]));

function read(bytes: Buffer, ssrc?: number): SenderReport | undefined {
  const shared = Buffer.concat([Buffer.alloc(5, 0x80), bytes, Buffer.alloc(40, 0xc8)]);
  const out = createSenderReport();
  return readSenderReport(shared, 5, 5 + bytes.length, out, ssrc) ? out : undefined;
}

describe('a compound', () => {
  it('holds a sender report, with or without reports on others', () => {
    expect(read(sender(REPORT))).toEqual(REPORT);
    expect(read(sender(REPORT, 9, 9, 9, 9, 9, 9))).toEqual(REPORT);
  });

  it('I9 a source description without an end hides nothing', () => {
    expect(read(Buffer.concat([endlessName, sender(REPORT)]))).toEqual(REPORT);
    expect(saysGoodbye(Buffer.concat([endlessName, goodbye(7)]), 0, endlessName.length + 8, 7)).toBe(true);
  });

  it('I10 a report of a foreign source is passed over when a source is named', () => {
    const bytes = Buffer.concat([sender({ ...REPORT, ssrc: 5 }), sender(REPORT)]);
    expect(read(bytes)?.ssrc).toBe(5);
    expect(read(bytes, REPORT.ssrc)).toEqual(REPORT);
    expect(read(bytes, 6)).toBeUndefined();
  });

  it('I11 may hold none', () => {
    expect(read(Buffer.concat([receiver, endlessName]))).toBeUndefined();
    expect(read(Buffer.alloc(0))).toBeUndefined();
  });

  it('I11 a report that claims more than was sent is read as far as it goes', () => {
    const claims = sender(REPORT);
    claims.writeUInt16BE(500, 2);
    expect(read(claims)).toEqual(REPORT);
    expect(read(claims.subarray(0, 27))).toBeUndefined();
  });

  it('says goodbye for its sources', () => {
    const bytes = Buffer.concat([receiver, goodbye(7, 8)]);
    const ends = (ssrc?: number): boolean => saysGoodbye(bytes, 0, bytes.length, ssrc);
    expect([ends(), ends(7), ends(8), ends(9)]).toEqual([true, true, true, false]);
    expect(saysGoodbye(receiver, 0, receiver.length)).toBe(false);
    const cut = goodbye(7, 8).subarray(0, 8);
    expect([saysGoodbye(cut, 0, 8, 7), saysGoodbye(cut, 0, 8, 8)]).toEqual([true, false]);
  });

  it('B16 is told from RTP by its type', () => {
    expect(isRtcp(receiver, 0, receiver.length)).toBe(true);
    expect(isRtcp(Buffer.from([0x80, 0xe0, 0, 1]), 0, 4)).toBe(false);
    expect(isRtcp(Buffer.from([0x80, 0x60, 0, 1]), 0, 4)).toBe(false);
    expect(isRtcp(Buffer.from([0x40, 0xc8, 0, 1]), 0, 4)).toBe(false);
    expect(isRtcp(receiver, 0, 3)).toBe(false);
  });

  it('of any bytes is walked to its end without throwing', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(receiver, endlessName, goodbye(7), sender(REPORT)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.nat({ max: 20 }), (pieces, cut) => {
        const bytes = Buffer.concat(pieces);
        const end = Math.max(0, bytes.length - cut);
        readSenderReport(bytes, 0, end, createSenderReport());
        saysGoodbye(bytes, 0, end, 7);
        readSenderReport(bytes, 3, bytes.length + 9, createSenderReport());
      }),
    );
  });
});

describe('a receiver report', () => {
  const source: ReceptionReport = {
    ssrc: 0xcafe_babe,
    fractionLost: 64,
    cumulativeLost: 1000,
    highestSequence: 0x0002_fffe,
    jitter: 77,
    lastSenderReport: 0xb705_2000,
    delaySinceLastSenderReport: 0x0005_4000,
  };

  it('is written word by word', () => {
    const bytes = buildReceiverReport({ ssrc: 0x1122_3344, source }, 'vigie');
    expect(bytes.toString('hex')).toBe(
      [
        '81c90007 11223344 cafebabe 400003e8 0002fffe 0000004d b7052000 00054000',
        '81ca0003 11223344 01057669 67696500',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  it('comes as a frame of the connection', () => {
    const bytes = buildReceiverReport({ ssrc: 1, source }, 'vigie', 3);
    expect([...bytes.subarray(0, 4)]).toEqual([0x24, 3, 0, 48]);
    expect(bytes).toHaveLength(52);
  });

  it('can be sent before anything was received', () => {
    const bytes = buildReceiverReport({ ssrc: 1, source: undefined }, 'v');
    expect(bytes.subarray(0, 8).toString('hex')).toBe('80c9000100000001');
  });

  it.each([
    [-1, 'ffffff'],
    [-9_000_000, '800000'],
    [9_000_000, '7fffff'],
  ])('keeps a loss of %i within 24 bits', (cumulativeLost, hex) => {
    const bytes = buildReceiverReport({ ssrc: 1, source: { ...source, cumulativeLost } }, 'v');
    expect(bytes.subarray(13, 16).toString('hex')).toBe(hex);
  });

  it('is a compound whose lengths add up, with a name of any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.boolean(), (name, isEmpty) => {
        const bytes = buildReceiverReport({ ssrc: 1, source: isEmpty ? undefined : source }, name);
        const reportBytes = (bytes.readUInt16BE(2) + 1) * 4;
        const descriptionBytes = (bytes.readUInt16BE(reportBytes + 2) + 1) * 4;
        expect(reportBytes + descriptionBytes).toBe(bytes.length);
        expect(bytes[reportBytes + 1]).toBe(202);
        const nameBytes = bytes[reportBytes + 9] ?? 0;
        expect(nameBytes).toBe(Math.min(255, Buffer.byteLength(name)));
        // RFC 3550 section 6.5: at least one zero ends the list.
        expect(bytes.subarray(reportBytes + 10 + nameBytes).length).toBeGreaterThanOrEqual(1);
        expect(bytes.at(-1)).toBe(0);
        expect(isRtcp(bytes, 0, bytes.length)).toBe(true);
      }),
    );
  });
});
