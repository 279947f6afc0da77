import { decodeFragmentIndex, encodeFragmentIndex } from '../../../src/media/fragment-index.ts';
import { type SegmentWalk, walkSegment } from '../../../src/media/mp4/segment-walk.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** A segment file after a crash or a fault of the disk. */
export const target: FuzzTarget = {
  name: 'segment-walk',
  maxBytes: 64 * 1024,
  tokens: [
    ...[
      'moov',
      'moof',
      'mdat',
      'uuid',
      'prft',
      'traf',
      'trun',
      'tfdt',
      '\0\0\0\x08',
      '\0\0\0\x01',
      '\0\0\0\0',
    ],
    ...['\xff\xff\xff\xff', '\0\x01\x86\xa0'],
  ].map((token) => Buffer.from(token, 'latin1')),
  async run(bytes) {
    const found = await walk(bytes, bytes.length);
    check(found, bytes.length);
    // What is left when the torn tail has been cut off is found again, and there is nothing wrong with it.
    if (found.fragments.length > 0) {
      const again = await walk(bytes.subarray(0, found.goodBytes), found.goodBytes);
      hold(again.problem === undefined, `what was kept is whole, but: ${again.problem}`);
      hold(
        JSON.stringify(again.fragments) === JSON.stringify(found.fragments),
        'what was kept is found again',
      );
    }
    // A file that is cut off while it is read.
    check(await walk(bytes.subarray(0, bytes.length >> 1), bytes.length), bytes.length);
  },
};

function walk(bytes: Buffer, size: number): Promise<SegmentWalk> {
  let reads = 0;
  return walkSegment(async (offset, length) => {
    hold(++reads <= 100 + bytes.length, 'a file is read a bounded number of times');
    hold(offset >= 0 && length >= 0 && offset + length <= size, 'nothing behind the end is asked for');
    return bytes.subarray(offset, offset + length);
  }, size);
}

function check(found: SegmentWalk, size: number): void {
  const { headBytes, goodBytes, fragments, durationTicks, mediaStart, wallEnd } = found;
  hold(goodBytes <= size, 'what is good lies in the file');
  hold(fragments.reduce((sum, { bytes }) => sum + bytes, headBytes) === goodBytes, 'the parts add up');
  hold(fragments.length * 8 <= size, 'fragments are bounded');
  hold(fragments.reduce((sum, entry) => sum + entry.durationTicks, 0) === durationTicks, 'durations add up');
  hold([durationTicks, mediaStart, wallEnd].every(Number.isSafeInteger), 'times are integers');
  const index = decodeFragmentIndex(encodeFragmentIndex(fragments));
  hold(JSON.stringify(index) === JSON.stringify(fragments), 'the catalog can keep what is found');
}
