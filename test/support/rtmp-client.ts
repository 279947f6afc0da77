import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A message as a server sent it. */
export interface ServerMessage {
  readonly type: number;
  readonly payload: Buffer;
}

export interface ChunkOptions {
  readonly chunkStream?: number;
  /** Chunk type of the first chunk; 0 says everything. */
  readonly format?: 0 | 1 | 2 | 3;
  readonly streamId?: number;
  /** Bytes in a chunk. */
  readonly chunkSize?: number;
  /** Leave the extended timestamp out of chunks of type 3, as some older encoders do. */
  readonly extendedOnce?: boolean;
}

/** An RTMP publisher that can be told to do anything, right or wrong. Written for tests, apart from `src/rtmp`. */
export class RtmpClient {
  readonly socket: Socket;
  readonly received: ServerMessage[] = [];
  closed = false;
  #bytes = Buffer.alloc(0);
  #shaken = false;
  #chunkSize = 128;
  /** Of what is sent. */
  #outChunkSize = 128;
  #partial: { type: number; length: number; parts: Buffer[]; got: number } | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data: Buffer) => this.#read(data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async open(port: number): Promise<RtmpClient> {
    const socket = connect(port, '127.0.0.1');
    const client = new RtmpClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Connected, its handshake done, and up to `createStream`. */
  static async ready(port: number, app = 'live'): Promise<RtmpClient> {
    const client = await RtmpClient.open(port);
    await client.handshake();
    client.command('connect', 1, { app, tcUrl: `rtmp://127.0.0.1/${app}` });
    await client.until('an answer to connect', () => client.said('NetConnection.Connect.Success'));
    client.command('createStream', 2, null);
    await client.until(
      'a stream',
      () => client.received.filter(({ payload }) => payload.includes('_result')).length > 1,
    );
    return client;
  }

  /** A publisher that was let in. */
  static async publisher(port: number, name: string): Promise<RtmpClient> {
    const client = await RtmpClient.ready(port);
    client.publish(name);
    await client.until('leave to publish', () => client.said('NetStream.Publish.Start'));
    return client;
  }

