import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { headerValue } from '../rtsp/headers.ts';
import {
  buildResponse,
  type OutgoingHeaders,
  parseResponseHead,
  type RequestHead,
  skipBlankLines,
} from '../rtsp/message.ts';
import { parseTransport } from '../rtsp/transport.ts';
import { type Access, createAccess } from './access.ts';
import { PAYLOAD_TYPE } from './packetizer.ts';
import { SentStream } from './sent-stream.ts';
import type { SimulatedCamera } from './simulated-camera.ts';

const MAX_REQUEST_BYTES = 64 * 1024;
const SESSION_TIMEOUT_SECONDS = 60;
const DOLLAR = 0x24;

export interface SessionHost {
  camera(path: string): SimulatedCamera | undefined;
  /** A new stream's number, and when its first frame is due. */
  admit(camera: SimulatedCamera): { readonly session: number; readonly began: number };
  started(stream: SentStream): void;
}

/** One client's dialogue with the simulator (RFC 2326): OPTIONS, DESCRIBE, SETUP over TCP, PLAY, TEARDOWN. */
export class ClientSession {
  readonly #socket: Socket;
  readonly #host: SessionHost;
  readonly #id = randomBytes(8).toString('hex');
  readonly #access = new Map<string, Access>();
  #received: Buffer = Buffer.alloc(0);
  #channel: number | undefined;
  stream: SentStream | undefined;

  constructor(socket: Socket, host: SessionHost) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    // A client that breaks off is no news.
    socket.on('error', () => undefined);
    socket.on('close', () => this.stream?.stop());
  }

  close(): void {
    this.stream?.stop();
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    let at = 0;
    for (;;) {
      at = skipBlankLines(this.#received, at, this.#received.length);
      const rest = this.#received.length - at;
      if (rest === 0) break;
      if (this.#received[at] === DOLLAR) {
        // Receiver reports: not looked at.
        if (rest < 4 || rest < 4 + this.#received.readUInt16BE(at + 2)) break;
        at += 4 + this.#received.readUInt16BE(at + 2);
        continue;
      }
      const head = parseResponseHead(this.#received, at, this.#received.length);
      if (head.kind === 'incomplete' && rest < MAX_REQUEST_BYTES) break;
      if (head.kind !== 'request') {
        this.#socket.destroy();
        return;
      }
      if (rest < head.headBytes + head.contentLength) break;
      at += head.headBytes + head.contentLength;
      this.#answer(head);
    }
    this.#received = this.#received.subarray(at);
  }

  #answer(request: RequestHead): void {
    const path = pathOf(request.url);
    const camera = this.#host.camera(path);
    const method = request.method.toUpperCase();
    if (method === 'OPTIONS') {
      this.#reply(request, 200, 'OK', { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN' });
      return;
    }
    if (!camera) {
      this.#reply(request, 404, 'Not Found', {});
      return;
    }
    const access = this.#accessTo(camera);
    if (access && !access.accepts(headerValue(request.headers, 'authorization'), method)) {
      this.#reply(request, 401, 'Unauthorized', { 'WWW-Authenticate': access.challenge });
      return;
    }
    switch (method) {
      case 'DESCRIBE':
        this.#reply(
          request,
          200,
          'OK',
          { 'Content-Type': 'application/sdp', 'Content-Base': `${request.url.replace(/\/$/, '')}/` },
          describe(camera),
        );
        return;
      case 'SETUP':
        this.#setUp(request);
        return;
      case 'PLAY':
        this.#play(request, camera);
        return;
      case 'GET_PARAMETER':
        this.#reply(request, 200, 'OK', {});
        return;
      case 'TEARDOWN':
        this.#reply(request, 200, 'OK', {});
        this.stream?.stop();
        this.#socket.end();
        return;
      default:
        this.#reply(request, 405, 'Method Not Allowed', {});
    }
  }

  #setUp(request: RequestHead): void {
    const transport = parseTransport(headerValue(request.headers, 'transport') ?? '');
    if (transport?.lower !== 'tcp') {
      this.#reply(request, 461, 'Unsupported Transport', {});
      return;
    }
    this.#channel = transport.interleaved?.rtp ?? 0;
    this.#reply(request, 200, 'OK', {
      Session: `${this.#id};timeout=${SESSION_TIMEOUT_SECONDS}`,
      Transport: `RTP/AVP/TCP;unicast;interleaved=${this.#channel}-${this.#channel + 1}`,
    });
  }

  #play(request: RequestHead, camera: SimulatedCamera): void {
    if (this.#channel === undefined || this.stream) {
      this.#reply(request, 455, 'Method Not Valid in This State', {});
      return;
    }
    const { session, began } = this.#host.admit(camera);
    const stream = new SentStream({ camera, socket: this.#socket, channel: this.#channel, session, began });
    this.stream = stream;
    this.#reply(request, 200, 'OK', {
      Range: 'npt=0.000-',
      'RTP-Info': `url=${request.url.replace(/\/$/, '')}/video;seq=${stream.firstSequence};rtptime=${stream.firstTimestamp}`,
    });
    this.#host.started(stream);
  }

  #accessTo(camera: SimulatedCamera): Access | undefined {
    if (!camera.credentials) return undefined;
    const known = this.#access.get(camera.path);
    if (known) return known;
    const access = createAccess(camera.credentials);
    this.#access.set(camera.path, access);
    return access;
  }

  #reply(request: RequestHead, status: number, reason: string, headers: OutgoingHeaders, body = ''): void {
    const session = status === 200 && this.#channel !== undefined ? { Session: this.#id } : {};
    this.#socket.write(
      buildResponse(
        status,
        reason,
        request.cseq,
        { Server: 'Vigie simulator', ...session, ...headers },
        body,
      ),
    );
  }
}

/** `rtsp://host/cam-1/video` names camera `cam-1`. */
function pathOf(url: string): string {
  const path = url.replace(/^rtsp:\/\/[^/]*/i, '').replace(/\?.*$/, '');
  return path
    .replace(/^\/+/, '')
    .replace(/\/video\/?$/, '')
    .replace(/\/+$/, '');
}

/** RFC 8866, with the parameter sets of RFC 6184 section 8.1 or RFC 7798 section 7.1. */
function describe({ clip }: SimulatedCamera): string {
  const sets = clip.parameterSets.map((set) => set.toString('base64'));
  const parameters =
    clip.codec === 'h264'
      ? `packetization-mode=1;profile-level-id=${clip.parameterSets[0]?.subarray(1, 4).toString('hex')};sprop-parameter-sets=${sets.join(',')}`
      : `sprop-vps=${sets[0]};sprop-sps=${sets[1]};sprop-pps=${sets[2]}`;
  return [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=Simulated camera',
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    'a=range:npt=0-',
    `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
    `a=rtpmap:${PAYLOAD_TYPE} ${clip.codec === 'h264' ? 'H264' : 'H265'}/90000`,
    `a=fmtp:${PAYLOAD_TYPE} ${parameters}`,
    `a=framerate:${clip.fps}`,
    'a=control:video',
    '',
  ].join('\r\n');
}
