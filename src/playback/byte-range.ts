/** Bytes [start, end) of something. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Blanks after the first number only if there is one: two runs of blanks side by side take quadratic time. */
const SINGLE = /^bytes\s*=\s*(?:(\d+)\s*)?-\s*(\d*)$/i;

/**
 * Reads a Range header (RFC 9110 section 14.2) for a body of `size` bytes.
 * @returns the range; `whole` where there is none, or one that we don't serve (several ranges, another unit, not a
 *   range at all), which a server may ignore; `outside` when it has no byte of the body
 */
export function readByteRange(header: string | undefined, size: number): ByteRange | 'whole' | 'outside' {
  const match = header === undefined ? null : SINGLE.exec(header.trim());
  if (!match) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return 'whole';
    const suffix = Number(last);
    if (suffix === 0 || size === 0) return 'outside';
    return { start: Math.max(0, size - suffix), end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= size) return 'outside';
  return { start, end: last === '' ? size : Math.min(size, Number(last) + 1) };
}
