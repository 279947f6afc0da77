import { NutCursor } from './nut-cursor.ts';
import {
  FLAG_INVALID,
  MAX_ELISION_BYTES,
  type NutMainHeader,
  type NutStream,
  readMainHeader,
  readStreamHeader,
  START_CODE_BYTE,
} from './nut-headers.ts';

/** What the reader finds. Bytes lie in its own buffer: they must be copied or forgotten before the call returns. */
export interface NutHandler {
  /** All that there is, once and before any frame. */
  streams(streams: readonly NutStream[]): void;
  /** @param pts presentation time in steps of the stream's time base */
  frame(stream: NutStream, pts: number, key: boolean, bytes: Buffer, start: number, end: number): void;
}

const FILE_ID = Buffer.from('nut/multimedia container\0', 'latin1');
const MAIN = 'NM';
const STREAM = 'NS';
const SYNCPOINT = 'NK';
const START_CODE_BYTES = 8;
const CHECKSUM_BYTES = 4;
/** A longer packet has a checksum of its own behind its length, and a longer frame all of its beginning. */
const SHORT_BYTES = 4096;

const FLAG_KEY = 1;
const FLAG_CODED_PTS = 8;
const FLAG_STREAM_ID = 0x10;
const FLAG_SIZE_MSB = 0x20;
const FLAG_CHECKSUM = 0x40;
const FLAG_RESERVED = 0x80;
const FLAG_SIDE_DATA = 0x100;
const FLAG_ELISION = 0x400;
const FLAG_MATCH_TIME = 0x800;
const FLAG_CODED = 0x1000;

/** No picture of a camera is larger; headers and the index at the end are far smaller. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const MAX_PACKET_BYTES = 1024 * 1024;
const FIRST_BUFFER_BYTES = 128 * 1024;
const NOT_NUT = 'it is not NUT';

interface StreamState {
  readonly stream: NutStream;
  lastPts: number;
}

/**
 * Reads NUT, ffmpeg's own container (https://ffmpeg.org/~michael/nut.txt, version 3), from a pipe.
 *
 * Why NUT: it is the one format that both a bundled ffmpeg of 2018 and one of today write to a pipe with everything
 * that cameras send (H.264, H.265, AAC with or without ADTS, G.711, PCM, Opus, MJPEG), in the exact time base of its
 * origin, as soon as a frame is there: a frame carries its presentation time, and neither a duration nor a decoding
 * time, for which MP4 has to hold it back until the next one comes. MP4 refuses ADTS and Opus besides, MPEG-TS has no
 * G.711, and Matroska rounds to milliseconds.
 *
 *      "nut/multimedia container\0" | main header | stream header * | (syncpoint | frame | other packet)*
 *      packet:  start code, 8 bytes: 'N' … | length, v | if > 4096: checksum | content … checksum, 4 bytes
 *      frame:   code, 1 byte, never 'N'    | what the code says is there: flags, stream, pts, size … | content
 *
 * Checksums are not looked at: nothing is lost in a pipe. What makes no sense ends it, with the reason returned.
 */
export class NutReader {
  readonly #handler: NutHandler;
  readonly #cursor = new NutCursor();
  /** Bytes to be read are [#at, #end); before them is room for what a frame leaves out. */
  #buffer = Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
  #at = MAX_ELISION_BYTES;
  #end = MAX_ELISION_BYTES;
  #begun = false;
  #stopped = false;
  #main: NutMainHeader | undefined;
  #streams: (StreamState | undefined)[] = [];
  #announced = false;

  constructor(handler: NutHandler) {
    this.#handler = handler;
  }

