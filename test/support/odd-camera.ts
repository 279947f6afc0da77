import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { wallMicrosToNtp } from '../../src/rtsp/ntp.ts';
import { wallMicros } from '../../src/time/units.ts';
import { nalsOf, setNalsOf } from './frames.ts';
import type { EncodedVideo } from './video.ts';

/** What one camera does that others do not. */
export interface Oddities {
  readonly noContentType?: boolean;
  readonly noCSeq?: boolean;
  readonly noReason?: boolean;
  readonly noSprop?: boolean;
  readonly channels?: readonly [rtp: number, rtcp: number];
  /** Of the answer to SETUP, before `;unicast`. */
  readonly profile?: string;
  /** Seconds; 60 otherwise. */
  readonly timeout?: number;
  /** In place of a right `RTP-Info`; `''`: none. */
  readonly rtpInfo?: string;
  readonly tool?: string;
  /** Lines behind the video in the description. */
  readonly more?: readonly string[];
  readonly noMarkers?: boolean;
  readonly markedSets?: boolean;
  readonly lateSets?: boolean;
  readonly noSets?: boolean;
  readonly startCodes?: boolean;
  readonly noReports?: boolean;
  /** Of its clock. */
  readonly offsetSeconds?: number;
  readonly foreignReports?: boolean;
  /** Every so many packets. */
  readonly lose?: number;
  readonly double?: number;
  readonly strangeType?: number;
  readonly strangeSender?: number;
  readonly strangeChannel?: number;
  readonly mediaBeforePlay?: boolean;
  readonly request?: boolean;
  readonly garbage?: boolean;
  readonly jpegOnly?: boolean;
}

const FIRST_SEQUENCE = 30_000;
const FIRST_TIMESTAMP = 1_000_000;
const SSRC = 0x1234_5678;
const MAX_PAYLOAD = 1_400;

/** Cameras by name, each odd in its own way; they play the same video over and over. */
export async function startOddCameras(
  cameras: Readonly<Record<string, Oddities>>,
  video: EncodedVideo,
): Promise<{ url(name: string): string; stop(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, cameras, video);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `rtsp://127.0.0.1:${port}/${name}`,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function serve(socket: Socket, cameras: Readonly<Record<string, Oddities>>, video: EncodedVideo): void {
  let timer: NodeJS.Timeout | undefined;
  let text = '';
  socket.on('close', () => clearInterval(timer));
  socket.on('data', (bytes) => {
    // Receiver reports are no text, and may hold anything: what matters begins with a method.
    text += bytes.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const [, method = '', url = '', cseq = ''] =
        /([A-Z_]{4,}) (rtsp:\S+) RTSP[\s\S]*?CSeq: (\d+)/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 4);
      const name = /^rtsp:\/\/[^/]+\/([^/]+)/.exec(url)?.[1] ?? '';
      // What is no request is an answer to one of its own.
      if (method !== '') answer(method, name, cseq);
    }
  });

  function answer(method: string, name: string, cseq: string): void {
    const odd = cameras[name] ?? {};
    const [rtp, rtcp] = odd.channels ?? [0, 1];
    const reply = (headers: readonly string[], body = ''): void => {
      const head = [
        odd.noReason ? 'RTSP/1.0 200' : 'RTSP/1.0 200 OK',
        ...(odd.noCSeq ? [] : [`CSeq: ${cseq}`]),
        ...headers,
        ...(body === '' ? [] : [`Content-Length: ${body.length}`]),
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    };
    if (method === 'DESCRIBE') {
      reply(odd.noContentType ? [] : ['Content-Type: application/sdp'], description(odd, video));
    } else if (method === 'SETUP') {
      const { profile = 'RTP/AVP/TCP', timeout = 60 } = odd;
      reply([
        `Transport: ${profile};unicast;interleaved=${rtp}-${rtcp}`,
        `Session: 12345678;timeout=${timeout}`,
      ]);
      if (odd.mediaBeforePlay) timer = play(socket, odd, video);
    } else if (method === 'PLAY') {
      const info = odd.rtpInfo ?? `url=video;seq=${FIRST_SEQUENCE};rtptime=${FIRST_TIMESTAMP}`;
      const headers = ['Session: 12345678', ...(info === '' ? [] : [`RTP-Info: ${info}`])];
      if (!timer) {
        reply(headers);
        timer = play(socket, odd, video);
      } else setTimeout(() => reply(headers), 200);
      if (odd.request) socket.write('SET_PARAMETER * RTSP/1.0\r\nCSeq: 7\r\n\r\n');
      if (odd.garbage) setTimeout(() => socket.write(Buffer.alloc(500, 0xa5)), 300);
    } else {
      reply(['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN']);
    }
  }
}

