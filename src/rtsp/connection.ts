import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { WallMicros } from '../time/units.ts';
import { failure, type RtspFailure, socketFailure } from './failure.ts';
import { type InterleavedHandler, InterleavedReader } from './interleaved-reader.ts';
import {
  answerServerRequest,
  buildRequest,
  type OutgoingHeaders,
  type RequestHead,
  type ResponseHead,
} from './message.ts';
import { certificateEnd, certificateProblem, connectTls, type TlsTrust, tlsContext } from './tls.ts';

/** What a camera may leave unread of ours (requests and reports of some hundred bytes) before it counts as dead. */
const MAX_UNSENT_BYTES = 64 * 1024;
/** A goodbye may take this long to be answered, then the socket is closed all the same. */
const GOODBYE_MILLIS = 1_000;

export interface RtspAnswer {
  readonly kind: 'answer';
  readonly head: ResponseHead;
  readonly body: Buffer;
}

export interface ConnectionListener {
  /** Called once a read, before anything of it is handed on. */
  arrived(bytes: number): void;
  /** Content of a `$` frame; valid during the call. */
  frame(channel: number, buffer: Buffer, start: number, end: number): void;
  expects(channel: number): boolean;
  /** It is over, and not by us: called once, never after `close`. */
  lost(failure: RtspFailure): void;
}

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** For connecting, and for each answer. */
  readonly timeoutMillis: number;
  /** Shared by all connections of the thread: what is read is dealt with before the next read. */
  readonly readBuffer: Buffer;
  /** By what the camera is known, over TLS; `undefined` for a plain connection. */
  readonly tls: TlsTrust | undefined;
  /** Gives up on connecting. */
  readonly signal: AbortSignal;
  readonly listener: ConnectionListener;
}

/** Headers and place of the request that ends a session. */
export interface Goodbye {
  readonly method: string;
  readonly url: string;
  readonly headers: OutgoingHeaders;
}

/**
 * One connection to a camera, plain or over TLS: requests go out one at a time, answers and media come in. Throws
 * nothing.
 */
export class RtspConnection implements InterleavedHandler {
  /** See InterleavedHandler. Set when PLAY is asked for. */
  streaming = false;

  /** Resolves when the socket is closed: `true` when the camera has answered the goodbye. */
  readonly closed: Promise<boolean>;

  readonly #socket: Socket;
  readonly #reader: InterleavedReader;
  readonly #listener: ConnectionListener;
  readonly #timeoutMillis: number;
  readonly #where: string;
  #cseq = 0;
  #pending: Pending | undefined;
  #opening: ((outcome: RtspConnection | RtspFailure) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over: RtspFailure | undefined;
  /** Our goodbye is on its way; nothing is handed on any more. */
  #leaving = false;
  #goodbyeAnswered = false;
  #certificateEnd: WallMicros | undefined;

