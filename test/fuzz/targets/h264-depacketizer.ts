import { depacketize } from '../support/depacketize.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  name: 'h264-depacketizer',
  // FU-A start, middle and end of a key slice; STAP-A; single units.
  tokens: [
    ...[
      [0x7c, 0x85],
      [0x7c, 0x05],
      [0x7c, 0x45],
      [0x7c, 0xc5],
      [0x78, 0, 3],
    ],
    ...[
      [0x65, 0x88],
      [0x41, 0x9a],
      [0x67, 0x64],
      [0x68, 0xee],
      [9, 0xf0],
      [6, 5],
    ],
  ].map((token) => Buffer.from(token)),
  run: (bytes) => depacketize(bytes, 'h264'),
};
