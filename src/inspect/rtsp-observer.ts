import { headerValue } from '../rtsp/headers.ts';
import { type InterleavedHandler, InterleavedReader } from '../rtsp/interleaved-reader.ts';
import type { RequestHead, ResponseHead } from '../rtsp/message.ts';
import { parseSdp, type Sdp } from '../rtsp/sdp.ts';
import { parseSession } from '../rtsp/session-header.ts';
import { parseTransport, type PortPair } from '../rtsp/transport.ts';
import { chooseVideo } from '../rtsp/video-media.ts';
import type { AudioReport, Findings } from './camera-report.ts';
import { RtpObserver } from './rtp-observer.ts';

/** What is asked for first, by every client of ours. */
const ASKED_CHANNELS: PortPair = { rtp: 0, rtcp: 1 };
/** Left in the buffer when what was in it has been dealt with. */
const READ = Buffer.from('read it already', 'latin1');
/** live555 before this keeps sending to a connection that was given to somebody else. */
const LIVE555_MENDED = '2017.06.04';

/**
 * Reads over the shoulder of an RTSP client what a camera says and sends, and takes note of what is wrong. The client
 * knows nothing of it: what it reads lies in its read buffer when it counts the bytes.
 */
export class RtspObserver implements InterleavedHandler {
  readonly streaming = true;
  audio: AudioReport | undefined;

  readonly #readBuffer: Buffer;
  readonly #findings: Findings;
  readonly #reader = new InterleavedReader(this);
  #rtp: RtpObserver | undefined;
  #channels: PortPair = ASKED_CHANNELS;
  #played = false;
  #setUp = false;
  #info: string | undefined;

  constructor(readBuffer: Buffer, findings: Findings) {
    this.#readBuffer = readBuffer;
    this.#findings = findings;
  }

  /** To be called when the client counts bytes, before it reads them. */
  arrived(bytes: number): void {
    const buffer = this.#readBuffer;
    // What came another way, as by UDP, is counted as well, and is not here.
    if (buffer.compare(READ, 0, READ.length, 0, READ.length) === 0) return;
    this.#reader.read(buffer, Math.min(bytes, buffer.length));
    // When the client has read it, too.
    queueMicrotask(() => READ.copy(buffer));
  }

