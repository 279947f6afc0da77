import type { Socket } from 'node:net';
import type AVPacket from 'node-media-server/src/core/avpacket.js';
import type { Clock } from '../time/clock.ts';
import type { MonoMicros } from '../time/units.ts';
import { ChunkReader } from './chunk-reader.ts';
import { parseCommand, type RtmpCommand } from './command.ts';
import { Engine } from './engine.ts';
import { Handshake } from './handshake.ts';
import { MESSAGE, type RtmpMessage } from './message.ts';
import { problem, type RtmpProblem } from './problem.ts';
import { parseStreamName, type StreamName } from './stream-name.ts';
import { PING_REQUEST, PING_RESPONSE, userControl } from './user-control.ts';

/** Of a stranger: handshake, `connect` and the like have 3.5 KB together. */
const MAX_STRANGER_BYTES = 32 * 1024;
const MAX_STRANGER_MESSAGE_BYTES = 4 * 1024;
/** The largest key frame that is believed: 8 MB are 64 Mbit. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const MAX_MESSAGE_STREAMS = 8;
/** Of answers that the client does not read. */
const MAX_UNSENT_BYTES = 64 * 1024;
/** Bytes after which an acknowledgement is due; the client may ask for it earlier (section 5.4.4). */
const ACK_BYTES = 2_500_000;
const LEAST_ACK_BYTES = 64 * 1024;
/** For the last words to a client, if it reads them. */
const LINGER_MILLIS = 1_000;

export interface SessionHost {
  /** Somebody asks to publish. `wait`: `accept` follows. */
  publish(session: Session, name: StreamName): 'begin' | 'wait' | RtmpProblem;
  /** Audio or video of a publisher; its data is used again. */
  packet(session: Session, packet: AVPacket): void;
  /** It is over, whoever ended it: called once. `reason`: the publisher left by itself. */
  closed(session: Session, why: RtmpProblem | { readonly kind: 'left'; readonly reason: string }): void;
}

/**
 * One connection, from its first byte: bounded in bytes and memory until it is known who it is, and cut at the first
 * thing that is wrong. What it sends is read by our own parsers; node-media-server's `Engine` gets what they made of it.
 */
export class Session {
  /** For logs: address and port. */
  readonly peer: string;
  readonly address: string;
  readonly since: MonoMicros;
  /** When something was last read. */
  heardAt: MonoMicros;
  /** When it was last asked for a sign of life. */
  pingedAt = 0;
  /** It publishes to this camera, or waits to. */
  cameraId: string | undefined;

  readonly #socket: Socket;
  readonly #host: SessionHost;
  readonly #clock: Clock;
  readonly #handshake = new Handshake();
  readonly #reader = new ChunkReader(MAX_STRANGER_MESSAGE_BYTES);
  #engine: Engine | undefined;
  #app: string | undefined;
  #messageStreams = 0;
  #publishStream = 0;
  /** It has asked to publish. */
  #asked = false;
  #publishing = false;
  #paused = false;
  #closed = false;
  /** What had been read when it was paused. */
  #held: Buffer | undefined;
  #bytes = 0;
  #acknowledged = 0;
  #ackBytes = ACK_BYTES;

  constructor(socket: Socket, host: SessionHost, clock: Clock) {
    this.#socket = socket;
    this.#host = host;
    this.#clock = clock;
    this.address = socket.remoteAddress ?? 'unknown';
    this.peer = `${this.address}:${socket.remotePort ?? 0}`;
    this.since = this.heardAt = clock.mono();
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.#read(data));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#left('the connection to the encoder broke'));
  }

  /** It was let in: frames may follow. */
  get publishing(): boolean {
    return this.#publishing;
  }

