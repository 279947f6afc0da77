import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkReader } from '../../src/rtmp/chunk-reader.ts';
import type { RtmpProblem } from '../../src/rtmp/problem.ts';
import { basicHeader, type ChunkOptions, chunks } from '../support/rtmp-client.ts';

interface Read {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: string;
}

/** All messages of some bytes that come in pieces; the problem that ends it comes last. */
function readAll(pieces: readonly Buffer[], reader = new ChunkReader(1_000_000)): (Read | RtmpProblem)[] {
  const found: (Read | RtmpProblem)[] = [];
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const next = reader.read(piece, at);
      if (typeof next !== 'number') return [...found, next];
      expect(next).toBeGreaterThan(at);
      at = next;
      const { message } = reader;
      if (!message) continue;
      const payload = message.payload.toString('latin1', 0, message.length);
      found.push({ type: message.type, timestamp: message.timestamp, payload });
      reader.release();
    }
  }
  return found;
}

const text = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => 97 + (i % 26)));
const message = (timestamp: number, length: number, options: ChunkOptions = {}): Buffer =>
  chunks(9, timestamp, text(length), { chunkStream: 6, ...options });
const timestamps = (...pieces: readonly Buffer[]): unknown[] =>
  readAll(pieces).map((one) => ('timestamp' in one ? one.timestamp : one.reason));

