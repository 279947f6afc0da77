import type { MediaSink } from '../media/access-unit-sink.ts';
import type { MonoMicros, WallMicros } from '../time/units.ts';
import { aggregateUrl, joinControl } from './base-url.ts';
import type { CameraMemory } from './camera-memory.ts';
import type { ConnectionListener, RtspAnswer } from './connection.ts';
import { Dialogue, stopped, succeeded } from './dialogue.ts';
import { failure, type RtspFailure } from './failure.ts';
import { headerValue } from './headers.ts';
import { KeepAlive } from './keep-alive.ts';
import { planMedias, type PlannedMedia } from './media-plan.ts';
import type { MediaReceiver } from './media-receiver.ts';
import { leavesSessionsBehind, type RtspPolicies } from './policies.ts';
import { parseSdp } from './sdp.ts';
import { DEFAULT_SESSION_TIMEOUT_SECONDS, type RtspSession as ParsedSession } from './session-header.ts';
import { type OtherTransport, readSetUpAnswer } from './setup-answer.ts';
import type { TlsTrust } from './tls.ts';
import { buildTransport } from './transport.ts';
import { UdpMedia } from './udp-media.ts';
import type { PortRange } from './udp-ports.ts';
import type { RtspUrl } from './url.ts';
import { VideoReceiver } from './video-receiver.ts';

const REPORT_MICROS = 5_000_000;
/** Media that came within this time flows. */
const FLOW_MICROS = 2_000_000;
/** From PLAY to the first datagram (F11). */
const DATAGRAM_MILLIS = 5_000;
const PUNCH_MILLIS = 1_000;

export interface SessionOptions {
  readonly url: RtspUrl;
  readonly transport: 'tcp' | 'udp';
  readonly policies: RtspPolicies;
  /** For RTSPS. */
  readonly tls: TlsTrust;
  /** Of this machine, for UDP; `undefined`: whatever the system gives. */
  readonly udpPorts: PortRange | undefined;
  /** The camera's, handed from one viewing to the next. */
  readonly memory: CameraMemory;
  readonly sink: MediaSink;
  /** Sound is to be recorded, too. */
  readonly audio: boolean;
  readonly readBuffer: Buffer;
  /** For connecting, and for each answer. */
  readonly timeoutMillis: number;
  /** Bytes read from the camera. */
  readonly onBytes: (bytes: number) => void;
  /** It plays no longer, and not because of `close`: may be called more than once. */
  readonly onLost: (failure: RtspFailure) => void;
}

/** It plays; or it does not; or it might if asked once more from the start. */
export type SessionOutcome = { readonly kind: 'playing' } | RtspFailure | OtherTransport;

interface SetUpMedia {
  readonly receiver: MediaReceiver;
  readonly udp: UdpMedia | undefined;
}

/** One session with a camera in one way of transport, from DESCRIBE to TEARDOWN (RFC 2326). */
export class RtspSession implements ConnectionListener {
  readonly #options: SessionOptions;
  readonly #dialogue: Dialogue;
  readonly #keepAlive: KeepAlive;
  readonly #medias: SetUpMedia[] = [];
  #video: VideoReceiver | undefined;
  #id: string | undefined;
  #aggregate = '';
  #audioProblem: string | undefined;
  #timeoutSeconds = DEFAULT_SESSION_TIMEOUT_SECONDS;
  #leavesSessionsBehind = false;
  #playing = false;
  #closed = false;
  #datagrams = 0;
  #waiting: (() => void) | undefined;
  #reportAt = 0;
  #packets = 0;
  #flowAt = 0;
  #askingForLife = false;
  #sendsKeepAlives = true;