function description(odd: Oddities, { config }: EncodedVideo): string {
  const sets = setNalsOf(config).map((nal) => Buffer.from(nal).toString('base64'));
  const sprop = odd.noSprop ? '' : `;sprop-parameter-sets=${sets.join(',')}`;
  const media = odd.jpegOnly
    ? ['m=video 0 RTP/AVP 26', 'a=control:video']
    : [
        'm=video 0 RTP/AVP 96',
        'a=rtpmap:96 H264/90000',
        `a=fmtp:96 packetization-mode=1${sprop}`,
        'a=control:video',
      ];
  return ['v=0', ...(odd.tool ? [`a=tool:${odd.tool}`] : []), ...media, ...(odd.more ?? []), ''].join('\r\n');
}

/** Sends a picture each time that one is due; the timer is returned. */
function play(socket: Socket, odd: Oddities, video: EncodedVideo): NodeJS.Timeout {
  let sequence = FIRST_SEQUENCE;
  let packets = 0;
  let pictures = 0;
  const began = performance.now();
  const [rtp, rtcp] = odd.channels ?? [0, 1];
  const sets = setNalsOf(video.config).map((nal) => Buffer.from(nal));

  const send = (payload: Buffer, marker: boolean, timestamp: number): void => {
    packets++;
    const due = (every: number | undefined): boolean => every !== undefined && packets % every === 0;
    const packet = (type: number, ssrc: number): Buffer => {
      const head = Buffer.alloc(12);
      head[0] = 0x80;
      head[1] = type | (marker && !odd.noMarkers ? 0x80 : 0);
      head.writeUInt16BE(sequence & 0xffff, 2);
      head.writeUInt32BE(timestamp >>> 0, 4);
      head.writeUInt32BE(ssrc, 8);
      return Buffer.concat([head, payload]);
    };
    if (due(odd.strangeType)) frame(rtp, packet(50, SSRC));
    if (due(odd.strangeSender)) frame(rtp, packet(96, SSRC + 1));
    if (due(odd.strangeChannel)) frame(9, packet(96, SSRC));
    if (!due(odd.lose)) frame(rtp, packet(96, SSRC));
    if (due(odd.double)) frame(rtp, packet(96, SSRC));
    sequence++;
  };
  const frame = (channel: number, content: Buffer): void => {
    const head = Buffer.from([0x24, channel, 0, 0]);
    head.writeUInt16BE(content.length, 2);
    socket.write(Buffer.concat([head, content]));
  };
  const report = (): void => {
    const content = Buffer.alloc(28);
    const now = wallMicros(Date.now() * 1_000 + (odd.offsetSeconds ?? 0) * 1_000_000);
    const { seconds, fraction } = wallMicrosToNtp(now);
    content.set([0x80, 200, 0, 6]);
    content.writeUInt32BE(odd.foreignReports ? SSRC + 9 : SSRC, 4);
    content.writeUInt32BE(seconds, 8);
    content.writeUInt32BE(fraction, 12);
    frame(rtcp, content);
  };
  const step = 1000 / (90_000 / video.ticksPerFrame);
  return setInterval(() => {
    for (; pictures * step <= performance.now() - began; pictures++) {
      const picture = video.frames[pictures % video.frames.length];
      if (!picture) return;
      const timestamp = FIRST_TIMESTAMP + pictures * video.ticksPerFrame;
      if (picture.key && !odd.noSets) {
        const late = odd.lateSets ? timestamp - video.ticksPerFrame : timestamp;
        for (const set of sets) send(set, odd.markedSets ?? false, late);
      }
      const nals = [...nalsOf(picture.data)].filter((nal) => ((nal[0] ?? 0) & 0x1f) <= 6);
      for (const [i, nal] of nals.entries()) {
        const last = i === nals.length - 1;
        for (const [payload, isEnd] of packed(Buffer.from(nal), odd.startCodes ?? false)) {
          send(payload, last && isEnd, timestamp);
        }
      }
      if (pictures % 25 === 1 && !odd.noReports) report();
    }
  }, 10);
}

/** Single NAL units and FU-A (RFC 6184). */
function* packed(nal: Buffer, startCodes: boolean): Generator<readonly [Buffer, boolean]> {
  if (nal.length <= MAX_PAYLOAD) {
    yield [startCodes ? Buffer.concat([Buffer.of(0, 0, 0, 1), nal]) : nal, true];
    return;
  }
  const first = nal[0] as number;
  for (let at = 1; at < nal.length; at += MAX_PAYLOAD) {
    const end = at + MAX_PAYLOAD >= nal.length;
    const flags = (at === 1 ? 0x80 : 0) | (end ? 0x40 : 0);
    const head = Buffer.of((first & 0xe0) | 28, (first & 0x1f) | flags);
    yield [Buffer.concat([head, nal.subarray(at, at + MAX_PAYLOAD)]), end];
  }
}
