import { ChunkStream } from './chunk-stream.ts';
import type { RtmpMessage } from './message.ts';
import { problem, type RtmpProblem } from './problem.ts';

const FIRST_CHUNK_SIZE = 128;
/** The largest a message can be: bigger chunks are a mistake, or an attack (L5). */
const MAX_CHUNK_SIZE = 0xff_ffff;
/** A publisher uses four to six. */
const MAX_CHUNK_STREAMS = 16;
const EXTENDED = 0xff_ffff;
/** Bytes of the message header by chunk type. */
const HEADER_BYTES = [11, 7, 3, 0] as const;
/** Basic header 3, message header 11, extended timestamp 4. */
const MAX_HEAD_BYTES = 18;

/**
 * Puts messages together from chunks (Adobe RTMP 1.0, section 5.3), and lets nothing through that breaks a rule.
 *
 * ```
 *  +----+------+ +-------------+ +---------------------------------------+ +---------------+ +------…
 *  |fmt | csid | | csid 1 or 2 | | time 3 | length 3, type 1 | stream 4   | | extended time | | data
 *  +----+------+ +-------------+ +---------------------------------------+ +---------------+ +------…
 *   csid 0: 2 bytes, csid 1: 3    fmt 0: all, 1: to the type, 2: time, 3: none   time = ffffff
 * ```
 *
 * Memory is bounded: messages no longer than `maxMessageBytes`, sixteen chunk streams, and buffers that grow with what
 * has come, not with what a header promises.
 */
export class ChunkReader {
  /** Longest message. To be raised when it is known who sends. */
  maxMessageBytes: number;
  chunkSize = FIRST_CHUNK_SIZE;

