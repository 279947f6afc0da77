import { boxesIn, type FoundBox } from '../../../src/media/mp4/box-reader.ts';
import { readInit } from '../../../src/media/mp4/init-segment.ts';
import { codecsOf } from '../../../src/media/parameter-sets.ts';
import { parseSegmentIdentity } from '../../../src/media/mp4/segment-identity.ts';
import { type FuzzTarget, hold } from '../target.ts';

const MAX_DEPTH = 8;

/** Boxes, an initialization segment, the identity of a segment: all of whatever stands there. */
export const target: FuzzTarget = {
  name: 'mp4-boxes',
  tokens: [
    ...[
      'moov',
      'trak',
      'mdia',
      'mdhd',
      'minf',
      'stbl',
      'stsd',
      'avc1',
      'hvc1',
      'avcC',
      'hvcC',
      'uuid',
      'ftyp',
      'free',
    ],
    ...['\0\0\0\x08', '\0\0\0\x01', '\0\0\0\0', '\xff\xff\xff\xff', 'vigie-segment-1\0'],
  ].map((token) => Buffer.from(token, 'latin1')),
  run(bytes) {
    walk(bytes, { type: 'file', start: 0, contentStart: 0, end: bytes.length }, 0);
    const init = readInit(bytes);
    if (init) {
      hold(init.bytes <= bytes.length && init.timescale > 0, 'a head lies in its bytes');
      hold(
        init.sampleEntry.length <= bytes.length && init.decoderConfig.length < init.sampleEntry.length,
        'as do its parts',
      );
      codecsOf(init.codec, init.decoderConfig);
    }
    const identity = parseSegmentIdentity(bytes);
    if (identity)
      hold(
        identity.cameraId.length <= 1_024 && Number.isSafeInteger(identity.start),
        'an identity is bounded',
      );
  },
};

function walk(bytes: Buffer, within: FoundBox, depth: number): void {
  let at = within.contentStart;
  for (const box of boxesIn(bytes, within.contentStart, within.end)) {
    hold(
      box.start === at && box.contentStart > box.start && box.end >= box.contentStart,
      'a box follows the one before',
    );
    hold(box.end <= within.end, 'a box lies in its parent');
    if (depth < MAX_DEPTH) walk(bytes, box, depth + 1);
    at = box.end;
  }
}
