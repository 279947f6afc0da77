import { type InterleavedHandler, InterleavedReader } from '../../../src/rtsp/interleaved-reader.ts';
import type { RequestHead, ResponseHead } from '../../../src/rtsp/message.ts';
import { Dice } from '../dice.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** Up to this length an input is also read byte by byte. */
const MAX_SINGLE_BYTES = 1_024;

/** What was found, in words; and that nothing of it lies outside what was read. */
class Log implements InterleavedHandler {
  readonly found: string[] = [];
  readonly streaming: boolean;
  bytes = 0;

  constructor(streaming: boolean) {
    this.streaming = streaming;
  }

  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    hold(
      start >= 0 && start <= end && end <= buffer.length && end - start <= 0xffff,
      'a frame is in its buffer',
    );
    this.bytes += 4 + end - start;
    this.found.push(`$${channel} ${buffer.toString('latin1', start, end)}`);
  }

  message(head: ResponseHead | RequestHead, body: Buffer): void {
    hold(body.length === head.contentLength, 'a body is as long as its head says');
    this.bytes += head.headBytes + body.length;
    const line = head.kind === 'response' ? `${head.status} ${head.reason}` : `${head.method} ${head.url}`;
    this.found.push(`${line} ${head.cseq} ${body.toString('latin1')}`);
  }

  expects(channel: number): boolean {
    return channel < 2;
  }
}

/** Reads in pieces, each in a buffer that is overwritten afterwards, as the shared one is. */
function read(bytes: Buffer, cuts: readonly number[], streaming: boolean): Log & { problem?: boolean } {
  const log: Log & { problem?: boolean } = new Log(streaming);
  const reader = new InterleavedReader(log);
  const shared = Buffer.alloc(bytes.length);
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    const length = bytes.copy(shared, 0, at, cut);
    log.problem = reader.read(shared, length) !== undefined;
    shared.fill(0xcc, 0, length);
    at = cut;
  }
  hold(log.bytes <= bytes.length, 'no more is found than was there');
  return log;
}

export const target: FuzzTarget = {
  name: 'rtsp-stream',
  maxBytes: 64 * 1024,
  cost: 4,
  tokens: [
    ...['\r\n', '\n', '\r\n\r\n', 'CSeq: ', 'Content-Length: ', 'RTSP/1.0 200 OK\r\n', 'RTSP/', 'RTS', 'R'],
    ...[
      'OPTIONS * RTSP/1.0\r\n',
      'Session: ',
      '$',
      '$\0',
      '$\0\0\x0c\x80',
      '$\x01\0\x1c\x80\xc8',
      '$\x07\0\x01\x80',
    ],
  ].map((token) => Buffer.from(token, 'latin1')),
  run(bytes) {
    const dice = new Dice(bytes.length);
    for (const streaming of [true, false]) {
      const whole = read(bytes, [], streaming);
      const some = Array.from({ length: 1 + dice.below(12) }, () => dice.below(bytes.length + 1));
      const ways = [some.toSorted((a, b) => a - b)];
      if (bytes.length <= MAX_SINGLE_BYTES) ways.push(Array.from(bytes.keys()));
      for (const cuts of ways) {
        const cut = read(bytes, cuts, streaming);
        hold(
          cut.found.length === whole.found.length && cut.found.every((line, i) => line === whole.found[i]),
          `cut at ${cuts.slice(0, 20).join()} gives other messages:\n${cut.found.join('\n')}\ninstead of\n${whole.found.join('\n')}`,
        );
        hold(cut.problem === whole.problem, 'what cannot be read does not depend on where it is cut');
      }
    }
  },
};
