import { MESSAGE } from '../../../src/rtmp/message.ts';
import { emptyEntry } from '../../../src/rtmp/media-batch.ts';
import { RtmpInbox } from '../../../src/rtmp/rtmp-inbox.ts';
import { RtmpSource } from '../../../src/rtmp/rtmp-source.ts';
import { CheckedHub } from '../support/checked-hub.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** Kind and timestamp of a message, and its length. */
const HEAD_BYTES = 7;
const MESSAGE_MICROS = 20_000;

/**
 * All that lies between the RTMP thread and the recorder. Messages: a byte that is odd for audio, four of timestamp,
 * two of length, data.
 */
export const target: FuzzTarget = {
  name: 'rtmp-media',
  maxBytes: 48 * 1024,
  cost: 3,
  tokens: [
    ...[
      [0x17, 1, 0, 0, 0],
      [0x17, 0, 0, 0, 0],
      [0x27, 1, 0xff, 0xff, 0xd8],
      [0x1c, 1, 0, 0, 0],
      [0x57],
      [0xaf, 0],
    ],
    ...[[0xaf, 1], [0x72], [0x83], [0x97, 0, 1], [0x96, 0], [0x90], [0x91], [0, 0, 0, 2, 0x65, 0x88]],
  ]
    .map((token) => Buffer.from(token))
    .concat(
      [
        '\x90hvc1',
        '\x91hvc1\0\0\0',
        '\xa3avc1',
        '\x90av01',
        '\x90Opus',
        '\x91Opus',
        '\x90mp4a',
        'OpusHead\x01\x02',
      ].map((token) => Buffer.from(token, 'latin1')),
    ),
  run(bytes) {
    const checked = new CheckedHub();
    const ends: string[] = [];
    const source = new RtmpSource({
      ...{ inbox: new RtmpInbox(), cameraNo: 1, address: 'rtmp://10.0.0.2/live/gare', timeoutMillis: 1_000 },
      sink: checked.hub,
      onBytes: () => checked.wait(MESSAGE_MICROS),
      onEnd: (end) => ends.push(end.kind === 'failure' ? end.reason : end.kind),
    });
    source.published();
    const entry = emptyEntry();
    for (let at = 0; at + HEAD_BYTES < bytes.length; at = entry.end) {
      entry.type = (bytes[at] as number) & 1 ? MESSAGE.audio : MESSAGE.video;
      entry.timestamp = bytes.readUInt32BE(at + 1);
      entry.start = at + HEAD_BYTES;
      entry.end = Math.min(bytes.length, entry.start + bytes.readUInt16BE(at + 5));
      source.media(entry, bytes);
    }
    source.stop();
    hold(ends.length <= 1, 'it ends once');
    hold(
      ends.every((end) => /^[ -~]{5,120}$/.test(end)),
      'why it ended is said',
    );
    checked.finish();
  },
};
