import { ReorderBuffer } from '../../../src/rtsp/reorder-buffer.ts';
import { type FuzzTarget, hold } from '../target.ts';

const RECORD_BYTES = 5;
const PATIENCE_MICROS = 200_000;

/** Packets: two bytes of sequence number, one of time in 2 ms, two of length; a length of 65535 is another numbering. */
export const target: FuzzTarget = {
  name: 'reorder-buffer',
  maxBytes: 4_096,
  tokens: [
    [0xff, 0xff, 0, 0, 9],
    [0, 0, 0, 0, 9],
    [0, 1, 110, 0, 9],
    [0, 2, 0, 0xff, 0],
    [0, 3, 0, 0xff, 0xff],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const shared = Buffer.alloc(0x1_0000);
    const lengths = new Map<number, number>();
    const delivered = new Set<number>();
    let pushed = 0;
    let handed = 0;
    let last = -1;
    const buffer = new ReorderBuffer((source, start, end, lost) => {
      handed++;
      hold(start >= 0 && end <= source.length && end - start >= 4, 'a packet is there');
      const number = source.readUInt32BE(start);
      hold(lengths.get(number) === end - start, 'a packet is handed on as it came');
      hold(!delivered.has(number), 'a packet is handed on once');
      delivered.add(number);
      const sequence = number & 0xffff;
      const step = last < 0 ? 1 : (sequence - last) & 0xffff;
      hold(last < 0 || (step > 0 && step <= 0x8000), `${sequence} does not come after ${last}`);
      hold(lost || step === 1, 'a loss is said');
      last = sequence;
    });
    let now = 0;
    for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
      const sequence = bytes.readUInt16BE(at);
      now += (bytes[at + 2] as number) * 2_000;
      const length = bytes.readUInt16BE(at + 3);
      if (length === 0xffff) {
        buffer.restart();
        hold(buffer.held === 0, 'nothing of the old numbering waits');
        last = -1;
        continue;
      }
      // Its upper half makes each packet another one; the same sequence number may come again.
      const number = (((pushed++ & 0x7fff) << 16) | sequence) >>> 0;
      shared.writeUInt32BE(number);
      lengths.set(number, Math.max(4, length));
      buffer.push(sequence, shared, 0, Math.max(4, length), now);
      hold(buffer.held <= 128, 'few packets wait');
      hold(handed + buffer.held + buffer.duplicates + buffer.late === pushed, 'each packet is accounted for');
    }
    buffer.expire(now + PATIENCE_MICROS);
    hold(buffer.held === 0, 'none waits for longer');
  },
};