  /** Resolves when the connection stands or cannot be made. */
  static async open(options: ConnectionOptions): Promise<RtspConnection | RtspFailure> {
    const { host, port, readBuffer, tls } = options;
    const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    if (!tls) {
      return new Promise((resolve) => {
        const connection: RtspConnection = new RtspConnection(options, where, resolve, () =>
          connect({
            host,
            port,
            noDelay: true,
            onread: {
              buffer: readBuffer,
              callback: (length) => {
                connection.#read(readBuffer, length);
                return true;
              },
            },
          }).on('connect', () => connection.#opened()),
        );
      });
    }
    const context = await tlsContext(tls);
    if ('kind' in context) return context;
    return new Promise((resolve) => {
      const connection: RtspConnection = new RtspConnection(options, where, resolve, () => {
        const socket: TLSSocket = connectTls({ host, port, context });
        socket.setNoDelay(true);
        socket.on('secureConnect', () => {
          const problem = certificateProblem(socket, tls, where);
          connection.#certificateEnd = certificateEnd(socket, tls);
          if (problem) connection.#fail(problem);
          else connection.#opened();
        });
        // What is decrypted comes in buffers of Node's own: `onread` is for plain sockets only.
        return socket.on('data', (bytes: Buffer) => connection.#read(bytes, bytes.length));
      });
    });
  }

  private constructor(
    options: ConnectionOptions,
    where: string,
    opening: (outcome: RtspConnection | RtspFailure) => void,
    open: () => Socket,
  ) {
    this.#listener = options.listener;
    this.#timeoutMillis = options.timeoutMillis;
    this.#where = where;
    this.#reader = new InterleavedReader(this);
    this.#opening = opening;
    this.#socket = open();
    this.#socket.on('error', (error) => this.#fail(socketFailure(error, where)));
    // A camera that ends its side has ended the stream; ours is ended with it (`allowHalfOpen` is off).
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', () => {
        this.#fail(failure('offline', `${where} closed the connection`));
        clearTimeout(this.#timer);
        resolve(this.#goodbyeAnswered);
      });
    });
    this.#startTimer(() => failure('offline', `${where} does not answer`));
    options.signal.addEventListener('abort', () => {
      if (this.#opening) this.#fail(failure('offline', 'stopped by us'));
    });
  }

  /** When the certificate that it presented ends, where it is believed for that; `undefined` otherwise. */
  get certificateEnd(): WallMicros | undefined {
    return this.#certificateEnd;
  }

  /** The camera's address as the socket sees it, for UDP; `undefined` when it is no longer connected. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** What broke it, if something did. */
  get broken(): RtspFailure | undefined {
    return this.#over;
  }

  /**
   * Sends a request and waits for its answer, whatever its status. One at a time. Without an answer the connection
   * counts as broken, unless the request was a mere sign of life (H3).
   */
  async request(
    method: string,
    url: string,
    headers: OutgoingHeaders,
    silence: 'breaks' | 'tolerated' = 'breaks',
  ): Promise<RtspAnswer | RtspFailure> {
    if (this.#over) return this.#over;
    if (this.#pending) throw new Error('A request is made while another one waits for its answer.');
    const cseq = ++this.#cseq;
    return new Promise((resolve) => {
      this.#pending = { cseq, resolve };
      this.#startTimer(() => {
        const problem = failure('offline', `${this.#where} did not answer ${method}`);
        if (silence === 'breaks') return problem;
        this.#pending = undefined;
        resolve(problem);
        return undefined;
      });
      this.send(buildRequest(method, url, cseq, headers));
    });
  }

  /** True while an answer is awaited. */
  get busy(): boolean {
    return this.#pending !== undefined;
  }

  send(bytes: Buffer): void {
    if (this.#over) return;
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) {
      this.#fail(failure('offline', `${this.#where} no longer reads what it is sent`));
      return;
    }
    this.#socket.write(bytes);
  }

  /** Ends the connection from our side; with a goodbye, once that is answered or takes too long. See `closed`. */
  close(goodbye?: Goodbye): void {
    if (this.#over) return;
    if (goodbye) this.send(buildRequest(goodbye.method, goodbye.url, ++this.#cseq, goodbye.headers));
    if (this.#over) return;
    this.#settle(failure('offline', 'the connection was closed by us'));
    this.#leaving = true;
    if (!goodbye) this.#hangUp();
    this.#timer = setTimeout(() => this.#socket.destroy(), GOODBYE_MILLIS).unref();
  }

  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    if (!this.#leaving) this.#listener.frame(channel, buffer, start, end);
  }

  expects(channel: number): boolean {
    return this.#listener.expects(channel);
  }

  message(head: ResponseHead | RequestHead, body: Buffer): void {
    if (this.#leaving) {
      if (head.kind !== 'response' || (head.cseq !== undefined && head.cseq !== this.#cseq)) return;
      this.#goodbyeAnswered = true;
      this.#hangUp();
      return;
    }
    if (head.kind === 'request') {
      this.send(answerServerRequest(head));
      return;
    }
    // 1xx: the real answer follows.
    if (head.status < 200) return;
    const pending = this.#pending;
    // A late answer to an earlier request, or a second one (B17); else it is ours, without a number too (B7).
    if (!pending || (head.cseq && head.cseq < pending.cseq)) return;
    this.#pending = undefined;
    clearTimeout(this.#timer);
    pending.resolve({ kind: 'answer', head, body: Buffer.from(body) });
  }

  /** Ends our side; the camera's end shows that it has noticed, and has room for the next connection (H7). */
  #hangUp(): void {
    this.#reader.stop();
    this.#socket.end();
  }

  #opened(): void {
    clearTimeout(this.#timer);
    this.#opening?.(this);
    this.#opening = undefined;
  }

  #read(buffer: Buffer, length: number): void {
    if (this.#over && !this.#leaving) return;
    try {
      if (!this.#leaving) this.#listener.arrived(length);
      const problem = this.#reader.read(buffer, length);
      if (problem !== undefined) {
        this.#fail(failure('protocol', `what ${this.#where} sends is not RTSP: ${problem}`));
      }
    } catch (error) {
      // Our own defect, and still no reason to take the other cameras down with this one.
      this.#fail(defect(this.#where, error));
    }
  }

  #startTimer(expired: () => RtspFailure | undefined): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const problem = expired();
      if (problem) this.#fail(problem);
    }, this.#timeoutMillis);
  }

  #fail(problem: RtspFailure): void {
    if (this.#over) {
      this.#socket.destroy();
      return;
    }
    const opening = this.#opening;
    this.#settle(problem);
    this.#reader.stop();
    this.#socket.destroy();
    if (opening) opening(problem);
    else this.#listener.lost(problem);
  }

  #settle(problem: RtspFailure): void {
    this.#over = problem;
    clearTimeout(this.#timer);
    this.#opening = undefined;
    this.#pending?.resolve(problem);
    this.#pending = undefined;
  }
}

interface Pending {
  readonly cseq: number;
  readonly resolve: (outcome: RtspAnswer | RtspFailure) => void;
}

/** What a camera sent has made our own code fail. */
export function defect(where: string, error: unknown): RtspFailure {
  const place = /[\w-]+\.ts:\d+/.exec((error as Error).stack ?? '')?.[0] ?? 'unknown';
  return failure('protocol', `what ${where} sent met a defect of ours (${String(error)}, ${place})`);
}
