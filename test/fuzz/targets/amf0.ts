import { type AmfValue, decodeAmf0, encodeAmf0 } from '../../../src/rtmp/amf0.ts';
import { type FuzzTarget, hold } from '../target.ts';

function count(value: AmfValue, depth: number): number {
  if (!(value instanceof Map)) return 1;
  hold(depth <= 4, 'depth is bounded');
  let values = 1;
  for (const entry of value.values()) values += count(entry, depth + 1);
  return values;
}

const isPlain = (value: AmfValue): value is string | number | null =>
  value === null ||
  typeof value === 'number' ||
  (typeof value === 'string' && Buffer.byteLength(value) <= 0xffff);

export const target: FuzzTarget = {
  name: 'amf0',
  tokens: [
    ...[[2, 0, 7], [3], [0, 0, 9], [5], [6], [8, 0xff, 0xff, 0xff, 0xff], [10, 0xff, 0xff, 0xff, 0xff]],
    ...[
      [12, 0, 0, 0, 2],
      [16, 0, 1, 0x61],
      [1, 1],
      [11, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [17],
      [0, 0x7f, 0xf8],
    ],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const values = decodeAmf0(bytes);
    if (!values) return;
    hold(values.reduce<number>((sum, value) => sum + count(value, 0), 0) <= 256, 'values are bounded');
    const plain = values.filter(isPlain);
    const again = decodeAmf0(encodeAmf0(plain));
    hold(
      again?.length === plain.length &&
        plain.every((value, i) => Object.is(value, again[i]) || value === again[i]),
      'what is written can be read',
    );
  },
};
