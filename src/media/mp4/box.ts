/** A box of ISO/IEC 14496-12 to be: its parts are written one after the other behind its header, once. */
export interface Box {
  readonly type: string;
  readonly parts: readonly (Box | Uint8Array)[];
}

export const box = (type: string, ...parts: readonly (Box | Uint8Array)[]): Box => ({ type, parts });

/** A box that starts with a version and 24 bits of flags (section 4.2). */
export const fullBox = (
  type: string,
  version: number,
  flags: number,
  ...parts: readonly (Box | Uint8Array)[]
): Box => ({ type, parts: [u32(((version << 24) | flags) >>> 0), ...parts] });

export function boxBytes(from: Box): number {
  let bytes = 8;
  for (const part of from.parts) bytes += part instanceof Uint8Array ? part.length : boxBytes(part);
  return bytes;
}

/** Writes the box at `at`; returns where it ends. */
export function writeBox(target: Uint8Array, at: number, from: Box): number {
  const view = new DataView(target.buffer, target.byteOffset);
  let end = at + 8;
  for (const part of from.parts) {
    if (part instanceof Uint8Array) {
      target.set(part, end);
      end += part.length;
    } else {
      end = writeBox(target, end, part);
    }
  }
  view.setUint32(at, end - at);
  for (let i = 0; i < 4; i++) target[at + 4 + i] = from.type.charCodeAt(i);
  return end;
}

/** 32-bit big-endian numbers, signed ones included. */
export function u32(...values: readonly number[]): Uint8Array {
  return u32Column(values);
}

export function u32Column(values: ArrayLike<number>, count = values.length): Uint8Array {
  const bytes = new Uint8Array(count * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) view.setUint32(i * 4, values[i] as number);
  return bytes;
}

export function u64(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setBigInt64(i * 8, BigInt(value));
  return bytes;
}

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
