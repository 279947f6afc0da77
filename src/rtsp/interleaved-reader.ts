import {
  MAX_BODY_BYTES,
  MAX_HEAD_BYTES,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  skipBlankLines,
} from './message.ts';

const DOLLAR = 0x24;
const FRAME_HEAD_BYTES = 4;
const MAX_FRAME_BYTES = FRAME_HEAD_BYTES + 0xffff;
const MAX_MESSAGE_BYTES = MAX_HEAD_BYTES + MAX_BODY_BYTES;
/** Most carried pieces are parts of one RTP packet. */
const FIRST_CARRY_BYTES = 2048;
/** So much that makes no sense, with nothing good in between, and the stream will not find itself again. */
const MAX_GARBAGE_BYTES = 256 * 1024;
/** By so many bytes a frame or a message is told from garbage. */
const START_BYTES = 5;
const NOTHING = Buffer.alloc(0);

/** What the reader finds. All bytes lie in a shared buffer: they must be copied or forgotten before the call returns. */
export interface InterleavedHandler {
  /** One `$` frame's content (RFC 2326 section 10.12). */
  frame(channel: number, buffer: Buffer, start: number, end: number): void;
  message(head: ResponseHead | RequestHead, body: Buffer): void;
  /** Media flows, so that garbage is something to get over (B5); before that it means that this is no RTSP. */
  readonly streaming: boolean;
  /** A frame on this channel would make sense: by that the stream is found again after garbage. */
  expects(channel: number): boolean;
}

/**
 * Takes an RTSP connection apart: binary frames and text messages, in any mixture and cut anywhere. What lies whole
 * in the read buffer is handed on in place; only the piece that a read cuts in two is copied, to be put together with
 * its rest. Called for every read; allocates nothing but that piece's buffer, once.
 *
 *      +---------+----------+-------------------+------------------
 *      |  '$'    | channel  | length, 16 bits   |  RTP or RTCP …
 *      +---------+----------+-------------------+------------------
 */
export class InterleavedReader {
  /** Bytes passed over because no frame and no message starts with them. */
  garbageBytes = 0;

  readonly #handler: InterleavedHandler;
  #carry: Buffer = NOTHING;
  #carried = 0;
  #garbageInARow = 0;
  /** Bytes read as heads of messages that then were none, less what was good since: such reading is repeated. */
  #vainBytes = 0;
  /** After garbage: nothing is believed before it looks like a frame or a message. */
  #searching = false;
  #problem: string | undefined;
  #stopped = false;

  constructor(handler: InterleavedHandler) {
    this.#handler = handler;
  }

  /** Nothing more is handed on: the connection is being closed, perhaps by the handler itself. */
  stop(): void {
    this.#stopped = true;
    this.#carried = 0;
  }

