import { type IntraKind, RandomAccess } from '../../../src/rtsp/random-access.ts';
import { findRecoveryPoint } from '../../../src/rtsp/recovery-point.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** A minute without a key frame, after which anything that looks like one counts. */
const MAX_PATIENCE = 1_500;

/** Supplemental information; and its bytes as pictures, of which some are announced. */
export const target: FuzzTarget = {
  name: 'random-access',
  maxBytes: 8_192,
  tokens: [
    [6, 1, 0x84, 0x80],
    [6, 1, 0xc4, 0x80],
    [0xff, 0xff],
    [1, 4, 0, 0, 3],
    [0, 0, 3],
    [5, 0xff],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    for (const codec of ['h264', 'h265'] as const) {
      const pictures = findRecoveryPoint(codec, bytes, 0, bytes.length);
      hold(
        Number.isInteger(pictures) && pictures >= -1 && pictures < 2 ** 32,
        `${pictures} is a number of pictures`,
      );
    }
    const access = new RandomAccess();
    let since = 0;
    for (const byte of bytes) {
      const key = byte >= 0xfa;
      const announced = (byte & 0x80) !== 0 ? (byte >> 2) & 3 : -1;
      const intra = (byte % 3) as IntraKind;
      if (announced >= 0) access.announce(announced);
      const lost = byte % 29 === 0;
      if (lost) access.forget();
      const slices = 1 + (byte & 1);
      const starts = access.take(key, intra, slices);
      hold(!key || starts, 'decoding can start at a key frame');
      const sign = intra > 0 || (announced >= 0 && !lost);
      hold(!starts || key || sign, 'it starts nowhere without a sign');
      const sure = announced >= 0 && !lost;
      hold(!sure || starts || since <= MAX_PATIENCE, 'a stream without key frames is recorded in the end');
      since = key || (sure && announced === 0 && intra > 0) ? 0 : since + 1;
    }
  },
};
