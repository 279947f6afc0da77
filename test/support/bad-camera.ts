import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { headerValue } from '../../src/rtsp/headers.ts';
import { parseResponseHead, type RequestHead, skipBlankLines } from '../../src/rtsp/message.ts';
import { type Clip, loadClip } from '../../src/simulator/clip.ts';
import { ensureClip } from '../../src/simulator/ensure-clip.ts';
import { type PacketizedFrame, patchFrame, PAYLOAD_TYPE } from '../../src/simulator/packetizer.ts';
import { CLIP_CACHE, smallClip } from './cameras.ts';

/**
 * A camera whose every answer can be wrong: real sockets (TCP, TLS, UDP, IPv4, IPv6), real encoded video, and a script
 * of what it does instead of the right thing:
 *
 *     const camera = await startBadCamera({
 *       on: { SETUP: (talk) => talk.answer(200, { Session: 'x', Transport: 'RTP/AVP/TCP;interleaved=7-9' }) },
 *       channels: { rtp: 7, rtcp: 9 },
 *     });
 */
export interface Script {
  /** By method: what it does instead of the right thing. It may be that as well: `talk.right()`. */
  readonly on?: Readonly<Record<string, (talk: Talk) => void>>;
  /** It never looks at what it is sent. */
  readonly deaf?: boolean;
  /** Before anything else, for each connection. */
  readonly onConnect?: (talk: Pick<Talk, 'raw' | 'hangUp' | 'connection'>) => void;
  /** Its session description, of the right one. */
  readonly sdp?: (right: string) => string;
  /** Channels that it sends on, whatever it answers to SETUP. */
  readonly channels?: { readonly rtp: number; readonly rtcp: number };
  /** What it sends, of the right RTP packets. */
  readonly packets?: (right: readonly Buffer[]) => readonly Buffer[];
  /** Pictures after PLAY, with a key frame every 25; then nothing more. */
  readonly frames?: number;
  /** Goes on with a picture every 40 ms for ever. */
  readonly forever?: boolean;
  /** `false`: 461 to UDP, or to TCP. */
  readonly udp?: boolean;
  readonly tcp?: boolean;
  /** Datagrams go on when the connection is closed. */
  readonly udpOutlivesConnection?: boolean;
  /** UDP comes from another address or port than RTSP. */
  readonly udpFrom?: { readonly address?: string; readonly serverPort?: string };
  readonly tls?: TlsOptions;
  readonly host?: string;
  /** The first sequence number of the video. */
  readonly firstSequence?: number;
}

export interface Talk {
  readonly request: RequestHead;
  /** Which connection of the camera, from 0. */
  readonly connection: number;
  /** How often this method has been asked before, on all connections. */
  readonly before: number;
  answer(
    status: number | string,
    headers?: Readonly<Record<string, string | undefined>>,
    body?: string,
  ): void;
  /** Bytes as they are; `{cseq}` in a text is the request's number. */
  raw(content: string | Buffer): void;
  /** What a camera without fault does, but for these headers. */
  right(headers?: Readonly<Record<string, string>>): void;
  /** Begins to send, as after PLAY. */
  send(): void;
  hangUp(): void;
}

export interface BadCamera {
  readonly port: number;
  /** @param path with a slash; @param user with its `@` */
  url(path?: string, user?: string): string;
  /** Every request so far. */
  readonly requests: readonly (RequestHead & { readonly connection: number })[];
  /** `OPTIONS DESCRIBE SETUP PLAY` */
  readonly methods: () => string;
  /** Connections that are open now, and the most that were when one of them asked for a session. */
  readonly open: () => number;
  readonly mostOpen: () => number;
  /** Bytes of `$` frames and datagrams that came from the client, by channel or kind. */
  readonly reports: readonly Buffer[];
  /** Datagrams that came to its RTP port. */
  readonly punches: () => number;
  header(method: string, name: string, which?: number): string | undefined;
  /** Sends bytes to every client now. */
  broadcast(bytes: Buffer | string): void;
  dropAll(): void;
  /** Sends so many packets of G.711 as its second media. */
  sound(packets: number): void;
  close(): Promise<void>;
}