  /** Nothing is read from it at the moment: what it sends waits in its socket. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Lets it begin to publish, or go on. */
  accept(): void {
    if (this.#closed) return;
    if (!this.#publishing) {
      this.#publishing = true;
      this.#reader.maxMessageBytes = MAX_MESSAGE_BYTES;
      this.#engine?.publish(this.#publishStream, this.cameraId ?? '');
    }
    if (!this.#paused) return;
    this.#paused = false;
    this.heardAt = this.#clock.mono();
    const held = this.#held;
    this.#held = undefined;
    if (held) this.#consume(held);
    if (!this.#paused && !this.#closed) this.#socket.resume();
  }

  /** Nobody takes what it sends: let it wait. */
  pause(): void {
    if (this.#closed) return;
    this.#paused = true;
    this.#socket.pause();
  }

  /** Is it still there? */
  ping(now: MonoMicros): void {
    this.pingedAt = now;
    this.#output(userControl(PING_REQUEST, Math.floor(now / 1_000) >>> 0));
  }

  /** Cuts it: nothing that it still sends is looked at. */
  cut(why: RtmpProblem): void {
    if (this.#closed) return;
    this.#close();
    if (this.#asked) this.#engine?.refuse(this.#publishStream, wordsFor(why));
    this.#socket.destroySoon();
    this.#host.closed(this, why);
  }

  /** The publisher is done. It may say so more than once, and then closes the connection itself, or is made to. */
  #left(reason: string): void {
    if (this.#closed) return;
    this.#close();
    this.#host.closed(this, { kind: 'left', reason });
  }

  #close(): void {
    this.#closed = true;
    this.#held = undefined;
    setTimeout(() => this.#socket.destroy(), LINGER_MILLIS).unref();
  }

  #read(data: Buffer): void {
    if (this.#closed) return;
    this.heardAt = this.#clock.mono();
    this.#bytes += data.length;
    this.#consume(data);
    if (this.cameraId === undefined && this.#bytes > MAX_STRANGER_BYTES) {
      this.cut(problem('limit', `it sent ${this.#bytes} bytes without publishing`));
    }
    if (!this.#closed && this.#bytes - this.#acknowledged >= this.#ackBytes) {
      this.#acknowledged = this.#bytes;
      this.#engine?.acknowledge(this.#bytes % 2 ** 32);
    }
  }

  #consume(data: Buffer): void {
    for (let at = 0; at < data.length && !this.#closed; ) {
      if (this.#paused) {
        this.#held = data.subarray(at);
        return;
      }
      const next = this.#handshake.done ? this.#reader.read(data, at) : this.#shakeHands(data, at);
      if (typeof next !== 'number') {
        this.cut(next);
        return;
      }
      at = next;
      const { message } = this.#reader;
      if (message) {
        const wrong = this.#take(message);
        this.#reader.release();
        if (wrong) this.cut(wrong);
      }
      if (this.#engine?.failed !== undefined) {
        this.cut(problem('defect', `the RTMP parser failed: ${this.#engine.failed}`));
      }
    }
  }

  #shakeHands(data: Buffer, at: number): number | RtmpProblem {
    const taken = this.#handshake.take(data, at);
    if (typeof taken !== 'number') return taken;
    if (this.#handshake.opened && !this.#engine) {
      this.#engine = new Engine({
        output: (bytes) => this.#output(bytes),
        packet: (packet) => this.#host.packet(this, packet),
      });
      this.#engine.open(this.#handshake.opening);
    }
    return at + taken;
  }

  #take(message: RtmpMessage): RtmpProblem | undefined {
    const { type, payload, length } = message;
    switch (type) {
      case MESSAGE.audio:
      case MESSAGE.video:
        if (this.#publishing && length > 0) this.#engine?.media(type, message.timestamp, payload, length);
        return undefined;
      case MESSAGE.command:
      case MESSAGE.commandAmf3: {
        const command = parseCommand(payload.subarray(0, length), type === MESSAGE.commandAmf3);
        return command.kind === 'problem' ? command : this.#obey(command, message.streamId);
      }
      case MESSAGE.setChunkSize: {
        const size = length >= 4 ? payload.readUInt32BE() : 0;
        if (this.#reader.setChunkSize(size)) return undefined;
        return problem('protocol', `it sets the chunk size to ${size}`);
      }
      case MESSAGE.abort:
        if (length >= 4) this.#reader.abort(payload.readUInt32BE());
        return undefined;
      case MESSAGE.windowSize:
        if (length >= 4) {
          this.#ackBytes = Math.min(ACK_BYTES, Math.max(LEAST_ACK_BYTES, payload.readUInt32BE()));
        }
        return undefined;
      case MESSAGE.userControl:
        if (length >= 6 && payload.readUInt16BE() === PING_REQUEST) {
          this.#output(userControl(PING_RESPONSE, payload.readUInt32BE(2)));
        }
        return undefined;
      default:
        // Metadata above all, which says nothing that the stream itself does not say better (L10).
        return undefined;
    }
  }

  #obey(command: RtmpCommand, streamId: number): RtmpProblem | undefined {
    switch (command.kind) {
      case 'connect':
        if (this.#app !== undefined) return problem('protocol', 'it connects twice');
        this.#app = command.app;
        this.#engine?.connect(command.transaction);
        return undefined;
      case 'create-stream':
        if (this.#app === undefined) return problem('protocol', 'it opens a stream before it connects');
        if (++this.#messageStreams > MAX_MESSAGE_STREAMS)
          return problem('limit', 'it opens too many streams');
        this.#engine?.createStream(command.transaction);
        return undefined;
      case 'publish':
        return this.#publish(command.name, streamId);
      case 'play':
        return problem('player', 'it wants to play, and nobody may from here');
      case 'end':
        if (this.#publishing) this.#left('the encoder ended its stream');
        return undefined;
      case 'other':
        return undefined;
    }
  }

  #publish(text: string, streamId: number): RtmpProblem | undefined {
    if (this.#app === undefined || this.#messageStreams === 0) {
      return problem('protocol', 'it publishes before it has a stream');
    }
    if (this.#asked) return problem('protocol', 'it publishes twice');
    this.#asked = true;
    this.#publishStream = streamId;
    const name = parseStreamName(this.#app, text);
    if (!name) return problem('name', 'it publishes to something else than live/<camera id>');
    const answer = this.#host.publish(this, name);
    if (answer === 'begin') this.accept();
    else if (answer === 'wait') this.pause();
    else return answer;
    return undefined;
  }

  #output(bytes: Buffer): void {
    this.#socket.write(bytes);
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) {
      this.cut(problem('limit', 'it does not read what it is answered'));
    }
  }
}

/** A stranger learns nothing of which cameras there are. */
function wordsFor(why: RtmpProblem): string {
  if (why.cause === 'name' || why.cause === 'key') return 'There is no such stream, or not with this key.';
  return `This server ends it: ${why.reason}.`;
}