  /** The simple handshake. */
  async handshake(c2: Buffer = Buffer.alloc(1536)): Promise<void> {
    this.socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(8), randomBytes(1528)]));
    await this.until('the handshake', () => this.#shaken);
    this.socket.write(c2);
  }

  publish(name: string, streamId = 1): void {
    this.message(20, 0, Buffer.concat([amf('publish'), amf(3), amf(null), amf(name), amf('live')]), {
      streamId,
      chunkStream: 3,
    });
  }

  command(...values: readonly Parameters<typeof amf>[0][]): void {
    this.message(20, 0, Buffer.concat(values.map(amf)), { chunkStream: 3 });
  }

  message(type: number, timestamp: number, payload: Buffer, options: ChunkOptions = {}): void {
    this.socket.write(chunks(type, timestamp, payload, { chunkSize: this.#outChunkSize, ...options }));
  }

  video(timestamp: number, payload: Buffer, options: ChunkOptions = {}): void {
    this.message(9, timestamp, payload, { chunkStream: 6, streamId: 1, ...options });
  }

  audio(timestamp: number, payload: Buffer): void {
    this.message(8, timestamp, payload, { chunkStream: 4, streamId: 1 });
  }

  /** Chunks as long as any message. */
  bigChunks(size = 0x10_0000): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(size);
    this.message(1, 0, payload, { chunkStream: 2 });
    // Nobody can send chunks of nothing, whatever he says.
    if (size > 0) this.#outChunkSize = size;
  }

  said(text: string): boolean {
    return this.received.some(({ payload }) => payload.includes(text));
  }

  async until(what: string, ask: () => boolean): Promise<void> {
    for (const end = Date.now() + 20_000; !ask(); ) {
      if (this.closed) throw new Error(`The server closed the connection instead of: ${what}`);
      if (Date.now() > end) throw new Error(`After 20 s still not: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async ended(): Promise<void> {
    await this.until('the end of the connection', () => this.closed).catch((error: unknown) => {
      if (!this.closed) throw error;
    });
  }

  close(): void {
    this.socket.destroy();
  }

  #read(data: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    if (!this.#shaken) {
      if (this.#bytes.length < 1 + 2 * 1536) return;
      this.#bytes = this.#bytes.subarray(1 + 2 * 1536);
      this.#shaken = true;
    }
    while (this.#readChunk());
  }

  /** Servers that are tested here send chunks of type 0 and 3 on low chunk streams. */
  #readChunk(): boolean {
    const bytes = this.#bytes;
    const first = bytes[0];
    if (first === undefined) return false;
    const head = first >> 6 === 0 ? 12 : 1;
    if (bytes.length < head) return false;
    const partial =
      head === 12
        ? { type: bytes[7] as number, length: bytes.readUIntBE(4, 3), parts: [], got: 0 }
        : this.#partial;
    if (!partial) throw new Error('The server goes on with a message that it did not begin.');
    const size = Math.min(this.#chunkSize, partial.length - partial.got);
    if (bytes.length < head + size) return false;
    partial.parts.push(Buffer.from(bytes.subarray(head, head + size)));
    partial.got += size;
    this.#bytes = bytes.subarray(head + size);
    this.#partial = partial;
    if (partial.got < partial.length) return true;
    const payload = Buffer.concat(partial.parts);
    this.#partial = undefined;
    if (partial.type === 1) this.#chunkSize = payload.readUInt32BE();
    this.received.push({ type: partial.type, payload });
    return true;
  }
}

/** A message in chunks, each field as the options have it. */
export function chunks(type: number, timestamp: number, payload: Buffer, options: ChunkOptions = {}): Buffer {
  const { chunkStream = 3, format = 0, streamId = 0, chunkSize = 128, extendedOnce = false } = options;
  const extended = timestamp >= 0xff_ffff;
  const head = Buffer.alloc(11);
  head.writeUIntBE(Math.min(timestamp, 0xff_ffff), 0, 3);
  head.writeUIntBE(payload.length, 3, 3);
  head[6] = type;
  head.writeUInt32LE(streamId, 7);
  const more = Buffer.alloc(extended ? 4 : 0);
  if (extended) more.writeUInt32BE(timestamp);
  const parts = [basicHeader(format, chunkStream), head.subarray(0, [11, 7, 3, 0][format])];
  parts.push(more, payload.subarray(0, chunkSize));
  for (let at = chunkSize; at < payload.length; at += chunkSize) {
    parts.push(basicHeader(3, chunkStream));
    if (!extendedOnce) parts.push(more);
    parts.push(payload.subarray(at, at + chunkSize));
  }
  return Buffer.concat(parts);
}

/** A video message with a key frame in H.264, of a few bytes that nobody decodes; the last one tells which it is. */
export const keyFrame = (mark: number, bytes = 40): Buffer =>
  Buffer.concat([Buffer.of(0x17, 1, 0, 0, 0), Buffer.alloc(bytes), Buffer.of(mark)]);

export function basicHeader(format: number, chunkStream: number): Buffer {
  if (chunkStream < 64) return Buffer.of((format << 6) | chunkStream);
  const id = chunkStream - 64;
  if (id < 256) return Buffer.of(format << 6, id);
  return Buffer.of((format << 6) | 1, id & 0xff, id >> 8);
}

/** One AMF0 value. */
export function amf(value: string | number | null | Readonly<Record<string, string | number>>): Buffer {
  if (value === null) return Buffer.of(5);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'string') return Buffer.concat([Buffer.of(2), amfName(value)]);
  const entries = Object.entries(value).map(([key, entry]) => Buffer.concat([amfName(key), amf(entry)]));
  return Buffer.concat([Buffer.of(3), ...entries, Buffer.of(0, 0, 9)]);
}

function amfName(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
