import { randomInt } from 'node:crypto';
import type { VideoSink } from '../media/access-unit-sink.ts';
import type { MonoMicros } from '../time/units.ts';
import { type Authenticator, createAuthenticator, parseChallenges } from './authentication.ts';
import { aggregateUrl, joinControl } from './base-url.ts';
import { type ConnectionListener, type RtspAnswer, RtspConnection } from './connection.ts';
import { failure, type RtspFailure, statusFailure } from './failure.ts';
import { headerValue, headerValues } from './headers.ts';
import type { OutgoingHeaders } from './message.ts';
import { followRedirect } from './redirect.ts';
import { parseSdp } from './sdp.ts';
import { parseSession } from './session-header.ts';
import { buildTransport, parseTransport } from './transport.ts';
import type { RtspUrl } from './url.ts';
import { chooseVideo } from './video-media.ts';
import { VideoReceiver } from './video-receiver.ts';

const USER_AGENT = 'Vigie';
/** A 401 may be answered with each scheme, and a nonce renewed on the way. */
const MAX_TRIES = 6;
const MAX_REDIRECTS = 3;
const REPORT_MICROS = 5_000_000;
/** A camera that gives a session longer than this is asked for a sign of life as if it gave this. */
const MAX_TIMEOUT_SECONDS = 60;
const ASKED_CHANNELS = { rtp: 0, rtcp: 1 } as const;

export interface RtspClientOptions {
  readonly url: RtspUrl;
  readonly sink: VideoSink;
  readonly readBuffer: Buffer;
  /** For connecting, and for each answer. */
  readonly timeoutMillis: number;
  /** Bytes read from the camera. */
  readonly onBytes: (bytes: number) => void;
  /** It plays no longer, and not because of `stop`: called once, only after `play` succeeded. */
  readonly onEnd: (failure: RtspFailure) => void;
}

/** One viewing of one camera: connects, asks for the video over TCP, keeps the session alive (RFC 2326). */
export class RtspClient implements ConnectionListener {
  readonly #options: RtspClientOptions;
  readonly #authenticator: Authenticator;
  #url: RtspUrl;
  #connection: RtspConnection | undefined;
  #receiver: VideoReceiver | undefined;
  #aggregate = '';
  #session: string | undefined;
  #keepAliveMethod = 'OPTIONS';
  #keepAliveMicros = 0;
  #keepAliveAt = 0;
  #reportAt = 0;
  #playing = false;
  #stopped = false;

  constructor(options: RtspClientOptions) {
    this.#options = options;
    this.#url = options.url;
    this.#authenticator = createAuthenticator(options.url.credentials);
  }

  get packetsLost(): number {
    return this.#receiver?.packetsLost ?? 0;
  }

  get clockOffsetMicros(): number | null {
    return this.#receiver?.clockOffsetMicros ?? null;
  }

  /** Goes from connecting to PLAY; `undefined` when the camera plays. May be called once. */
  async play(): Promise<RtspFailure | undefined> {
    const problem = await this.#handshake();
    if (problem) {
      this.#connection?.close();
      return problem;
    }
    this.#playing = true;
    // It may have broken while the answer to PLAY was on its way here.
    return this.#connection?.broken;
  }