  /** Nothing more is handed on. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes the next bytes. Returns what is wrong when the stream cannot be read any further. */
  read(bytes: Buffer): string | undefined {
    if (this.#stopped) return undefined;
    this.#append(bytes);
    while (this.#at < this.#end && !this.#stopped) {
      const before = this.#at;
      const problem = this.#next();
      if (problem !== undefined) {
        this.stop();
        return problem;
      }
      if (this.#at === before) break;
    }
    return undefined;
  }

  #append(bytes: Buffer): void {
    const kept = this.#end - this.#at;
    if (this.#at > MAX_ELISION_BYTES) {
      this.#buffer.copyWithin(MAX_ELISION_BYTES, this.#at, this.#end);
      this.#at = MAX_ELISION_BYTES;
      this.#end = MAX_ELISION_BYTES + kept;
    }
    if (this.#end + bytes.length > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, this.#end + bytes.length));
      this.#buffer.copy(grown, 0, 0, this.#end);
      this.#buffer = grown;
    }
    bytes.copy(this.#buffer, this.#end);
    this.#end += bytes.length;
  }

  /** Hands on one piece; where it is not whole yet, nothing moves. */
  #next(): string | undefined {
    if (!this.#begun) return this.#begin();
    return this.#buffer[this.#at] === START_CODE_BYTE ? this.#packet() : this.#frame();
  }

  #begin(): string | undefined {
    if (this.#end - this.#at < FILE_ID.length) return undefined;
    if (FILE_ID.compare(this.#buffer, this.#at, this.#at + FILE_ID.length) !== 0) return NOT_NUT;
    this.#at += FILE_ID.length;
    this.#begun = true;
    return undefined;
  }

  #packet(): string | undefined {
    const cursor = this.#cursor;
    const kind = this.#buffer.toString('latin1', this.#at, this.#at + 2);
    cursor.set(this.#buffer, this.#at + START_CODE_BYTES, this.#end);
    const length = cursor.number();
    if (length > SHORT_BYTES) cursor.skip(CHECKSUM_BYTES);
    if (cursor.overrun) return undefined;
    if (cursor.broken || length < CHECKSUM_BYTES || length > MAX_PACKET_BYTES)
      return 'a packet has no length';
    const next = cursor.at + length;
    if (next > this.#end) return undefined;
    cursor.set(this.#buffer, cursor.at, next - CHECKSUM_BYTES);
    this.#at = next;
    if (kind === MAIN) return this.#mainHeader();
    if (kind === STREAM) return this.#streamHeader();
    if (kind === SYNCPOINT) return this.#syncpoint();
    return undefined;
  }

  /** Headers come again from time to time, for those who tune in: they say the same. */
  #mainHeader(): string | undefined {
    if (this.#main) return undefined;
    this.#main = readMainHeader(this.#cursor);
    return this.#main ? undefined : 'its main header makes no sense';
  }

  #streamHeader(): string | undefined {
    if (this.#announced) return undefined;
    const stream = this.#main && readStreamHeader(this.#cursor, this.#main);
    if (!this.#main || !stream) return 'a stream header makes no sense';
    this.#streams[stream.id] = { stream, lastPts: 0 };
    const known = this.#streams.filter((one) => one !== undefined);
    if (known.length === this.#main.streams) {
      this.#announced = true;
      this.#handler.streams(known.map((one) => one.stream));
    }
    return undefined;
  }

  /** Where the timestamps of all streams are counted from: `t`, which is a time with its time base in one number. */
  #syncpoint(): string | undefined {
    const bases = this.#main?.timeBases ?? [];
    const coded = this.#cursor.number();
    const from = bases[coded % Math.max(1, bases.length)];
    if (!from || this.#cursor.broken || this.#cursor.overrun) return 'a syncpoint makes no sense';
    const value = BigInt(Math.floor(coded / bases.length));
    for (const state of this.#streams) {
      if (!state) continue;
      const to = state.stream.timeBase;
      const scaled =
        (value * BigInt(from.numerator) * BigInt(to.denominator)) /
        (BigInt(from.denominator) * BigInt(to.numerator));
      state.lastPts = Number(scaled);
    }
    return undefined;
  }

  #frame(): string | undefined {
    const cursor = this.#cursor;
    const main = this.#main;
    if (!main || !this.#announced) return 'a frame comes before its stream';
    cursor.set(this.#buffer, this.#at, this.#end);
    const code = main.codes[cursor.byte()];
    if (!code || code.flags & FLAG_INVALID) return 'a frame begins with a code that is none';
    let { flags, streamId, elision } = code;
    if (flags & FLAG_CODED) flags ^= cursor.number();
    if (flags & FLAG_STREAM_ID) streamId = cursor.number();
    const coded = flags & FLAG_CODED_PTS ? cursor.number() : -1;
    const size = code.sizeBase + (flags & FLAG_SIZE_MSB ? code.sizeFactor * cursor.number() : 0);
    if (flags & FLAG_MATCH_TIME) cursor.skipNumber();
    if (flags & FLAG_ELISION) elision = cursor.number();
    const reserved = flags & FLAG_RESERVED ? cursor.number() : code.reserved;
    for (let i = 0; i < Math.min(reserved, SHORT_BYTES); i++) cursor.skipNumber();
    if (flags & FLAG_CHECKSUM) cursor.skip(CHECKSUM_BYTES);
    if (cursor.overrun) return undefined;
    if (cursor.broken || size > MAX_FRAME_BYTES) return `a frame claims ${size} bytes`;
    const state = this.#streams[streamId];
    const left = main.elisions[size > SHORT_BYTES ? 0 : elision];
    if (!state || !left || left.length > size || flags & FLAG_SIDE_DATA) return 'a frame makes no sense';
    const end = cursor.at + size - left.length;
    if (end > this.#end) return undefined;
    const pts = ptsOf(state, coded, code.ptsDelta);
    state.lastPts = pts;
    // What lies before the content has been read, or is the room at the buffer's beginning.
    const start = cursor.at - left.length;
    left.copy(this.#buffer, start);
    this.#at = end;
    this.#handler.frame(state.stream, pts, (flags & FLAG_KEY) !== 0, this.#buffer, start, end);
    return undefined;
  }
}

/** A coded time is whole, or the lowest bits of one that is near the last; without one it is the last and a step. */
function ptsOf({ stream, lastPts }: StreamState, coded: number, delta: number): number {
  if (coded < 0) return lastPts + delta;
  const range = 2 ** stream.shortPtsBits;
  if (coded >= range) return coded - range;
  const lowest = lastPts - Math.floor((range - 1) / 2);
  return lowest + ((((coded - lowest) % range) + range) % range);
}
