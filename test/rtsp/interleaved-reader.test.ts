import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InterleavedHandler, InterleavedReader } from '../../src/rtsp/interleaved-reader.ts';

/** What was found, as text. */
class Log implements InterleavedHandler {
  readonly found: string[] = [];
  streaming = true;

  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    this.found.push(`$${channel} ${buffer.toString('hex', start, end)}`);
  }

  message(head: Parameters<InterleavedHandler['message']>[0], body: Buffer): void {
    this.found.push(
      head.kind === 'response' ? `${head.status} ${body.toString()}` : `${head.method} ${body.toString()}`,
    );
  }

  expects(channel: number): boolean {
    return channel < 2;
  }
}

const frame = (channel: number, content: Buffer): Buffer => {
  const head = Buffer.from([0x24, channel, content.length >> 8, content.length & 0xff]);
  return Buffer.concat([head, content]);
};
/** RTP: version 2 in the first byte. */
const rtp = (length: number, fill: number): Buffer =>
  Buffer.concat([Buffer.from([0x80]), Buffer.alloc(length, fill)]);
const response = (body: string): Buffer =>
  Buffer.from(`RTSP/1.0 200 OK\r\nCSeq: 4\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
const request = Buffer.from('OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 9\r\n\r\n');

/** Reads `bytes` in pieces, each in a buffer that is overwritten afterwards, as the shared one is. */
function read(bytes: Buffer, cuts: readonly number[], log = new Log()) {
  const reader = new InterleavedReader(log);
  const shared = Buffer.alloc(bytes.length);
  let problem: string | undefined;
  let at = 0;
  for (const cut of [
    ...cuts.filter((position) => position < bytes.length).toSorted((a, b) => a - b),
    bytes.length,
  ]) {
    const length = bytes.copy(shared, 0, at, cut);
    problem ??= reader.read(shared, length);
    shared.fill(0xcc);
    at = cut;
  }
  return { found: log.found, problem, reader };
}

const stream = Buffer.concat([
  response('hello'),
  frame(0, rtp(10, 1)),
  frame(1, rtp(300, 2)),
  request,
  frame(0, rtp(0, 0)),
  Buffer.from('\r\n'),
  response(''),
  frame(0, rtp(2_500, 0x24)),
  frame(0, Buffer.alloc(0)),
]);
const whole = read(stream, []).found;

describe('interleaved reader', () => {
  it('finds frames, responses and requests', () => {
    expect(whole.map((line) => line.slice(0, 9))).toEqual([
      ...['200 hello', '$0 800101', '$1 800202', 'OPTIONS ', '$0 80', '200 ', '$0 802424', '$0 '],
    ]);
  });

  it('finds the same wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length - 1), { maxLength: 40 }), (cuts) => {
        expect(read(stream, cuts).found).toEqual(whole);
      }),
      { numRuns: 500 },
    );
    expect(
      read(
        stream,
        Array.from({ length: stream.length }, (_, i) => i),
      ).found,
    ).toEqual(whole);
  });

  it('gets over garbage while media flows, and counts it', () => {
    const bytes = Buffer.concat([frame(0, rtp(20, 1)), Buffer.alloc(500, 0xa5), frame(0, rtp(20, 2))]);
    for (const cuts of [[], [30], [24, 25, 26, 300, 525]]) {
      const { found, problem, reader } = read(bytes, cuts);
      expect(found).toHaveLength(2);
      expect(problem).toBeUndefined();
      expect(reader.garbageBytes).toBe(500);
    }
  });

  it('gives up when nothing but garbage comes', () => {
    const { problem } = read(Buffer.alloc(300_000, 0xa5), [50_000, 100_000, 200_000]);
    expect(problem).toBeDefined();
  });

  it('takes garbage before any media for what it is: no RTSP', () => {
    const log = new Log();
    log.streaming = false;
    expect(read(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), [], log).problem).toBeDefined();
  });

  it('neither throws nor keeps everything, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3_000 }),
        fc.array(fc.nat(2_999), { maxLength: 5 }),
        (bytes, cuts) => {
          read(Buffer.from(bytes), cuts);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
