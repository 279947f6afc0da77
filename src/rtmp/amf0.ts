/** What an AMF0 value is here: objects and arrays as maps, so that no name in them can reach a prototype. */
export type AmfValue = number | string | boolean | null | AmfObject;
export type AmfObject = ReadonlyMap<string, AmfValue>;

/** Real commands have objects in the command's arguments and none inside those. */
const MAX_DEPTH = 4;
const MAX_VALUES = 256;
const OBJECT_END = 9;

/**
 * Reads all values of a command (Adobe AMF0, section 2). Bounded in depth and number.
 * @returns `undefined` when it is cut short, nested too deeply, or holds a type that no encoder sends
 */
export function decodeAmf0(bytes: Buffer): readonly AmfValue[] | undefined {
  const reader = new AmfReader(bytes);
  const values: AmfValue[] = [];
  while (reader.at < bytes.length) {
    const value = reader.value(0);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/** Writes strings, numbers, `null`, and objects of strings: what our own commands are made of. */
export function encodeAmf0(
  values: readonly (string | number | null | Readonly<Record<string, string>>)[],
): Buffer {
  return Buffer.concat(values.map(encodeValue));
}

/**
 * ```
 *  0 number: double 8 | 1 boolean: 1 | 2 string: length 2, UTF-8 | 3 object: (name: length 2, UTF-8; value)* 0 0 9
 *  5 null | 6 undefined | 8 array: count 4, as an object | 10 strict array: count 4, values | 11 date: double 8, zone 2
 *  12 long string: length 4, UTF-8 | 16 object of a class: name, as an object
 * ```
 */
class AmfReader {
  at = 0;
  readonly #bytes: Buffer;
  #values = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(depth: number): AmfValue | undefined {
    if (depth > MAX_DEPTH || ++this.#values > MAX_VALUES || !this.#has(1)) return undefined;
    switch (this.#bytes[this.at++]) {
      case 0:
        return this.#number();
      case 1:
        return this.#has(1) ? this.#bytes[this.at++] !== 0 : undefined;
      case 2:
        return this.#string(2);
      case 3:
        return this.#object(depth);
      case 5:
      case 6:
        return null;
      case 8:
        return this.#skip(4) ? this.#object(depth) : undefined;
      case 10:
        return this.#strictArray(depth);
      case 11: {
        const date = this.#number();
        return this.#skip(2) ? date : undefined;
      }
      case 12:
        return this.#string(4);
      case 16:
        return this.#string(2) === undefined ? undefined : this.#object(depth);
      default:
        return undefined;
    }
  }

  #number(): number | undefined {
    return this.#skip(8) ? this.#bytes.readDoubleBE(this.at - 8) : undefined;
  }

  #string(lengthBytes: 2 | 4): string | undefined {
    if (!this.#skip(lengthBytes)) return undefined;
    const length = this.#bytes.readUIntBE(this.at - lengthBytes, lengthBytes);
    return this.#skip(length) ? this.#bytes.toString('utf8', this.at - length, this.at) : undefined;
  }

  #object(depth: number): AmfObject | undefined {
    const entries = new Map<string, AmfValue>();
    for (;;) {
      const name = this.#string(2);
      if (name === undefined) return undefined;
      if (name === '' && this.#bytes[this.at] === OBJECT_END) {
        this.at++;
        return entries;
      }
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      entries.set(name, value);
    }
  }

  #strictArray(depth: number): AmfObject | undefined {
    if (!this.#skip(4)) return undefined;
    const count = this.#bytes.readUInt32BE(this.at - 4);
    const entries = new Map<string, AmfValue>();
    for (let i = 0; i < count; i++) {
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      entries.set(String(i), value);
    }
    return entries;
  }

  #has(bytes: number): boolean {
    return this.at + bytes <= this.#bytes.length;
  }

  #skip(bytes: number): boolean {
    if (!this.#has(bytes)) return false;
    this.at += bytes;
    return true;
  }
}

function encodeValue(value: string | number | null | Readonly<Record<string, string>>): Buffer {
  if (value === null) return Buffer.of(5);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'string') return Buffer.concat([Buffer.of(2), encodeName(value)]);
  const entries = Object.entries(value).flatMap(([name, entry]) => [encodeName(name), encodeValue(entry)]);
  return Buffer.concat([Buffer.of(3), ...entries, Buffer.of(0, 0, OBJECT_END)]);
}

function encodeName(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
