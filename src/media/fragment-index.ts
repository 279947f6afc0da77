/**
 * The compact index of a segment: one entry a fragment, so that a playlist, a cut or a seek is one row of the
 * catalog and byte ranges, and no file is opened to find a time.
 */
export interface FragmentEntry {
  /** Bytes of `prft` + `moof` + `mdat`; offsets follow by adding up from the segment's head. */
  readonly bytes: number;
  readonly durationTicks: number;
  readonly samples: number;
  /** Starts with a random access point. */
  readonly key: boolean;
}

/**
 * Stored form: for each fragment three LEB128 integers: bytes, durationTicks, samples * 2 + key.
 * About 7 bytes a fragment.
 */
export function encodeFragmentIndex(fragments: readonly FragmentEntry[]): Uint8Array {
  const bytes: number[] = [];
  for (const fragment of fragments) {
    pushVarint(bytes, fragment.bytes);
    pushVarint(bytes, fragment.durationTicks);
    pushVarint(bytes, fragment.samples * 2 + (fragment.key ? 1 : 0));
  }
  return Uint8Array.from(bytes);
}

/** Reads the stored form; `undefined` when it is cut short or holds a number above 2^53. */
export function decodeFragmentIndex(data: Uint8Array): FragmentEntry[] | undefined {
  const fragments: FragmentEntry[] = [];
  const cursor = { at: 0 };
  while (cursor.at < data.length) {
    const bytes = readVarint(data, cursor);
    const durationTicks = readVarint(data, cursor);
    const packed = readVarint(data, cursor);
    if (bytes === undefined || durationTicks === undefined || packed === undefined) return undefined;
    fragments.push({ bytes, durationTicks, samples: Math.floor(packed / 2), key: packed % 2 === 1 });
  }
  return fragments;
}

function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
}

function readVarint(data: Uint8Array, cursor: { at: number }): number | undefined {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = data[cursor.at++];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * scale;
    if (!Number.isSafeInteger(value)) return undefined;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
}