  readonly #streams = new Map<number, ChunkStream>();
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES);
  readonly #message: RtmpMessage = {
    type: 0,
    streamId: 0,
    timestamp: 0,
    payload: Buffer.alloc(0),
    length: 0,
  };
  #finished: ChunkStream | undefined;
  #headBytes = 0;
  /** The stream of the chunk whose data is being read. */
  #current: ChunkStream | undefined;
  /** Bytes of it that are still to come. */
  #left = 0;

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes;
  }

  /**
   * Reads until a message is whole or the bytes are used up.
   * @returns where it stopped; there is a `message` if one is whole
   */
  read(data: Buffer, start: number): number | RtmpProblem {
    let at = start;
    while (at < data.length) {
      if (!this.#current) {
        const used = this.#readHead(data, at);
        if (typeof used !== 'number') return used;
        at += used;
      }
      const stream = this.#current;
      if (!stream) break;
      const size = Math.min(this.#left, data.length - at);
      stream.append(data, at, at + size);
      at += size;
      this.#left -= size;
      if (this.#left > 0) break;
      this.#current = undefined;
      if (stream.filled < stream.length) continue;
      this.#finish(stream);
      return at;
    }
    return at;
  }

  /** The message that `read` has just stopped at; to be released before more is read. */
  get message(): RtmpMessage | undefined {
    return this.#finished && this.#message;
  }

  release(): void {
    this.#finished?.trim();
    this.#finished = undefined;
  }

  /** Forgets a message that its sender gave up half-way (section 5.4.2). */
  abort(chunkStream: number): void {
    this.#streams.get(chunkStream)?.clear();
  }

  /** `false`: not a size that chunks can have. */
  setChunkSize(size: number): boolean {
    if (size < 1 || size > MAX_CHUNK_SIZE) return false;
    this.chunkSize = size;
    return true;
  }

  /** Takes bytes of a chunk's header; sets `#current` when it is whole. */
  #readHead(data: Buffer, start: number): number | RtmpProblem {
    const head = this.#head;
    for (let at = start; at < data.length; ) {
      head[this.#headBytes++] = data[at++] as number;
      const first = head[0] as number;
      const format = first >> 6;
      const basic = (first & 0x3f) === 0 ? 2 : (first & 0x3f) === 1 ? 3 : 1;
      const plain = basic + (HEADER_BYTES[format] as number);
      if (this.#headBytes < plain) continue;
      const id = chunkStreamId(head, basic);
      const known = this.#streams.get(id);
      let missing = 0;
      if (format < 3) missing = head.readUIntBE(basic, 3) === EXTENDED ? plain + 4 - this.#headBytes : 0;
      else if (known?.extended) missing = this.#missingRepeat(known, plain);
      if (missing > 0) continue;
      const stream = known ?? this.#addStream(id, format);
      if (!(stream instanceof ChunkStream)) return stream;
      const refused = this.#begin(stream, format, basic, plain);
      this.#headBytes = 0;
      return refused ?? at - start;
    }
    return data.length - start;
  }

  /**
   * Most repeat the extended timestamp in every chunk of type 3, as section 5.3.1.3 has it; some older encoders leave
   * it out (L3). Where something else stands in its place it is data, so no more bytes are taken for it than the chunk
   * has, unless they are the timestamp's.
   * @returns bytes that are still to come before this is known
   */
  #missingRepeat(stream: ChunkStream, plain: number): number {
    const probe = Math.min(4, this.#chunkBytes(stream));
    const there = this.#headBytes - plain;
    if (there < probe) return probe - there;
    return this.#repeats(stream, plain) ? 4 - there : 0;
  }

  /** The bytes of the header from `plain` on are those of the extended timestamp, as far as they go. */
  #repeats(stream: ChunkStream, plain: number): boolean {
    for (let i = 0; i < this.#headBytes - plain; i++) {
      if (this.#head[plain + i] !== ((stream.delta >>> (24 - 8 * i)) & 0xff)) return false;
    }
    return true;
  }

  /** Of data in the next chunk of a stream. */
  #chunkBytes(stream: ChunkStream): number {
    return Math.min(this.chunkSize, stream.length - stream.filled);
  }

  #addStream(id: number, format: number): ChunkStream | RtmpProblem {
    // The first chunk of a stream has to say everything; that of librtmp on stream 2 leaves out the message stream.
    if (format > 1) return problem('protocol', `chunk stream ${id} begins with a chunk of type ${format}`);
    if (this.#streams.size >= MAX_CHUNK_STREAMS) {
      return problem('limit', `it uses more than ${MAX_CHUNK_STREAMS} chunk streams`);
    }
    const stream = new ChunkStream();
    this.#streams.set(id, stream);
    return stream;
  }

  #begin(stream: ChunkStream, format: number, basic: number, plain: number): RtmpProblem | undefined {
    const head = this.#head;
    if (format < 3) {
      if (stream.filled > 0)
        return problem('protocol', 'a message begins before the one before it has ended');
      stream.delta = head.readUIntBE(basic, 3);
      stream.extended = stream.delta === EXTENDED;
      if (stream.extended) stream.delta = head.readUInt32BE(plain);
      if (format < 2) {
        stream.length = head.readUIntBE(basic + 3, 3);
        stream.type = head[basic + 6] as number;
        if (stream.length > this.maxMessageBytes || this.#promised(stream) > 2 * this.maxMessageBytes) {
          return problem('limit', `it announces a message of ${stream.length} bytes`);
        }
      }
      if (format === 0) {
        stream.streamId = head.readUInt32LE(basic + 7);
        stream.timestamp = 0;
      }
    }
    // Also for type 3: that the delta after a chunk of type 0 is its timestamp is the rule of section 5.3.1.2.4 (L4).
    if (stream.filled === 0) stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
    this.#current = stream;
    this.#left = this.#chunkBytes(stream);
    if (format === 3 && stream.extended && !this.#repeats(stream, plain)) {
      this.#left -= this.#headBytes - plain;
      stream.append(head, plain, this.#headBytes);
    }
    return undefined;
  }

  /** Bytes of all messages that are being received, with the one that begins. */
  #promised(beginning: ChunkStream): number {
    let bytes = beginning.length;
    for (const stream of this.#streams.values()) if (stream.filled > 0) bytes += stream.length;
    return bytes;
  }

  #finish(stream: ChunkStream): void {
    const message = this.#message;
    message.type = stream.type;
    message.streamId = stream.streamId;
    message.timestamp = stream.timestamp;
    message.payload = stream.payload;
    message.length = stream.length;
    stream.clear();
    this.#finished = stream;
  }
}

/**
 * Section 5.3.1.1: one byte for 2 to 63, two for 64 to 319, three for 64 to 65599 with the lower byte first (L2).
 */
function chunkStreamId(head: Buffer, basic: number): number {
  if (basic === 1) return (head[0] as number) & 0x3f;
  const second = head[1] as number;
  return basic === 2 ? 64 + second : 64 + second + ((head[2] as number) << 8);
}
