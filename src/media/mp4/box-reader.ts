/** A box found in bytes (ISO/IEC 14496-12 section 4.2). Positions are in the bytes that were walked. */
export interface FoundBox {
  readonly type: string;
  readonly start: number;
  /** First byte behind the header. */
  readonly contentStart: number;
  readonly end: number;
}

const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;

/**
 *      +----------------+----------------+--------------------------------+
 *      | size, 32 bits  | type, 4 chars  | if size = 1: largesize, 64     |
 *      +----------------+----------------+--------------------------------+
 *
 * `undefined` when there is no whole header at `at`, or its size makes no sense. The box may end behind the bytes.
 * Size 0 (to the end of the file) is refused: nothing that is written here uses it, and zeros follow a power cut.
 */
export function readBoxHeader(
  bytes: Uint8Array,
  at: number,
): { readonly type: string; readonly headerBytes: number; readonly size: number } | undefined {
  if (at < 0 || at + HEADER_BYTES > bytes.length) return undefined;
  const size = readU32(bytes, at);
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  if (size !== 1) return size < HEADER_BYTES ? undefined : { type, headerBytes: HEADER_BYTES, size };
  if (at + LARGE_HEADER_BYTES > bytes.length) return undefined;
  const large = readU64(bytes, at + 8);
  if (large < LARGE_HEADER_BYTES || !Number.isSafeInteger(large)) return undefined;
  return { type, headerBytes: LARGE_HEADER_BYTES, size: large };
}

/** The boxes that lie whole in [start, end), up to the first thing that is none. */
export function* boxesIn(bytes: Uint8Array, start: number, end: number): Generator<FoundBox> {
  let at = start;
  while (at < end) {
    const header = readBoxHeader(bytes, at);
    if (!header || at + header.size > Math.min(end, bytes.length)) return;
    yield { type: header.type, start: at, contentStart: at + header.headerBytes, end: at + header.size };
    at += header.size;
  }
}

/** The first box of the type in [start, end). */
export function findBox(bytes: Uint8Array, start: number, end: number, type: string): FoundBox | undefined {
  for (const box of boxesIn(bytes, start, end)) if (box.type === type) return box;
  return undefined;
}

/** The box at the end of a path of types, each within the one before. */
export function findPath(bytes: Uint8Array, within: FoundBox, path: readonly string[]): FoundBox | undefined {
  let box: FoundBox | undefined = within;
  for (const type of path) {
    if (!box) return undefined;
    box = findBox(bytes, box.contentStart, box.end, type);
  }
  return box;
}

export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at) * 0x1_0000 + readU16(bytes, at + 2);
}

/** Exact below 2^53, and anything above is no safe integer. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * 0x1_0000_0000 + readU32(bytes, at + 4);
}
