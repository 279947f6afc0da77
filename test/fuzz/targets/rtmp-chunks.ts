import { ChunkReader } from '../../../src/rtmp/chunk-reader.ts';
import { MESSAGE } from '../../../src/rtmp/message.ts';
import { chunks } from '../../support/rtmp-client.ts';
import { Dice } from '../dice.ts';
import { type FuzzTarget, hold } from '../target.ts';

const MAX_MESSAGE_BYTES = 4_096;
/** Up to this length an input is also read byte by byte. */
const MAX_SINGLE_BYTES = 1_024;
const MAX_AGAIN = 20;

interface Message {
  readonly type: number;
  readonly timestamp: number;
  readonly streamId: number;
  readonly payload: string;
}

/** As a session reads: in pieces, with the sizes of chunks and the abortions that the messages bring. */
function read(bytes: Buffer, cuts: readonly number[]): { found: Message[]; problem: string } {
  const reader = new ChunkReader(MAX_MESSAGE_BYTES);
  const found: Message[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const piece = Buffer.from(bytes.subarray(from, cut));
    from = cut;
    for (let at = 0; at < piece.length; ) {
      const next = reader.read(piece, at);
      if (typeof next !== 'number') return { found, problem: `${next.cause}: ${next.reason}` };
      hold(next > at && next <= piece.length, 'reading goes on');
      at = next;
      const { message } = reader;
      if (!message) continue;
      const { type, timestamp, streamId, payload, length } = message;
      hold(length <= MAX_MESSAGE_BYTES && length <= payload.length, 'a message is bounded, and there');
      hold(payload.length <= 2 * MAX_MESSAGE_BYTES, 'its memory is bounded');
      found.push({ type, timestamp, streamId, payload: payload.toString('latin1', 0, length) });
      if (type === MESSAGE.setChunkSize && length >= 4) reader.setChunkSize(payload.readUInt32BE());
      if (type === MESSAGE.abort && length >= 4) reader.abort(payload.readUInt32BE());
      reader.release();
    }
  }
  return { found, problem: '' };
}

/** What an encoder sends after the handshake. */
export const target: FuzzTarget = {
  name: 'rtmp-chunks',
  cost: 4,
  tokens: [
    ...[[0x06], [0xc6], [0x46], [0x86], [0x00, 0x10], [0x01, 0x10, 0x02], [0xff, 0xff, 0xff]],
    ...[
      [0xff, 0xff, 0xff, 0, 0, 0x20, 9, 1, 0, 0, 0, 1, 2, 3, 4],
      [0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 8],
      [0x02, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 6],
    ],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const dice = new Dice(bytes.length);
    const whole = read(bytes, []);
    const some = Array.from({ length: 1 + dice.below(12) }, () => dice.below(bytes.length + 1));
    const ways = [some.toSorted((a, b) => a - b)];
    if (bytes.length <= MAX_SINGLE_BYTES) ways.push(Array.from(bytes.keys()));
    for (const cuts of ways) {
      const cut = read(bytes, cuts);
      hold(JSON.stringify(cut) === JSON.stringify(whole), `cut at ${cuts.slice(0, 20).join()} it is another`);
    }
    const again = whole.found.filter(({ type }) => type > MESSAGE.abort).slice(0, MAX_AGAIN);
    const sent = again.map(({ type, timestamp, streamId, payload }) =>
      chunks(type, timestamp, Buffer.from(payload, 'latin1'), { streamId, chunkStream: 6 }),
    );
    const { found, problem } = read(Buffer.concat(sent), []);
    hold(
      problem === '' && JSON.stringify(found) === JSON.stringify(again),
      'what was read can be sent again',
    );
  },
};
