import { depacketize } from '../support/depacketize.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  name: 'h265-depacketizer',
  // Fragmentation unit: start, middle, end; aggregation packet; single units.
  tokens: [
    ...[
      [0x62, 1, 0x93],
      [0x62, 1, 0x13],
      [0x62, 1, 0x53],
      [0x60, 1, 0, 4],
    ],
    ...[
      [0x26, 1, 0xaf],
      [2, 1, 0xd0],
      [0x40, 1, 0x0c],
      [0x42, 1, 1],
      [0x44, 1, 0xc1],
      [0x46, 1, 0x50],
    ],
  ].map((token) => Buffer.from(token)),
  run: (bytes) => depacketize(bytes, 'h265'),
};