  constructor(options: SessionOptions) {
    const { url, tls, policies, memory, readBuffer, timeoutMillis } = options;
    this.#options = options;
    this.#keepAlive = new KeepAlive(policies.keepAlive, memory);
    this.#dialogue = new Dialogue({
      url,
      tls,
      readBuffer,
      timeoutMillis,
      login: { order: policies.login, prefer: memory.login },
      listener: this,
    });
  }

  get video(): VideoReceiver | undefined {
    return this.#video;
  }

  /** It may have broken while the answer to PLAY was on its way here. */
  get broken(): RtspFailure | undefined {
    return this.#options.transport === 'tcp' ? this.#dialogue.connection?.broken : undefined;
  }

  /** See `RtspConnection.certificateEnd`. */
  get certificateEnd(): WallMicros | undefined {
    return this.#dialogue.connection?.certificateEnd;
  }

  /** Why there is no sound although it is wanted, as part of a sentence. */
  get audioProblem(): string | undefined {
    return this.#audioProblem;
  }

  /** Sessions of this camera outlive their connection to the harm of the next one (H6). */
  get leavesSessionsBehind(): boolean {
    return this.#leavesSessionsBehind;
  }

  /** From connecting to PLAY, over UDP to the first datagram. May be called once. */
  async start(): Promise<SessionOutcome> {
    const offered = await this.#dialogue.open();
    if (offered.kind === 'failure') return offered;
    this.#keepAlive.offer(offered.head);
    const described = await this.#dialogue.describe();
    if (described.kind === 'failure') return described;
    this.#options.memory.login = this.#dialogue.login;
    const problem = await this.#setUpAll(described);
    if (problem) return problem;

    // Media may be in the very read that brings the answer to PLAY (B2).
    const connection = this.#dialogue.connection;
    if (connection) connection.streaming = true;
    for (const { udp } of this.#medias) udp?.punch();
    const played = succeeded(
      'PLAY',
      // Some send nothing without a range (G1). What they say of it in RTP-Info is so often wrong that it is not read.
      await this.#dialogue.call('PLAY', this.#aggregate, { Session: this.#id, Range: 'npt=0.000-' }),
    );
    if (played.kind === 'failure') return played;
    this.#keepAlive.begin(this.#timeoutSeconds);
    this.#playing = true;
    return this.#options.transport === 'udp' ? this.#firstDatagram() : { kind: 'playing' };
  }

  /** To be called about once a second while it plays: sends what is due. */
  tick(now: MonoMicros): void {
    if (!this.#playing || this.#closed) return;
    let packets = 0;
    for (const { receiver } of this.#medias) {
      receiver.tick?.(now);
      packets += receiver.packets;
    }
    if (packets !== this.#packets) {
      this.#packets = packets;
      this.#flowAt = now;
    }
    if (this.#video?.ended) {
      this.#options.onLost(failure('offline', 'the camera ended the stream'));
      return;
    }
    if (now >= this.#reportAt) {
      this.#reportAt = now + REPORT_MICROS;
      this.#report(now);
    }
    if (this.#sendsKeepAlives && !this.#askingForLife) {
      const method = this.#keepAlive.take(now);
      if (method) void this.#askForLife(method, now);
    }
  }

  /**
   * Ends it: says so to the camera, hands on nothing more. Resolves when the connection is closed, with the session
   * that the camera may still hold.
   */
  async close(): Promise<{ readonly id: string; readonly url: string } | undefined> {
    if (this.#closed) return undefined;
    this.#closed = true;
    this.#waiting?.();
    for (const { udp } of this.#medias) udp?.close();
    const session = this.#id === undefined ? undefined : { id: this.#id, url: this.#aggregate };
    this.#dialogue.close(session);
    const answered = await this.#dialogue.connection?.closed;
    return answered ? undefined : session;
  }

  arrived(bytes: number): void {
    this.#options.onBytes(bytes);
  }

  /** Called for every `$` frame: allocates nothing. Channels that were not agreed are no one's (B15). */
  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    if (this.#closed) return;
    const medias = this.#medias;
    for (let i = 0; i < medias.length; i++) {
      const { receiver } = medias[i] as SetUpMedia;
      if (!receiver.expects(channel)) continue;
      receiver.frame(channel, buffer, start, end);
      return;
    }
  }

  expects(channel: number): boolean {
    return this.#medias.some(({ receiver }) => receiver.expects(channel));
  }

  lost(problem: RtspFailure): void {
    this.#keepAlive.broken();
    // Datagrams come without it, and when they no longer do, that is noticed. See #askForLife.
    if (this.#playing && this.#options.transport === 'tcp') this.#options.onLost(problem);
  }

  async #setUpAll(described: RtspAnswer): Promise<SessionOutcome | undefined> {
    const { sink, audio, policies, memory, transport } = this.#options;
    const { headers } = described.head;
    const sdp = parseSdp(described.body);
    this.#leavesSessionsBehind = leavesSessionsBehind(sdp.tool);
    const { videoOnly } = memory;
    const plan = planMedias(sdp, { sink, audio, setUp: policies.setUp, videoOnly });
    if (plan.kind === 'failure') return plan;
    this.#audioProblem = plan.audioProblem;
    if (plan.needsTcp && transport === 'udp' && policies.transport === 'auto') {
      const reason = failure('protocol', 'the camera sends packets that are too large for UDP');
      return { kind: 'again', transport: 'tcp', reason, certain: true };
    }
    const base = aggregateUrl(
      this.#dialogue.url.requestUrl,
      headerValue(headers, 'content-base'),
      headerValue(headers, 'content-location'),
    );
    this.#aggregate = joinControl(base, sdp.control);
    for (const [index, media] of plan.medias.entries()) {
      const outcome = await this.#setUp(media, joinControl(base, media.control), index);
      if (!outcome) continue;
      if (media.isVideo) return outcome;
      const reason =
        outcome.kind === 'failure' ? outcome : outcome.kind === 'again' ? outcome.reason : stopped();
      if (audio) this.#audioProblem ??= `there is no sound: ${reason.reason}`;
      if (!this.#dialogue.connection?.broken) continue;
      // It would rather break off than give more than video: then video is what it is asked for.
      memory.videoOnly = true;
      return { kind: 'again', transport, reason, certain: true };
    }
    return undefined;
  }

  /** Nothing when the media is set up. */
  async #setUp(media: PlannedMedia, url: string, index: number): Promise<SessionOutcome | undefined> {
    const { transport } = this.#options;
    const asked = { rtp: index * 2, rtcp: index * 2 + 1 };
    const udp = transport === 'udp' ? await this.#openUdp() : undefined;
    if (udp && !(udp instanceof UdpMedia)) return udp;
    const request = buildTransport(
      udp ? { lower: 'udp', clientPort: udp.clientPort } : { lower: 'tcp', interleaved: asked },
    );
    const answer = await this.#dialogue.call('SETUP', url, { Transport: request, Session: this.#id });
    const granted = answer.kind === 'failure' ? answer : readSetUpAnswer(answer, transport);
    if (granted.kind === 'granted') this.#adopt(granted.session);
    else udp?.close();
    if (granted.kind !== 'granted') return granted;
    const channels = (udp ? undefined : granted.transport?.interleaved) ?? asked;
    const receiver = media.create(channels, transport === 'tcp');
    if (media.isVideo && receiver instanceof VideoReceiver) this.#video = receiver;
    const address = this.#dialogue.connection?.remoteAddress;
    if (udp && address !== undefined) udp.start(granted.transport, address, receiver, channels);
    this.#medias.push({ receiver, udp });
    return undefined;
  }

  /** The session of one more media (F8). */
  #adopt(session: ParsedSession | undefined): void {
    if (!session || (this.#id !== undefined && this.#options.policies.sessionId === 'first')) return;
    this.#id = session.id;
    this.#timeoutSeconds = session.timeoutSeconds;
  }

  #openUdp(): Promise<UdpMedia | RtspFailure> {
    const address = this.#dialogue.connection?.remoteAddress ?? '';
    const isV6 = address.includes(':') && !address.startsWith('::ffff:');
    return UdpMedia.open(
      { family: isV6 ? 6 : 4, range: this.#options.udpPorts, random: Math.random },
      {
        arrived: (bytes) => {
          this.#datagrams++;
          this.#options.onBytes(bytes);
          this.#waiting?.();
        },
        lost: (problem) => this.#options.onLost(problem),
      },
    );
  }

  /** Over UDP it plays when something comes. */
  async #firstDatagram(): Promise<SessionOutcome> {
    if (this.#datagrams === 0) {
      const punch = setInterval(() => {
        for (const { udp } of this.#medias) udp?.punch();
      }, PUNCH_MILLIS);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, DATAGRAM_MILLIS);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      clearInterval(punch);
      this.#waiting = undefined;
    }
    if (this.#closed) return stopped();
    if (this.#datagrams > 0) return { kind: 'playing' };
    const seconds = DATAGRAM_MILLIS / 1000;
    const reason = failure(
      'offline',
      `the camera plays by UDP, but nothing has come within ${seconds} s: perhaps a firewall is in the way`,
    );
    return { kind: 'again', transport: 'tcp', reason, certain: true };
  }

  #report(now: MonoMicros): void {
    for (const { receiver, udp } of this.#medias) {
      const report = receiver.receiverReport(now);
      if (!report) continue;
      if (udp) udp.report(report);
      else this.#dialogue.connection?.send(report);
    }
  }

  /** A sign of life (H1). Whatever comes of it, video that flows is video (H3). */
  async #askForLife(method: string, now: MonoMicros): Promise<void> {
    this.#askingForLife = true;
    if (this.#dialogue.connection?.broken) await this.#dialogue.open();
    const headers = { Session: this.#id };
    const answer = await this.#dialogue.call(method, this.#aggregate, headers, 'tolerated');
    this.#askingForLife = false;
    this.#options.sink.senderClock?.roundTrip(this.#options.sink.arrivalMono - now);
    if (answer.kind === 'failure') {
      // No more guesses at a password that was right a while ago.
      if (answer.cause === 'credentials') this.#sendsKeepAlives = false;
      return;
    }
    this.#keepAlive.answered(answer.head.status);
    if (answer.head.status === 454 && now - this.#flowAt > FLOW_MICROS) {
      this.#options.onLost(failure('offline', 'the camera forgot the session'));
    }
  }
}