describe('chunks', () => {
  it('L2: ids of chunk streams have one, two or three bytes', () => {
    for (const chunkStream of [2, 63, 64, 319, 320, 577, 65_599]) {
      expect(readAll([message(5, 300, { chunkStream })])).toEqual([
        { type: 9, timestamp: 5, payload: text(300).toString() },
      ]);
    }
  });

  it('L2: messages take turns on chunk streams whose ids differ in one byte, or in the order of two', () => {
    const ids = [3, 64 + 3, 64 + 1 + 2 * 256, 64 + 2 + 1 * 256, 64 + 1 + 3 * 256];
    const halves = ids.map((chunkStream) => {
      const bytes = message(chunkStream, 200, { chunkStream });
      const first = basicHeader(0, chunkStream).length + 11 + 128;
      return [bytes.subarray(0, first), bytes.subarray(first)] as const;
    });
    const pieces = [...halves.map(([first]) => first), ...halves.map(([, second]) => second)];
    const whole = text(200).toString();
    expect(readAll(pieces)).toEqual(ids.map((timestamp) => ({ type: 9, timestamp, payload: whole })));
  });

  it('L3: an extended timestamp is repeated in chunks of type 3, or not, with every length of the last chunk', () => {
    for (const timestamp of [0xff_fffe, 0xff_ffff, 0x100_0000, 0x6162_6364, 0xffff_ffff]) {
      for (const extendedOnce of [false, true]) {
        // What would follow the header looks like letters, as the timestamp 0x61626364 does: that one is ambiguous.
        if (extendedOnce && timestamp === 0x6162_6364) continue;
        for (let length = 120; length < 140; length++) {
          const sent = message(timestamp, length, { extendedOnce });
          const read = { type: 9, timestamp, payload: text(length).toString() };
          expect(readAll([sent, sent])).toEqual([read, read]);
        }
      }
    }
  });

  it('L3: a difference may be extended, too', () => {
    expect(timestamps(message(1_000, 9), message(0x100_0000, 9, { format: 1 }))).toEqual([1_000, 0x100_03e8]);
  });

  it('L4: a message that begins with type 3 repeats the last difference, which after type 0 is its timestamp', () => {
    const again = Buffer.concat([basicHeader(3, 6), text(9)]);
    expect(timestamps(message(40, 9), again, again)).toEqual([40, 80, 120]);
    expect(timestamps(message(1_000, 9), message(40, 9, { format: 1 }), again, again)).toEqual([
      1_000, 1_040, 1_080, 1_120,
    ]);
    expect(timestamps(message(0, 9), again)).toEqual([0, 0]);
  });

  it('L4: each chunk stream counts for itself', () => {
    const audio = (timestamp: number, format: 0 | 1): Buffer =>
      chunks(8, timestamp, text(4), { chunkStream: 4, format });
    expect(timestamps(message(100, 9), audio(7, 0), message(40, 9, { format: 1 }), audio(23, 1))).toEqual([
      100, 7, 140, 30,
    ]);
  });

  it('L11: timestamps wrap at 32 bits, and may start again', () => {
    expect(timestamps(message(0xffff_fff0, 9), message(0x20, 9, { format: 1 }), message(0, 9))).toEqual([
      0xffff_fff0, 0x10, 0,
    ]);
  });

  it('L5: a chunk size takes effect with the next chunk, and only one that chunks can have', () => {
    const reader = new ChunkReader(1_000_000);
    for (const size of [0, -1, 0x100_0000, 0xffff_ffff]) expect(reader.setChunkSize(size)).toBe(false);
    expect(reader.setChunkSize(1)).toBe(true);
    expect(readAll([message(1, 5, { chunkSize: 1 })], reader)).toHaveLength(1);
    expect(reader.setChunkSize(0xff_ffff)).toBe(true);
    expect(readAll([message(1, 90_000, { chunkSize: 0xff_ffff })], reader)).toHaveLength(1);
  });

  it('takes the header that librtmp begins chunk stream 2 with, and no other that leaves something out', () => {
    expect(timestamps(chunks(4, 0, text(6), { chunkStream: 2, format: 1 }))).toEqual([0]);
    for (const format of [2, 3] as const) {
      expect(readAll([message(0, 9, { format })])).toMatchObject([{ cause: 'protocol' }]);
    }
  });

  it('ends with a message that begins inside another, that is too long, and with too many chunk streams', () => {
    const half = message(0, 300).subarray(0, 140);
    expect(readAll([half, message(0, 9)])).toMatchObject([{ cause: 'protocol' }]);
    expect(readAll([message(0, 1_001)], new ChunkReader(1_000))).toMatchObject([{ cause: 'limit' }]);
    const many = Array.from({ length: 17 }, (_, i) => message(0, 9, { chunkStream: 10 + i }));
    expect(readAll(many).at(-1)).toMatchObject({ cause: 'limit' });
    expect(readAll(many)).toHaveLength(17);
  });

  it('forgets a message that its sender gave up', () => {
    const reader = new ChunkReader(1_000);
    readAll([message(0, 300).subarray(0, 140)], reader);
    reader.abort(6);
    reader.abort(60);
    expect(readAll([message(7, 9)], reader)).toEqual([
      { type: 9, timestamp: 7, payload: text(9).toString() },
    ]);
  });

  it('reads the same however the bytes are cut into pieces', () => {
    const piecewise = fc.record({
      messages: fc.array(
        fc.record({
          timestamp: fc.nat({ max: 0xffff_ffff }),
          length: fc.integer({ min: 0, max: 700 }),
          chunkStream: fc.constantFrom(2, 6, 63, 64, 320, 65_599),
          extendedOnce: fc.boolean(),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      cuts: fc.array(fc.nat({ max: 200 }), { minLength: 1 }),
    });
    fc.assert(
      fc.property(piecewise, ({ messages, cuts }) => {
        // Letters never look like a timestamp that is left out.
        const bytes = Buffer.concat(
          messages.map(({ timestamp, length, chunkStream, extendedOnce }) =>
            message((timestamp & 0x7f7f_7f7f) | 0x0100_0000, length, {
              chunkStream,
              extendedOnce: extendedOnce && length > 0 && (timestamp & 0x6000_0000) === 0,
            }),
          ),
        );
        const pieces: Buffer[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const size = 1 + (cuts[cut % cuts.length] ?? 0);
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(readAll(pieces)).toEqual(readAll([bytes]));
        expect(readAll([bytes])).toHaveLength(messages.length);
      }),
    );
  });

  it('L7: any bytes at all are read, or refused, without throwing', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 })), (pieces) => {
        readAll(
          pieces.map((piece) => Buffer.from(piece)),
          new ChunkReader(4_096),
        );
      }),
    );
  });
});
