import type { References } from './harness.ts';

const COPIED_BYTES = 1 << 20;
/** As much as an RTP packet has. */
const PIECE_BYTES = 1_400;
const COMPUTED_BYTES = 1 << 16;

/** The same on every machine and in every version of this program: never to be changed without measuring anew. */
export function createReferences(): References {
  const source = Buffer.alloc(COPIED_BYTES, 0x5a);
  const target = Buffer.alloc(COPIED_BYTES);
  const numbers = Uint8Array.from({ length: COMPUTED_BYTES }, (_, i) => (i * 31) & 0xff);
  let sum = 0;
  return {
    /** A megabyte, as many packets bring it. */
    copy() {
      for (let at = 0; at < COPIED_BYTES; at += PIECE_BYTES) {
        source.copy(target, at, at, Math.min(COPIED_BYTES, at + PIECE_BYTES));
      }
    },
    /** A checksum of 64 KiB in a loop of JavaScript (Adler-32 without its modulo). */
    compute() {
      let [a, b] = [1, 0];
      for (let i = 0; i < COMPUTED_BYTES; i++) {
        a = (a + (numbers[i] as number)) | 0;
        b = (b + a) | 0;
      }
      sum ^= b;
      if (sum === 0x7fff_ffff) numbers[0] = 0;
    },
  };
}
