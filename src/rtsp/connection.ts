import { connect, type Socket } from 'node:net';
import { failure, type RtspFailure, socketFailure } from './failure.ts';
import { type InterleavedHandler, InterleavedReader } from './interleaved-reader.ts';
import {
  answerServerRequest,
  buildRequest,
  type OutgoingHeaders,
  type RequestHead,
  type ResponseHead,
} from './message.ts';

/** What a camera may leave unread of ours (requests and reports of some hundred bytes) before it counts as dead. */
const MAX_UNSENT_BYTES = 64 * 1024;
/** A TEARDOWN may take this long to leave, then the socket is closed all the same. */
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
  readonly listener: ConnectionListener;
}

/** One TCP connection to a camera: requests go out one at a time, answers and media come in. Throws nothing. */
export class RtspConnection implements InterleavedHandler {
  /** See InterleavedHandler. Set when PLAY is asked for. */
  streaming = false;

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

  /** Resolves when the connection stands or cannot be made. */
  static open(options: ConnectionOptions): Promise<RtspConnection | RtspFailure> {
    return new Promise((resolve) => {
      new RtspConnection(options, resolve);
    });
  }

  private constructor(options: ConnectionOptions, opening: (outcome: RtspConnection | RtspFailure) => void) {
    this.#listener = options.listener;
    this.#timeoutMillis = options.timeoutMillis;
    this.#where = `${options.host.includes(':') ? `[${options.host}]` : options.host}:${options.port}`;
    this.#reader = new InterleavedReader(this);
    this.#opening = opening;
    this.#socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      onread: {
        buffer: options.readBuffer,
        callback: (length) => {
          this.#read(options.readBuffer, length);
          return true;
        },
      },
    });
    this.#socket.on('connect', () => {
      clearTimeout(this.#timer);
      this.#opening?.(this);
      this.#opening = undefined;
    });
    this.#socket.on('error', (error) => this.#fail(socketFailure(error, this.#where)));
    this.#socket.on('close', () => this.#fail(failure('offline', `${this.#where} closed the connection`)));
    this.#startTimer(() => failure('offline', `${this.#where} does not answer`));
  }

  /** What broke it, if something did. */
  get broken(): RtspFailure | undefined {
    return this.#over;
  }

  /** Sends a request and waits for its answer, whatever its status. One at a time. */
  async request(method: string, url: string, headers: OutgoingHeaders): Promise<RtspAnswer | RtspFailure> {
    if (this.#over) return this.#over;
    if (this.#pending) throw new Error('A request is made while another one waits for its answer.');
    const cseq = ++this.#cseq;
    return new Promise((resolve) => {
      this.#pending = { cseq, resolve };
      this.#startTimer(() => failure('offline', `${this.#where} did not answer ${method}`));
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

  /** Ends the connection from our side, with a last request if one is given. */
  close(goodbye?: {
    readonly method: string;
    readonly url: string;
    readonly headers: OutgoingHeaders;
  }): void {
    if (this.#over) return;
    if (goodbye) this.send(buildRequest(goodbye.method, goodbye.url, ++this.#cseq, goodbye.headers));
    this.#settle(failure('offline', 'the connection was closed by us'));
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), GOODBYE_MILLIS).unref();
  }

  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    this.#listener.frame(channel, buffer, start, end);
  }

  expects(channel: number): boolean {
    return this.#listener.expects(channel);
  }

  message(head: ResponseHead | RequestHead, body: Buffer): void {
    if (head.kind === 'request') {
      this.send(answerServerRequest(head));
      return;
    }
    const pending = this.#pending;
    // An answer that nobody waits for is a late one to a request that timed out (B7: without a CSeq it is ours).
    if (!pending || (head.cseq !== undefined && head.cseq !== pending.cseq)) return;
    // 1xx: the real answer follows.
    if (head.status < 200) return;
    this.#pending = undefined;
    clearTimeout(this.#timer);
    pending.resolve({ kind: 'answer', head, body: Buffer.from(body) });
  }

  #read(buffer: Buffer, length: number): void {
    if (this.#over) return;
    try {
      this.#listener.arrived(length);
      const problem = this.#reader.read(buffer, length);
      if (problem !== undefined) {
        this.#fail(failure('protocol', `what ${this.#where} sends is not RTSP: ${problem}`));
      }
    } catch (error) {
      // Our own defect, and still no reason to take the other cameras down with this one.
      const place = /[\w-]+\.ts:\d+/.exec((error as Error).stack ?? '')?.[0] ?? 'unknown';
      const words = `what ${this.#where} sent met a defect of ours (${String(error)}, ${place})`;
      this.#fail(failure('protocol', words));
    }
  }

  #startTimer(reason: () => RtspFailure): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(reason()), this.#timeoutMillis);
  }

  #fail(problem: RtspFailure): void {
    if (this.#over) return;
    const opening = this.#opening;
    this.#settle(problem);
    this.#socket.destroy();
    if (opening) opening(problem);
    else this.#listener.lost(problem);
  }

  #settle(problem: RtspFailure): void {
    this.#over = problem;
    clearTimeout(this.#timer);
    this.#reader.stop();
    this.#opening = undefined;
    this.#pending?.resolve(problem);
    this.#pending = undefined;
  }
}

interface Pending {
  readonly cseq: number;
  readonly resolve: (outcome: RtspAnswer | RtspFailure) => void;
}