  /** To be called about once a second while it plays: sends what is due. */
  tick(now: MonoMicros): void {
    const connection = this.#connection;
    const receiver = this.#receiver;
    if (!this.#playing || this.#stopped || !connection || !receiver) return;
    if (receiver.ended) {
      this.#end(failure('offline', 'the camera ended the stream'));
      return;
    }
    if (now >= this.#reportAt) {
      this.#reportAt = now + REPORT_MICROS;
      connection.send(receiver.receiverReport(now));
    }
    if (this.#keepAliveAt === 0) this.#keepAliveAt = now + this.#keepAliveMicros;
    if (now >= this.#keepAliveAt && !connection.busy) {
      this.#keepAliveAt = now + this.#keepAliveMicros;
      void this.#keepAlive();
    }
  }

  /** Ends the viewing: says so to the camera, hands on nothing more. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#session === undefined) {
      this.#connection?.close();
      return;
    }
    const headers = this.#headers('TEARDOWN', this.#aggregate, { Session: this.#session });
    this.#connection?.close({ method: 'TEARDOWN', url: this.#aggregate, headers });
  }

  arrived(bytes: number): void {
    this.#options.onBytes(bytes);
  }

  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    if (!this.#stopped) this.#receiver?.frame(channel, buffer, start, end);
  }

  expects(channel: number): boolean {
    return this.#receiver?.expects(channel) ?? false;
  }

  lost(problem: RtspFailure): void {
    if (this.#playing) this.#end(problem);
  }

  #end(problem: RtspFailure): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.onEnd(problem);
  }

  async #handshake(): Promise<RtspFailure | undefined> {
    const options = await this.#open();
    if (options) return options;
    let described = await this.#call('DESCRIBE', this.#url.requestUrl, { Accept: 'application/sdp' });
    for (let redirects = 0; described.kind === 'answer' && isRedirect(described); redirects++) {
      if (redirects === MAX_REDIRECTS) return failure('protocol', 'the camera redirects in a circle');
      const redirect = followRedirect(this.#url, headerValue(described.head.headers, 'location'));
      if (redirect.kind === 'refused') return failure('protocol', redirect.problem);
      this.#url = redirect.url;
      this.#connection?.close();
      const again = await this.#open();
      if (again) return again;
      described = await this.#call('DESCRIBE', this.#url.requestUrl, { Accept: 'application/sdp' });
    }
    const answer = succeeded('DESCRIBE', described);
    if (answer.kind === 'failure') return answer;
    return this.#setUp(answer);
  }

  /** Connects and asks what the camera can do, which some need before anything else (H4). */
  async #open(): Promise<RtspFailure | undefined> {
    const { readBuffer, timeoutMillis } = this.#options;
    if (this.#url.scheme === 'rtsps')
      return failure('protocol', 'RTSP over TLS is not supported by this version');
    const { host, port } = this.#url;
    const connection = await RtspConnection.open({ host, port, readBuffer, timeoutMillis, listener: this });
    if (!(connection instanceof RtspConnection)) return connection;
    if (this.#stopped) {
      connection.close();
      return failure('offline', 'stopped by us');
    }
    this.#connection = connection;
    const answer = await this.#call('OPTIONS', this.#url.requestUrl, {});
    if (answer.kind === 'failure') return answer;
    if (/\bGET_PARAMETER\b/i.test(headerValues(answer.head.headers, 'public').join(','))) {
      this.#keepAliveMethod = 'GET_PARAMETER';
    }
    // Whatever else it says to OPTIONS: many that refuse it go on to play.
    return undefined;
  }

  async #setUp(described: RtspAnswer): Promise<RtspFailure | undefined> {
    const { headers } = described.head;
    const sdp = parseSdp(described.body);
    const video = chooseVideo(sdp);
    if (video.kind === 'failure') return video;
    const base = aggregateUrl(
      this.#url.requestUrl,
      headerValue(headers, 'content-base'),
      headerValue(headers, 'content-location'),
    );
    this.#aggregate = joinControl(base, sdp.control);
    const setUp = succeeded(
      'SETUP',
      await this.#call('SETUP', joinControl(base, video.media.control), {
        Transport: buildTransport({ lower: 'tcp', interleaved: ASKED_CHANNELS }),
      }),
    );
    if (setUp.kind === 'failure') return setUp;
    const transport = parseTransport(headerValue(setUp.head.headers, 'transport') ?? '');
    if (transport?.lower === 'udp')
      return failure('protocol', 'the camera sends by UDP only, although asked for TCP');
    const session = parseSession(headerValue(setUp.head.headers, 'session') ?? '');
    if (!session) return failure('protocol', 'the camera answered SETUP without a session');
    this.#session = session.id;
    this.#keepAliveMicros = Math.min(session.timeoutSeconds, MAX_TIMEOUT_SECONDS) * 500_000;

    // Before PLAY is sent: media may be in the very read that brings its answer.
    this.#options.sink.begin(video.sets);
    this.#receiver = new VideoReceiver({
      codec: video.codec,
      sink: this.#options.sink,
      payloadType: video.payload.pt,
      clockRate: video.payload.clockRate,
      channels: transport?.interleaved ?? ASKED_CHANNELS,
      ssrc: randomInt(1, 2 ** 32),
    });
    if (this.#connection) this.#connection.streaming = true;
    const played = succeeded(
      'PLAY',
      await this.#call('PLAY', this.#aggregate, { Session: session.id, Range: 'npt=0.000-' }),
    );
    return played.kind === 'failure' ? played : undefined;
  }

  async #keepAlive(): Promise<void> {
    const answer = await this.#call(this.#keepAliveMethod, this.#aggregate, { Session: this.#session });
    if (answer.kind === 'failure') {
      // The connection's own end has been told already; a refused password has not.
      this.#end(answer);
    } else if (answer.head.status === 454) {
      this.#end(failure('offline', 'the camera forgot the session'));
    } else if (answer.head.status >= 400) {
      this.#keepAliveMethod = 'OPTIONS';
    }
  }

  /** One request, with as many tries as the camera's authentication takes. */
  async #call(method: string, url: string, headers: OutgoingHeaders): Promise<RtspAnswer | RtspFailure> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const connection = this.#connection;
      if (!connection || this.#stopped) return failure('offline', 'stopped by us');
      const answer = await connection.request(method, url, this.#headers(method, url, headers));
      if (answer.kind === 'failure') return answer;
      if (answer.head.status !== 401) {
        this.#authenticator.onAccepted();
        return answer;
      }
      if (!this.#url.credentials)
        return failure('credentials', 'the camera asks for a password and none is configured');
      if (this.#authenticator.onChallenge(parseChallenges(answer.head.headers)) === 'refused') {
        return statusFailure(method, answer.head);
      }
    }
    return failure('credentials', 'the camera asks for the password again and again');
  }

  #headers(method: string, url: string, headers: OutgoingHeaders): OutgoingHeaders {
    return {
      ...headers,
      Authorization: this.#authenticator.authorize(method, url),
      'User-Agent': USER_AGENT,
    };
  }
}

function isRedirect(answer: RtspAnswer): boolean {
  const { status } = answer.head;
  return status === 301 || status === 302 || status === 303 || status === 305 || status === 307;
}

function succeeded(method: string, answer: RtspAnswer | RtspFailure): RtspAnswer | RtspFailure {
  if (answer.kind === 'failure') return answer;
  return answer.head.status >= 200 && answer.head.status < 300 ? answer : statusFailure(method, answer.head);
}
