import { BLOCK_BYTES } from './block-pool.ts';
import type { BytePart } from './byte-layout.ts';

/** One thing to do while sending: bytes in memory as they are, or one read of a file of which some slices are sent. */
export type ReadStep =
  | { readonly kind: 'memory'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'file';
      readonly key: string;
      readonly offset: number;
      readonly length: number;
      /** Inside the read: [start, end) pairs, in order. */
      readonly slices: readonly { readonly start: number; readonly end: number }[];
    };

/** A fragment's head between two payloads is about a kilobyte: reading it along is cheaper than another read. */
const READ_ALONG_BYTES = 32 * 1024;

/** Groups parts into reads of at most one block. */
export function* planReads(parts: Iterable<BytePart>): Generator<ReadStep> {
  let key = '';
  let offset = 0;
  let length = 0;
  let slices: { start: number; end: number }[] = [];
  const take = (): ReadStep => {
    const step: ReadStep = { kind: 'file', key, offset, length, slices };
    slices = [];
    length = 0;
    return step;
  };
  for (const part of parts) {
    if (part.kind === 'memory') {
      if (length > 0) yield take();
      yield { kind: 'memory', bytes: part.bytes.subarray(part.offset, part.offset + part.length) };
      continue;
    }
    let at = part.offset;
    let rest = part.length;
    while (rest > 0) {
      const skipped = at - (offset + length);
      const room = BLOCK_BYTES - length - skipped;
      if (length > 0 && (part.key !== key || skipped < 0 || skipped > READ_ALONG_BYTES || room <= 0)) {
        yield take();
      }
      if (length === 0) {
        key = part.key;
        offset = at;
      }
      const start = at - offset;
      const bytes = Math.min(rest, BLOCK_BYTES - start);
      slices.push({ start, end: start + bytes });
      length = start + bytes;
      at += bytes;
      rest -= bytes;
    }
  }
  if (length > 0) yield take();
}