export const FRAMES = 50;
const FRAME_MILLIS = 40;
const FIRST_TIMESTAMP = 1_000_000;
const SSRC = 0x0c0ffee0;
const CLIP = { width: 160, height: 96, frames: 50 } as const;

let clip: Promise<Clip> | undefined;

/** The video that it plays: two seconds, two key frames. */
export function badCameraClip(): Promise<Clip> {
  clip ??= ensureClip(smallClip(CLIP), CLIP_CACHE).then((path) => loadClip(path, true));
  return clip;
}

/** Bare RTP packets of pictures [first, first + count). */
export function rtpOf(
  from: Clip,
  options: { first: number; count: number; sequence: number; ssrc?: number },
): Buffer[] {
  const packets: Buffer[] = [];
  let { sequence } = options;
  for (let i = options.first; i < options.first + options.count; i++) {
    const shared = from.frames[i % from.frames.length] as PacketizedFrame;
    const frame = { ...shared, bytes: Buffer.from(shared.bytes) };
    const client = { channel: 0, ssrc: options.ssrc ?? SSRC, session: 0 };
    patchFrame(frame, client, sequence, (FIRST_TIMESTAMP + i * 3600) >>> 0, i);
    sequence += frame.packetOffsets.length;
    for (const [at, start] of frame.packetOffsets.entries()) {
      packets.push(frame.bytes.subarray(start + 4, frame.packetOffsets[at + 1] ?? frame.bytes.length));
    }
  }
  return packets;
}

/** A packet in its `$` frame. */
export function dollar(channel: number, packet: Buffer): Buffer {
  const head = Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff]);
  return Buffer.concat([head, packet]);
}

