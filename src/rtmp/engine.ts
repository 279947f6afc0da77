import type AVPacket from 'node-media-server/src/core/avpacket.js';
import logger from 'node-media-server/src/core/logger.js';
import Rtmp from 'node-media-server/src/protocol/rtmp.js';
import { encodeAmf0 } from './amf0.ts';
import { MESSAGE } from './message.ts';
import { APP } from './stream-name.ts';

// It writes to standard output whatever its level; what happens here is told by us.
logger.log = () => undefined;

const COMMAND_CHUNK_STREAM = 3;
const CONTROL_CHUNK_STREAM = 2;
const AUDIO_CHUNK_STREAM = 4;
const VIDEO_CHUNK_STREAM = 6;
/** Every message is one chunk: none is longer. */
const CHUNK_SIZE = 0x7fff_ffff;
const MAX_HEAD_BYTES = 1 + 11 + 4;
const EXTENDED = 0xff_ffff;
const ANY_HOST = `rtmp://vigie/${APP}`;

export interface EngineListener {
  /** To be sent to the client. */
  output(bytes: Buffer): void;
  /** An audio or video message; `data` is used again for the next one. */
  packet(packet: AVPacket): void;
}

/**
 * node-media-server's RTMP protocol for one connection: the handshake with its digests, the answers to commands, and
 * audio and video as packets. Nothing that a client sent reaches it as it was sent. What it gets to read is written
 * here: whole messages in one chunk each, commands encoded anew from values that were validated, timestamps of 32 bits.
 * So what makes it throw, allocate or misread (see test/rtmp/holes.test.ts) cannot come in.
 *
 * Its server, sessions and broadcasts (`rtmp_server.js`, `rtmp_session.js`, `broadcast_server.js`) are not used. What is
 * wrong with them cannot be closed from outside: entries before authentication that leak, refusals that do not stop a
 * publisher, a publisher that stays for 30 s, caches without a bound, `process.exit` when a port is taken.
 */
export class Engine {
  /** It threw, and this is what: nothing more is given to it. A defect, which must not cost more than one connection. */
  failed: string | undefined;

  readonly #rtmp = new Rtmp();
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES);

  /** To be made when C1 is there: it holds 2 KB, and a megabyte until it is made. */
  constructor(listener: EngineListener) {
    this.#rtmp.flv = undefined;
    this.#rtmp.onOutputCallback = (bytes) => listener.output(bytes);
    this.#rtmp.onPacketCallback = (packet) => listener.packet(packet);
  }

  /** C0 and C1; it answers with S0, S1 and S2. */
  open(opening: Buffer): void {
    this.#feed(opening);
    // C2, whose content means nothing.
    this.#feed(opening.subarray(1));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(CHUNK_SIZE);
    this.#message(CONTROL_CHUNK_STREAM, MESSAGE.setChunkSize, 0, 0, size, size.length);
  }

  connect(transaction: number): void {
    this.#command(0, ['connect', transaction, { app: APP, tcUrl: ANY_HOST }]);
  }

  createStream(transaction: number): void {
    this.#command(0, ['createStream', transaction, null]);
  }

  /** Lets the client begin. */
  publish(streamId: number, cameraId: string): void {
    this.#command(streamId, ['publish', 0, null, cameraId, APP]);
  }

  media(type: number, timestamp: number, payload: Buffer, length: number): void {
    const chunkStream = type === MESSAGE.audio ? AUDIO_CHUNK_STREAM : VIDEO_CHUNK_STREAM;
    this.#message(chunkStream, type, 0, timestamp, payload, length);
  }

  /** Says that so many bytes have come in all, modulo 2³² (section 5.4.3). */
  acknowledge(bytes: number): void {
    this.#rtmp.sendACK(bytes);
  }

  /** Tells the person at the encoder why there is no publishing. */
  refuse(streamId: number, description: string): void {
    this.#rtmp.sendStatusMessage(streamId, 'error', 'NetStream.Publish.BadName', description);
  }

  #command(streamId: number, values: Parameters<typeof encodeAmf0>[0]): void {
    const payload = encodeAmf0(values);
    this.#message(COMMAND_CHUNK_STREAM, MESSAGE.command, streamId, 0, payload, payload.length);
  }

  #message(
    chunkStream: number,
    type: number,
    streamId: number,
    timestamp: number,
    payload: Buffer,
    length: number,
  ): void {
    const head = this.#head;
    head[0] = chunkStream;
    head.writeUIntBE(Math.min(timestamp, EXTENDED), 1, 3);
    head.writeUIntBE(length, 4, 3);
    head[7] = type;
    head.writeUInt32LE(streamId, 8);
    const extended = timestamp >= EXTENDED;
    if (extended) head.writeUInt32BE(timestamp, 12);
    this.#feed(head.subarray(0, extended ? 16 : 12));
    this.#feed(length === payload.length ? payload : payload.subarray(0, length));
  }

  #feed(bytes: Buffer): void {
    if (this.failed !== undefined) return;
    try {
      this.#rtmp.parserData(bytes);
    } catch (error) {
      this.failed = (error as Error).message;
    }
  }
}
