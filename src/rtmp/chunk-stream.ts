const FIRST_CAPACITY = 4 * 1024;
/** Of the buffers of a stream that is between two messages; a key frame now and then is longer. */
const KEPT_CAPACITY = 1024 * 1024;

/** What is known of one chunk stream: the header that the next chunk may leave out, and the message half received. */
export class ChunkStream {
  /** Of the message that is being received, milliseconds, unsigned 32-bit. */
  timestamp = 0;
  /** The timestamp field of the last header: absolute in a chunk of type 0, else a difference. */
  delta = 0;
  /** That field was too long for its three bytes. */
  extended = false;
  length = 0;
  type = 0;
  streamId = 0;
  payload = Buffer.alloc(0);
  /** Bytes of `payload` that have come. */
  filled = 0;

  append(source: Buffer, start: number, end: number): void {
    const needed = this.filled + end - start;
    if (needed > this.payload.length) this.#grow(needed);
    source.copy(this.payload, this.filled, start, end);
    this.filled = needed;
  }

  /** The next chunk begins a message. */
  clear(): void {
    this.filled = 0;
  }

  /** Gives back what only a very long message needed. */
  trim(): void {
    if (this.filled === 0 && this.payload.length > KEPT_CAPACITY) this.payload = Buffer.alloc(0);
  }

  #grow(needed: number): void {
    const capacity = Math.max(FIRST_CAPACITY, needed, Math.min(this.length, this.payload.length * 2));
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.payload.copy(grown, 0, 0, this.filled);
    this.payload = grown;
  }
}
