import {
  type Authenticator,
  createAuthenticator,
  type LoginChoice,
  parseChallenges,
} from './authentication.ts';
import { type ConnectionListener, type Goodbye, type RtspAnswer, RtspConnection } from './connection.ts';
import { failure, type RtspFailure, statusFailure } from './failure.ts';
import { headerValue } from './headers.ts';
import type { OutgoingHeaders } from './message.ts';
import { followRedirect } from './redirect.ts';
import type { TlsTrust } from './tls.ts';
import type { RtspUrl } from './url.ts';

/** Some cameras answer 401 to whoever does not say what he is (B13). */
const USER_AGENT = 'Vigie';
/** A 401 may be answered with each scheme, and a nonce renewed on the way. */
const MAX_TRIES = 6;
const MAX_REDIRECTS = 3;

export interface DialogueOptions {
  readonly url: RtspUrl;
  readonly tls: TlsTrust;
  readonly readBuffer: Buffer;
  /** For connecting, and for each answer. */
  readonly timeoutMillis: number;
  readonly login: LoginChoice;
  readonly listener: ConnectionListener;
}

/** Questions and answers with one camera over one connection at a time: logs in, follows redirects. */
export class Dialogue {
  readonly #options: DialogueOptions;
  #authenticator: Authenticator;
  #url: RtspUrl;
  #connection: RtspConnection | undefined;
  readonly #closing = new AbortController();

  constructor(options: DialogueOptions) {
    this.#options = options;
    this.#url = options.url;
    this.#authenticator = createAuthenticator(options.url.credentials, undefined, options.login);
  }

  /** What requests are for: after a redirect another one than at first. */
  get url(): RtspUrl {
    return this.#url;
  }

  get connection(): RtspConnection | undefined {
    return this.#connection;
  }

  /** See `Authenticator.accepted`. */
  get login(): string | undefined {
    return this.#authenticator.accepted;
  }

  /**
   * Connects and asks what the camera can do, which some need before anything else. Whatever it says to that counts:
   * many that refuse OPTIONS go on to play (B14).
   */
  async open(): Promise<RtspAnswer | RtspFailure> {
    const { readBuffer, timeoutMillis, listener, tls } = this.#options;
    const { host, port, scheme } = this.#url;
    const connection = await RtspConnection.open({
      host,
      port,
      readBuffer,
      timeoutMillis,
      listener,
      tls: scheme === 'rtsps' ? tls : undefined,
      signal: this.#closing.signal,
    });
    if (!(connection instanceof RtspConnection)) return connection;
    if (this.#closing.signal.aborted) {
      connection.close();
      return stopped();
    }
    this.#connection = connection;
    return this.call('OPTIONS', this.#url.requestUrl, {});
  }

  /** Asks what there is to see, elsewhere if the camera says so (A4). */
  async describe(): Promise<RtspAnswer | RtspFailure> {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.call('DESCRIBE', this.#url.requestUrl, { Accept: 'application/sdp' });
      if (answer.kind === 'failure' || !isRedirect(answer)) return succeeded('DESCRIBE', answer);
      const redirect = followRedirect(this.#url, headerValue(answer.head.headers, 'location'));
      if (redirect.kind === 'refused') return failure('protocol', redirect.problem);
      this.#url = redirect.url;
      // Nothing that was meant for this camera goes to the other one unasked.
      this.#authenticator = createAuthenticator(redirect.url.credentials, undefined, this.#options.login);
      this.#connection?.close();
      const opened = await this.open();
      if (opened.kind === 'failure') return opened;
    }
    return failure('protocol', 'the camera redirects in a circle');
  }

  /** One request, with as many tries as the camera's authentication takes. */
  async call(
    method: string,
    url: string,
    headers: OutgoingHeaders,
    silence?: 'breaks' | 'tolerated',
  ): Promise<RtspAnswer | RtspFailure> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const connection = this.#connection;
      if (!connection || this.#closing.signal.aborted) return stopped();
      const answer = await connection.request(method, url, this.#headers(method, url, headers), silence);
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

  /** Ends the session, if there is one, and the connection; see `RtspConnection.closed`. */
  close(session?: { readonly id: string; readonly url: string }): void {
    this.#closing.abort();
    this.#connection?.close(session && this.#goodbye(session.id, session.url));
  }

  #goodbye(id: string, url: string): Goodbye {
    return { method: 'TEARDOWN', url, headers: this.#headers('TEARDOWN', url, { Session: id }) };
  }

  #headers(method: string, url: string, headers: OutgoingHeaders): OutgoingHeaders {
    return {
      ...headers,
      Authorization: this.#authenticator.authorize(method, url),
      'User-Agent': USER_AGENT,
    };
  }
}

/** An answer that is a success, or why it is none. */
export function succeeded(method: string, answer: RtspAnswer | RtspFailure): RtspAnswer | RtspFailure {
  if (answer.kind === 'failure') return answer;
  return answer.head.status >= 200 && answer.head.status < 300 ? answer : statusFailure(method, answer.head);
}

export const stopped = (): RtspFailure => failure('offline', 'stopped by us');

function isRedirect(answer: RtspAnswer): boolean {
  const { status } = answer.head;
  return status === 301 || status === 302 || status === 303 || status === 305 || status === 307;
}
