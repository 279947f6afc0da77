import { momentSchema, rangeOf } from '../../../src/api/moments.ts';
import { parseSegmentId, segmentKey } from '../../../src/catalog/segment-id.ts';
import { VigieError } from '../../../src/errors/catalog.ts';
import { readByteRange } from '../../../src/playback/byte-range.ts';
import { formatIso, parseIso } from '../../../src/time/iso.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** Lines: from, to, Range header, segment. */
export const target: FuzzTarget = {
  name: 'api-query',
  tokens: [
    ...[
      '2026-11-23T17:00:00.000000Z',
      '+01:00',
      '-00:00',
      '24:00:00',
      '0000-01-01',
      '9999-12-31',
      '.123456789',
      'T',
      'Z',
    ],
    ...['bytes=', 'bytes=0-', 'bytes=-1', '-', ',', ' ', '\n', '17-1795466400000000', '9'.repeat(400)],
  ],
  run(bytes) {
    const [from = '', to = '', range = '', segment = ''] = bytes.toString('latin1').split('\n');
    const at = parseIso(from);
    if (at !== undefined) {
      hold(Number.isSafeInteger(at), 'a moment is an integer');
      if (at >= 0) hold(parseIso(formatIso(at)) === at, 'a moment means what is shown');
    }
    if (momentSchema.safeParse(from).success)
      hold(at !== undefined, 'what the schema lets through is a moment');
    try {
      const moments = rangeOf({ from, to }, 24);
      hold(
        moments.to > moments.from && moments.to - moments.from <= 24 * 3_600_000_000,
        'a range is bounded',
      );
    } catch (error) {
      if (!(error instanceof VigieError)) throw error;
    }
    for (const size of [0, 1, 1_000, 2 ** 40]) {
      const bytesWanted = readByteRange(range, size);
      if (typeof bytesWanted === 'string') continue;
      const { start, end } = bytesWanted;
      hold(Number.isSafeInteger(start) && Number.isSafeInteger(end), 'positions are integers');
      hold(start >= 0 && start < end && end <= size, 'a byte range lies in the body');
    }
    const id = parseSegmentId(segment);
    if (id) segmentKey('place-d-armes-01', id.cameraNo, id.start);
  },
};
