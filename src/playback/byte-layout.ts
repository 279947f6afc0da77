import type { ByteRange } from './byte-range.ts';

/** A stretch of an answer's body: bytes in memory, or bytes of a segment. */
export type BytePart =
  | { readonly kind: 'memory'; readonly bytes: Uint8Array; readonly offset: number; readonly length: number }
  | { readonly kind: 'file'; readonly key: string; readonly offset: number; readonly length: number };

/** A body made of parts, none of which is read before it is sent. */
export interface ByteLayout {
  readonly parts: readonly BytePart[];
  readonly size: number;
  /** Position in the body at which each part starts, for a search by halves. */
  readonly starts: Float64Array;
}

export function layoutOf(parts: readonly BytePart[]): ByteLayout {
  const starts = new Float64Array(parts.length);
  let size = 0;
  for (const [index, part] of parts.entries()) {
    starts[index] = size;
    size += part.length;
  }
  return { parts, size, starts };
}

/** The parts of a range of the body, the first and the last cut to it. */
export function* partsIn(layout: ByteLayout, range: ByteRange): Generator<BytePart> {
  for (let index = partAt(layout.starts, range.start); index < layout.parts.length; index++) {
    const part = layout.parts[index] as BytePart;
    const start = layout.starts[index] as number;
    if (start >= range.end) return;
    const skip = Math.max(0, range.start - start);
    const length = Math.min(part.length, range.end - start) - skip;
    if (length > 0) yield { ...part, offset: part.offset + skip, length };
  }
}

/** Index of the last part that starts at or before `position`. */
function partAt(starts: Float64Array, position: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((starts[middle] as number) <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