  /** What can be said only at the end. */
  finish(watchedMicros: number): void {
    const rtp = this.#rtp;
    if (this.#reader.garbageBytes > 0) {
      this.#findings.add(
        'B5',
        `It sent ${this.#reader.garbageBytes} bytes that are neither a message nor media; they were passed over.`,
      );
    }
    if (!rtp || rtp.packets === 0) return;
    rtp.finish(watchedMicros);
    this.#compareInfo(rtp);
  }

  expects(channel: number): boolean {
    return channel === this.#channels.rtp || channel === this.#channels.rtcp;
  }

  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    if (!this.#played) {
      this.#findings.add('B2', 'It sends media before it has answered PLAY; that does no harm.');
    }
    if (this.expects(channel)) this.#rtp?.frame(buffer, start, end);
    else if (this.#setUp) {
      this.#findings.add('B15', `It sends in channel ${channel}, which nobody asked for; that is dropped.`);
    }
  }

  message(head: ResponseHead | RequestHead, body: Buffer): void {
    const findings = this.#findings;
    if (head.kind === 'request') {
      findings.add('B6', `It makes requests itself (${head.method}); they are answered.`);
      return;
    }
    if (head.cseq === undefined) findings.add('B7', 'It answers without CSeq; that does no harm.');
    if (head.reason === '')
      findings.add('B9', 'It answers without words behind the status; that does no harm.');
    if (head.status < 200 || head.status >= 300) return;
    const type = headerValue(head.headers, 'content-type');
    if (body.length > 0 && (/sdp/i.test(type ?? '') || /^\s*[a-z]\s*=/i.test(body.toString('latin1')))) {
      this.#described(parseSdp(body), type);
    } else if (headerValue(head.headers, 'transport') !== undefined) {
      this.#answeredSetUp(head);
    } else if (this.#setUp && !this.#played) {
      this.#played = true;
      this.#info = headerValue(head.headers, 'rtp-info');
    }
  }

  #described(sdp: Sdp, type: string | undefined): void {
    const findings = this.#findings;
    if (type === undefined) findings.add('B12', 'It does not say what its description is (Content-Type).');
    const live555 = /LIVE555.*?(\d{4}\.\d\d\.\d\d)/i.exec(sdp.tool ?? '')?.[1];
    if (live555 !== undefined && live555 < LIVE555_MENDED) {
      findings.add(
        'H6',
        `Its server is a live555 of ${live555}, which mixes up connections: update its firmware.`,
      );
    }
    const sound = sdp.medias.find((media) => media.kind === 'audio' && !media.isBackChannel)?.payloads[0];
    if (sound) {
      this.audio = { codec: sound.encoding, sampleRate: sound.clockRate, channels: sound.channels };
    }
    const video = chooseVideo(sdp);
    if (video.kind === 'failure') return;
    this.#rtp = new RtpObserver(video.codec, video.payload.pt, findings);
    if (!video.sets.complete) {
      findings.add(
        'J22',
        'Its description lacks parameter sets; recording begins with the first ones that come in the stream.',
      );
    }
    const { length } = sdp.medias.filter((media) => media.kind === 'video' && !media.isBackChannel);
    if (length > 1)
      findings.add('E25', `It offers ${length} videos in one description; the first is recorded.`);
  }

  #answeredSetUp(head: ResponseHead): void {
    const findings = this.#findings;
    const text = headerValue(head.headers, 'transport') ?? '';
    const transport = parseTransport(text);
    const first = !this.#setUp;
    this.#setUp = true;
    const session = headerValue(head.headers, 'session') ?? '';
    const { timeoutSeconds = 60 } = parseSession(session) ?? {};
    if (timeoutSeconds < 30) {
      findings.add('H2', `It wants a sign of life every ${timeoutSeconds} s at least, and gets it.`);
    }
    if (!first || transport?.lower !== 'tcp') return;
    if (!/rtp\/avp\/tcp/i.test(text)) {
      findings.add(
        'F3',
        'It does not say in its answer that it sends over this connection; that does no harm.',
      );
    }
    const { interleaved } = transport;
    if (!interleaved) return;
    this.#channels = interleaved;
    if (interleaved.rtp !== ASKED_CHANNELS.rtp || interleaved.rtcp !== ASKED_CHANNELS.rtcp) {
      findings.add(
        'F1',
        `It sends in channels ${interleaved.rtp} and ${interleaved.rtcp} instead of those asked for; that does no harm.`,
      );
    }
  }

  /** `RTP-Info` tells the first packet's number and time, or should; nothing rests on it. */
  #compareInfo(rtp: RtpObserver): void {
    const findings = this.#findings;
    if (this.#info === undefined || this.#info.trim() === '') {
      findings.add('G2', 'It does not say with which packet it begins (RTP-Info); that does no harm.');
      return;
    }
    const entries = this.#info.split(',');
    if (entries.length > 1) return;
    const sequence = Number(/\bseq\s*=\s*(\d+)/i.exec(this.#info)?.[1] ?? Number.NaN);
    const time = Number(/\brtptime\s*=\s*(-?\d+)/i.exec(this.#info)?.[1] ?? Number.NaN);
    if (!Number.isNaN(sequence) && ((rtp.firstSequence - sequence) & 0xffff) > 1_000) {
      findings.add(
        'G3',
        `It says that it begins with packet ${sequence} and begins with ${rtp.firstSequence}.`,
      );
    }
    if (time < 0 || (time === 0 && rtp.firstTimestamp > 90_000)) {
      findings.add('G4', `It says that it begins at time ${time} and begins at ${rtp.firstTimestamp}.`);
    }
  }
}