export async function startBadCamera(script: Script = {}): Promise<BadCamera> {
  const video = await badCameraClip();
  const host = script.host ?? '127.0.0.1';
  const requests: (RequestHead & { readonly connection: number })[] = [];
  const counts = new Map<string, number>();
  const reports: Buffer[] = [];
  const sockets = new Set<Socket>();
  const clients = new Set<Client>();
  let connections = 0;
  let most = 0;
  let punches = 0;

  const accept = (socket: Socket): void => {
    const connection = connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    const client = new Client(script, video, socket, {
      connection,
      host,
      seen: (request) => {
        const before = counts.get(request.method) ?? 0;
        counts.set(request.method, before + 1);
        requests.push({ ...request, connection });
        if (request.method === 'SETUP') most = Math.max(most, sockets.size);
        return before;
      },
      report: (bytes) => void reports.push(bytes),
      punched: () => void punches++,
    });
    clients.add(client);
    socket.on('close', () => {
      sockets.delete(socket);
      if (script.udpOutlivesConnection) return;
      clients.delete(client);
      client.over();
    });
  };
  const server: Server = script.tls ? createTlsServer(script.tls, accept) : createServer(accept);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const scheme = script.tls ? 'rtsps' : 'rtsp';
  const authority = host.includes(':') ? `[${host}]` : host;

  return {
    port,
    url: (path = '/stream', user = '') => `${scheme}://${user}${authority}:${port}${path}`,
    requests,
    methods: () => requests.map(({ method }) => method).join(' '),
    open: () => sockets.size,
    mostOpen: () => most,
    reports,
    punches: () => punches,
    header: (method, name, which = 0) => {
      const request = requests.filter((one) => one.method === method)[which];
      return request && headerValue(request.headers, name);
    },
    broadcast(bytes) {
      for (const socket of sockets) socket.write(bytes);
    },
    dropAll() {
      for (const socket of sockets) socket.destroy();
    },
    sound(packets) {
      for (const client of clients) client.sound(packets);
    },
    async close() {
      for (const client of clients) client.over();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Surroundings {
  readonly connection: number;
  readonly host: string;
  /** Returns how often that method had been asked before. */
  seen(request: RequestHead): number;
  report(bytes: Buffer): void;
  punched(): void;
}

/** One client of it. */
class Client {
  readonly #script: Script;
  readonly #clip: Clip;
  readonly #socket: Socket;
  readonly #around: Surroundings;
  #received: Buffer = Buffer.alloc(0);
  #channels = { rtp: 0, rtcp: 1 };
  #udp: { readonly rtp: UdpSocket; readonly rtcp: UdpSocket; readonly client: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soundPort = 0;
  #medias = 0;
  #sequence: number;

  constructor(script: Script, video: Clip, socket: Socket, around: Surroundings) {
    this.#script = script;
    this.#clip = video;
    this.#socket = socket;
    this.#around = around;
    this.#sequence = script.firstSequence ?? 100;
    socket.on('data', (bytes: Buffer) => script.deaf || this.#take(bytes));
    script.onConnect?.({
      connection: around.connection,
      raw: (content) => void socket.write(content),
      hangUp: () => void socket.end(),
    });
  }

  over(): void {
    clearInterval(this.#timer);
    this.#udp?.rtp.close();
    this.#udp?.rtcp.close();
    this.#udp = undefined;
  }

  sound(packets: number): void {
    for (let i = 0; i < packets; i++) {
      const packet = Buffer.alloc(12 + 160, 0xd5);
      packet.set([0x80, 0, 0, i, 0, 0, i >> 8, i * 160, 0, 0, 0, 9]);
      if (this.#udp) this.#udp.rtp.send(packet, this.#soundPort, this.#around.host);
      else this.#socket.write(dollar(2, packet));
    }
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const at = skipBlankLines(this.#received, 0, this.#received.length);
      this.#received = this.#received.subarray(at);
      if (this.#received[0] === 0x24) {
        const length = this.#received.length < 4 ? Infinity : 4 + this.#received.readUInt16BE(2);
        if (this.#received.length < length) return;
        this.#around.report(this.#received.subarray(0, length));
        this.#received = this.#received.subarray(length);
        continue;
      }
      const head = parseResponseHead(this.#received, 0, this.#received.length);
      if (head.kind === 'incomplete') return;
      if (head.kind === 'invalid') throw new Error(`Our own client sent what is no RTSP: ${head.problem}`);
      this.#received = this.#received.subarray(head.headBytes + head.contentLength);
      if (head.kind === 'request') this.#answer(head);
    }
  }

  #answer(request: RequestHead): void {
    const before = this.#around.seen(request);
    const talk: Talk = {
      request,
      before,
      connection: this.#around.connection,
      answer: (status, headers = {}, body = '') => this.#reply(request, status, headers, body),
      raw: (content) => {
        const text = typeof content === 'string' ? content.replaceAll('{cseq}', `${request.cseq}`) : content;
        this.#socket.write(text);
      },
      right: (headers) => this.#right(request, headers),
      send: () => this.#send(),
      hangUp: () => void this.#socket.end(),
    };
    const wrong = this.#script.on?.[request.method];
    if (wrong) wrong(talk);
    else talk.right();
  }

  #reply(
    request: RequestHead,
    status: number | string,
    headers: Readonly<Record<string, string | undefined>>,
    body: string,
  ): void {
    const lines = [`RTSP/1.0 ${status}${typeof status === 'number' ? ' Said' : ''}`, `CSeq: ${request.cseq}`];
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) lines.push(`${name}: ${value}`);
    if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  #right(request: RequestHead, other: Readonly<Record<string, string>> = {}): void {
    switch (request.method) {
      case 'OPTIONS':
        this.#reply(request, 200, { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN' }, '');
        return;
      case 'DESCRIBE': {
        const right = describeClip(this.#clip);
        const headers = { 'Content-Type': 'application/sdp', 'Content-Base': `${request.url}/` };
        this.#reply(request, 200, headers, this.#script.sdp?.(right) ?? right);
        return;
      }
      case 'SETUP':
        void this.#setUp(request, other);
        return;
      case 'PLAY':
        this.#reply(request, 200, { Session: 'a1b2c3d4' }, '');
        this.#send();
        return;
      case 'TEARDOWN':
        clearInterval(this.#timer);
        this.#reply(request, 200, {}, '');
        this.#socket.end();
        return;
      default:
        this.#reply(request, 200, {}, '');
    }
  }

  async #setUp(request: RequestHead, other: Readonly<Record<string, string>>): Promise<void> {
    const asked = headerValue(request.headers, 'transport') ?? '';
    const tcp = /interleaved=(\d+)-(\d+)/.exec(asked);
    const udp = /client_port=(\d+)-(\d+)/.exec(asked);
    if ((tcp && this.#script.tcp === false) || (udp && this.#script.udp === false) || (!tcp && !udp)) {
      this.#reply(request, 461, {}, '');
      return;
    }
    const isVideo = this.#medias++ === 0;
    const session = { Session: 'a1b2c3d4;timeout=60', ...other };
    if (tcp) {
      if (isVideo) this.#channels = { rtp: Number(tcp[1]), rtcp: Number(tcp[2]) };
      this.#reply(request, 200, { ...session, Transport: tcp.input }, '');
      return;
    }
    if (isVideo) await this.#openUdp(Number(udp?.[1]));
    else this.#soundPort = Number(udp?.[1]);
    const ports = `${this.#udp?.rtp.address().port}-${this.#udp?.rtcp.address().port}`;
    const serverPort = this.#script.udpFrom?.serverPort ?? `;server_port=${ports}`;
    this.#reply(request, 200, { ...session, Transport: `${udp?.input}${serverPort}` }, '');
  }

  async #openUdp(client: number): Promise<void> {
    const address = this.#script.udpFrom?.address ?? this.#around.host;
    const open = (): Promise<UdpSocket> =>
      new Promise((resolve) => {
        const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
        socket.on('error', () => undefined);
        socket.bind(0, address, () => resolve(socket));
      });
    const [rtp, rtcp] = [await open(), await open()];
    rtp.on('message', () => this.#around.punched());
    rtcp.on('message', (bytes) => this.#around.report(bytes));
    this.#udp = { rtp, rtcp, client };
  }

  #send(): void {
    const { frames = FRAMES, forever, packets } = this.#script;
    let frame = 0;
    const next = (count: number): void => {
      const right = rtpOf(this.#clip, { first: frame, count, sequence: this.#sequence });
      this.#sequence = (this.#sequence + right.length) & 0xffff;
      frame += count;
      for (const packet of packets?.(right) ?? right) this.#write(packet);
    };
    if (frames > 0) next(frames);
    if (forever) this.#timer = setInterval(() => next(1), FRAME_MILLIS);
  }

  #write(packet: Buffer): void {
    const udp = this.#udp;
    const isRtcp = packet.length > 1 && (packet[1] as number) >= 192 && (packet[1] as number) <= 223;
    if (udp) {
      const [socket, port] = isRtcp ? [udp.rtcp, udp.client + 1] : [udp.rtp, udp.client];
      socket.send(packet, port, this.#around.host);
      return;
    }
    const channels = this.#script.channels ?? this.#channels;
    this.#socket.write(dollar(isRtcp ? channels.rtcp : channels.rtp, packet));
  }
}

function describeClip(video: Clip): string {
  const sets = video.parameterSets.map((set) => set.toString('base64')).join(',');
  return [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=Bad camera',
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
    `a=rtpmap:${PAYLOAD_TYPE} H264/90000`,
    `a=fmtp:${PAYLOAD_TYPE} packetization-mode=1;sprop-parameter-sets=${sets}`,
    'a=control:trackID=1',
    '',
  ].join('\r\n');
}