  /** Takes `buffer[0, length)`. Returns what is wrong when the stream cannot be read any further. */
  read(buffer: Buffer, length: number): string | undefined {
    let at = 0;
    while (this.#carried > 0 && at < length && !this.#stopped) at = this.#complete(buffer, at, length);
    if (at < length && !this.#stopped) {
      const consumed = this.#parse(buffer, at, length);
      if (consumed < length && !this.#stopped) this.#keep(buffer, consumed, length);
    }
    return this.#problem;
  }

  /** Adds to the carried piece what it lacks, and hands on what that makes whole; returns where it stopped. */
  #complete(buffer: Buffer, start: number, end: number): number {
    let lacking = end - start;
    if (this.#searching) {
      lacking = Math.min(lacking, START_BYTES - this.#carried);
    } else if (this.#carry[0] === DOLLAR) {
      const needed =
        this.#carried < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : FRAME_HEAD_BYTES + this.#carry.readUInt16BE(2);
      lacking = Math.min(lacking, needed - this.#carried);
    } else {
      lacking = Math.min(lacking, MAX_MESSAGE_BYTES - this.#carried);
    }
    this.#append(buffer, start, start + lacking);
    const total = this.#carried;
    const consumed = this.#parse(this.#carry, 0, total);
    if (!this.#stopped) {
      if (consumed > 0) this.#carry.copy(this.#carry, 0, consumed, total);
      this.#carried = total - consumed;
    }
    return start + lacking;
  }

  /** Hands on everything whole in [start, end); returns where the first piece that is not begins. */
  #parse(buffer: Buffer, start: number, end: number): number {
    const handler = this.#handler;
    let at = start;
    while (at < end && !this.#stopped) {
      if (this.#searching) {
        at = this.#search(buffer, at, end);
        if (this.#searching) break;
      }
      const first = buffer[at] as number;
      if (first === DOLLAR) {
        if (end - at < FRAME_HEAD_BYTES) return at;
        const next = at + FRAME_HEAD_BYTES + (((buffer[at + 2] as number) << 8) | (buffer[at + 3] as number));
        if (next > end) return at;
        this.#foundGood(next - at);
        handler.frame(buffer[at + 1] as number, buffer, at + FRAME_HEAD_BYTES, next);
        at = next;
        continue;
      }
      const text = skipBlankLines(buffer, at, end);
      if (text > at) {
        at = text;
        continue;
      }
      const head = parseResponseHead(buffer, at, end);
      if (head.kind === 'incomplete') return at;
      if (head.kind === 'invalid') {
        this.#vainBytes += head.bytes;
        this.#garbage(1, head.problem);
        this.#searching = true;
        at++;
        continue;
      }
      const bodyStart = at + head.headBytes;
      if (bodyStart + head.contentLength > end) return at;
      this.#foundGood(head.headBytes + head.contentLength);
      handler.message(head, buffer.subarray(bodyStart, bodyStart + head.contentLength));
      at = bodyStart + head.contentLength;
    }
    return this.#stopped ? end : at;
  }

  /** Where something that looks like a frame or a message begins; what is too short to tell waits for its rest. */
  #search(buffer: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && !this.#mayStart(buffer, at, end)) at++;
    this.#garbage(at - start, 'nothing that comes is a frame or a message');
    this.#searching = end - at < START_BYTES;
    return at;
  }

  #garbage(bytes: number, problem: string): void {
    this.garbageBytes += bytes;
    this.#garbageInARow += bytes;
    const tooMuch = this.#garbageInARow > MAX_GARBAGE_BYTES || this.#vainBytes > MAX_GARBAGE_BYTES;
    if (tooMuch || !this.#handler.streaming) {
      this.#problem ??= problem;
      this.stop();
    }
  }

  #foundGood(bytes: number): void {
    this.#garbageInARow = 0;
    if (this.#vainBytes > 0) this.#vainBytes = Math.max(0, this.#vainBytes - bytes);
  }

  #mayStart(buffer: Buffer, at: number, end: number): boolean {
    const byte = buffer[at] as number;
    if (byte === DOLLAR) {
      // RTP and RTCP alike start with version 2.
      if (at + FRAME_HEAD_BYTES >= end) return true;
      return this.#handler.expects(buffer[at + 1] as number) && (buffer[at + 4] as number) >> 6 === 2;
    }
    return byte === 0x52 && 'RTSP/'.startsWith(buffer.toString('latin1', at, Math.min(end, at + 5)));
  }

  #keep(buffer: Buffer, start: number, end: number): void {
    this.#carried = 0;
    this.#append(buffer, start, end);
  }

  #append(buffer: Buffer, start: number, end: number): void {
    const total = this.#carried + end - start;
    if (total > this.#carry.length) {
      const size =
        total <= FIRST_CARRY_BYTES
          ? FIRST_CARRY_BYTES
          : total <= MAX_FRAME_BYTES
            ? MAX_FRAME_BYTES
            : Math.max(total, MAX_MESSAGE_BYTES);
      const grown = Buffer.allocUnsafeSlow(size);
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    buffer.copy(this.#carry, this.#carried, start, end);
    this.#carried = total;
  }
}
