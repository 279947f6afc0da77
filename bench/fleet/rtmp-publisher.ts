import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { messageHead } from './flv-clip.ts';

/** What an encoder pushes to, and as what. */
export interface PushTarget {
  readonly port: number;
  readonly camera: string;
  readonly key: string;
}

const HANDSHAKE_BYTES = 1 + 2 * 1536;
/** Larger than any picture: each message is one chunk. */
const CHUNK_SIZE = 0xff_ffff;
const SET_CHUNK_SIZE = 1;
const COMMAND = 20;
/** Of what the server says, so much is looked at: its leave to publish is in there. */
const MAX_HEARD_BYTES = 64 * 1024;

/** What still has to be heard before the next step, in order (Adobe RTMP 1.0, section 7.2). */
type Step = 'handshake' | 'connect' | 'createStream' | 'publish' | 'publishing';

/** The dialogue of one encoder with an RTMP server, up to where it may send. */
export class RtmpPublisher {
  readonly socket: Socket;
  readonly #target: PushTarget;
  readonly #publishing: () => void;
  #step: Step = 'handshake';
  #heard: Buffer = Buffer.alloc(0);

  /** @param publishing called once, when media may be sent; the socket's `close` tells the end */
  constructor(target: PushTarget, publishing: () => void) {
    this.#target = target;
    this.#publishing = publishing;
    this.socket = connect(target.port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('connect', () =>
      this.socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(8), randomBytes(1528)])),
    );
    this.socket.on('data', (bytes: Buffer) => this.#hear(bytes));
    // Its end is told by `close`.
    this.socket.on('error', () => undefined);
  }

  #hear(bytes: Buffer): void {
    // Acknowledgements and the like.
    if (this.#step === 'publishing') return;
    this.#heard = Buffer.concat([this.#heard, bytes]);
    if (this.#heard.length > MAX_HEARD_BYTES) {
      this.socket.destroy();
      return;
    }
    this.#goOn();
  }

  #goOn(): void {
    const { camera, key } = this.#target;
    switch (this.#step) {
      case 'handshake': {
        if (this.#heard.length < HANDSHAKE_BYTES) return;
        this.socket.write(this.#heard.subarray(1, 1 + 1536));
        this.#heard = this.#heard.subarray(HANDSHAKE_BYTES);
        const size = Buffer.alloc(4);
        size.writeUInt32BE(CHUNK_SIZE);
        this.socket.write(Buffer.concat([messageHead(2, SET_CHUNK_SIZE, size.length, 0), size]));
        this.#command(0, 'connect', 1, { app: 'live', tcUrl: `rtmp://127.0.0.1:${this.#target.port}/live` });
        this.#step = 'connect';
        return;
      }
      case 'connect':
        if (!this.#has('NetConnection.Connect.Success')) return;
        this.#command(0, 'createStream', 2, null);
        this.#step = 'createStream';
        return;
      case 'createStream':
        if (!this.#has('_result')) return;
        this.#command(1, 'publish', 3, null, `${camera}?key=${key}`, 'live');
        this.#step = 'publish';
        return;
      case 'publish':
        if (!this.#has('NetStream.Publish.Start')) return;
        this.#step = 'publishing';
        this.#publishing();
        return;
      case 'publishing':
    }
  }

  /** It was said; what came before it is forgotten. */
  #has(text: string): boolean {
    const at = this.#heard.indexOf(text);
    if (at < 0) return false;
    this.#heard = this.#heard.subarray(at + text.length);
    return true;
  }

  #command(streamId: number, ...values: readonly Parameters<typeof amf>[0][]): void {
    const body = Buffer.concat(values.map(amf));
    this.socket.write(Buffer.concat([messageHead(3, COMMAND, body.length, streamId), body]));
  }
}

/** One AMF0 value (Adobe AMF0, section 2). */
function amf(value: string | number | null | Readonly<Record<string, string>>): Buffer {
  if (value === null) return Buffer.of(5);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'string') return Buffer.concat([Buffer.of(2), utf8(value)]);
  const entries = Object.entries(value).map(([key, entry]) => Buffer.concat([utf8(key), amf(entry)]));
  return Buffer.concat([Buffer.of(3), ...entries, Buffer.of(0, 0, 9)]);
}

function utf8(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
