import { describedOpus, opusBox, opusSamples } from '../../../src/media/opus.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** Packets and identification headers. */
export const target: FuzzTarget = {
  name: 'opus',
  tokens: ['OpusHead', 'OpusHead\x01\x02', '\xfc', '\xff\x3f', '\x7b\x81'].map((token) =>
    Buffer.from(token, 'latin1'),
  ),
  run(bytes) {
    const samples = opusSamples(bytes, 0, bytes.length);
    hold(Number.isInteger(samples) && samples >= 0 && samples <= 5_760, 'a packet has 120 ms at most');
    const box = opusBox(bytes);
    if (!box) return;
    const { channels } = describedOpus(box);
    hold(channels > 0, 'there is a channel');
    const table = bytes[18] === 0 ? 0 : 2 + channels;
    hold(box.length === 11 + table && box[0] === 0, 'a box is the header without its name');
    const view = new DataView(box.buffer, box.byteOffset, box.length);
    hold(view.getUint16(2) === bytes.readUInt16LE(10), 'what is skipped is the same');
    hold(view.getUint32(4) === bytes.readUInt32LE(12), 'the rate is the same');
  },
};
