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
import { type PortPair, parseTransport } from '../rtsp/transport.ts';
import { bindUdpPorts, type UdpPorts } from '../rtsp/udp-ports.ts';
import { type Access, createAccess } from './access.ts';
import { type MediaPath, tcpPath, udpPath } from './media-path.ts';
import type { PlayedStream, StreamOptions } from './played-stream.ts';
import { describeCamera } from './session-description.ts';
import type { SimulatedCamera } from './simulated-camera.ts';

const MAX_REQUEST_BYTES = 64 * 1024;
const SESSION_TIMEOUT_SECONDS = 60;
const DOLLAR = 0x24;

export interface SessionHost {
  camera(path: string): SimulatedCamera | undefined;
  /** Begins to send. */
  play(options: Omit<StreamOptions, 'session' | 'began'>): PlayedStream;
}

type Track = 'video' | 'audio';

interface SetUpTrack {
  readonly channel: number;
  readonly path: MediaPath;
  readonly ports: UdpPorts | undefined;
}

/** One client's dialogue with the simulator (RFC 2326): OPTIONS, DESCRIBE, SETUP over TCP or UDP, PLAY, TEARDOWN. */
export class ClientSession {
  readonly #socket: Socket;
  readonly #host: SessionHost;
  readonly #id = randomBytes(8).toString('hex');
  readonly #access = new Map<string, Access>();
  #received: Buffer = Buffer.alloc(0);
  readonly #tracks = new Map<Track, SetUpTrack>();
  stream: PlayedStream | undefined;

  constructor(socket: Socket, host: SessionHost) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    // A client that breaks off is no news.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#stop());
  }

  close(): void {
    this.#stop();
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
    const { path, track } = placeOf(request.url);
    const camera = this.#host.camera(path);
    if (camera?.answerMillis) {
      setTimeout(() => this.#answerFor(request, camera, track), camera.answerMillis);
      return;
    }
    this.#answerFor(request, camera, track);
  }

  #answerFor(request: RequestHead, camera: SimulatedCamera | undefined, track: Track): void {
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
          describeCamera(camera),
        );
        return;
      case 'SETUP':
        void this.#setUp(request, track);
        return;
      case 'PLAY':
        this.#play(request, camera);
        return;
      case 'GET_PARAMETER':
        this.#reply(request, 200, 'OK', {});
        return;
      case 'TEARDOWN':
        this.#reply(request, 200, 'OK', {});
        this.#stop();
        this.#socket.end();
        return;
      default:
        this.#reply(request, 405, 'Method Not Allowed', {});
    }
  }

  async #setUp(request: RequestHead, track: Track): Promise<void> {
    const transport = parseTransport(headerValue(request.headers, 'transport') ?? '');
    let granted: string | undefined;
    if (transport?.lower === 'tcp') {
      const channel = transport.interleaved?.rtp ?? 0;
      this.#tracks.set(track, { channel, path: tcpPath(this.#socket, channel), ports: undefined });
      granted = `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`;
    } else if (transport?.clientPort) {
      const port = await this.#openPorts(transport.clientPort, track);
      const { rtp, rtcp } = transport.clientPort;
      if (port !== undefined)
        granted = `RTP/AVP;unicast;client_port=${rtp}-${rtcp};server_port=${port}-${port + 1}`;
    }
    if (granted === undefined) {
      this.#reply(request, 461, 'Unsupported Transport', {});
      return;
    }
    this.#reply(request, 200, 'OK', {
      Session: `${this.#id};timeout=${SESSION_TIMEOUT_SECONDS}`,
      Transport: granted,
    });
  }

  /** Sockets that are connected to the client's; their port, if there are any free. */
  async #openPorts(client: PortPair, track: Track): Promise<number | undefined> {
    const ports = await bindUdpPorts({ family: 4, range: undefined, random: Math.random });
    if ('kind' in ports) return undefined;
    for (const [socket, port] of [
      [ports.rtp, client.rtp],
      [ports.rtcp, client.rtcp],
    ] as const) {
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => socket.connect(port, this.#socket.remoteAddress, resolve));
    }
    closePorts(this.#tracks.get(track)?.ports);
    this.#tracks.set(track, { channel: 0, path: udpPath(ports), ports });
    if (this.#socket.destroyed) this.#stop();
    return ports.port;
  }

  #stop(): void {
    this.stream?.stop();
    for (const { ports } of this.#tracks.values()) closePorts(ports);
    this.#tracks.clear();
  }

  #play(request: RequestHead, camera: SimulatedCamera): void {
    const video = this.#tracks.get('video');
    if (!video || this.stream) {
      this.#reply(request, 455, 'Method Not Valid in This State', {});
      return;
    }
    const { path, channel } = video;
    const stream = this.#host.play({ camera, path, channel, sound: this.#tracks.get('audio') });
    this.stream = stream;
    this.#reply(request, 200, 'OK', {
      Range: 'npt=0.000-',
      'RTP-Info': `url=${request.url.replace(/\/$/, '')}/video;seq=${stream.firstSequence};rtptime=${stream.firstTimestamp}`,
    });
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
    const session = status === 200 && this.#tracks.size > 0 ? { Session: this.#id } : {};
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

function closePorts(ports: UdpPorts | undefined): void {
  ports?.rtp.close();
  ports?.rtcp.close();
}

/** `rtsp://host/cam-1/video` names camera `cam-1`, and its video. */
function placeOf(url: string): { readonly path: string; readonly track: Track } {
  const path = url
    .replace(/^rtsp:\/\/[^/]*/i, '')
    .replace(/\?.*$/, '')
    .replace(/^\/+/, '')
    .replace(/\/+$/, '');
  return {
    path: path.replace(/\/(?:video|audio)$/, '').replace(/\/+$/, ''),
    track: path.endsWith('/audio') ? 'audio' : 'video',
  };
}
