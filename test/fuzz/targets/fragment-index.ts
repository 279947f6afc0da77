import { decodeFragmentIndex, encodeFragmentIndex } from '../../../src/media/fragment-index.ts';
import { type FuzzTarget, hold } from '../target.ts';

export const target: FuzzTarget = {
  name: 'fragment-index',
  tokens: [[0x80], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], [0x80, 0x80, 0x80, 0x80, 0], [0]].map(
    (token) => Buffer.from(token),
  ),
  run(bytes) {
    const entries = decodeFragmentIndex(bytes);
    if (!entries) return;
    hold(entries.length * 3 <= bytes.length, 'entries are bounded');
    for (const entry of entries) {
      hold(
        [entry.bytes, entry.durationTicks, entry.samples].every(Number.isSafeInteger),
        'entries are integers',
      );
    }
    const again = encodeFragmentIndex(entries);
    hold(again.length <= bytes.length, 'what is written is the shortest form');
    hold(
      JSON.stringify(decodeFragmentIndex(again)) === JSON.stringify(entries),
      'what is written is read again',
    );
  },
};
