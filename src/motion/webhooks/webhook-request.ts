import { readFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as requestHttps } from 'node:https';
import { createSecureContext } from 'node:tls';

/** How it went. Nothing in it comes from the address of the webhook, which may hold a password. */
export type WebhookOutcome =
  | { readonly kind: 'taken' }
  /** Another answer than 2xx; `retryAfterSeconds` as the receiver asks for, 0 when it does not. */
  | { readonly kind: 'refused'; readonly problem: string; readonly retryAfterSeconds: number }
  /** No answer: not reached, or not in time. */
  | { readonly kind: 'unreachable'; readonly problem: string };

/** Of an answer so much is read, so that the connection can be used again; of a longer one it is closed. */
const MOST_ANSWER_BYTES = 64 * 1024;
const MOST_RETRY_SECONDS = 300;

/** Sends to one webhook, one message at a time, over a connection that is kept where the receiver keeps it. */
export class WebhookSender {
  readonly #url: URL;
  readonly #caFile: string | undefined;
  readonly #timeoutMillis: number;
  #agent: Agent | undefined;

  constructor(options: {
    readonly url: string;
    readonly caFile: string | undefined;
    readonly timeoutMillis: number;
  }) {
    this.#url = new URL(options.url);
    this.#caFile = options.caFile;
    this.#timeoutMillis = options.timeoutMillis;
  }

  /** Never rejects. */
  async post(
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<WebhookOutcome> {
    try {
      this.#agent ??= await this.#open();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return { kind: 'unreachable', problem: `its caFile cannot be used: ${code ?? message}` };
    }
    const first = await this.#post(this.#agent, body, headers, signal);
    // A connection that was kept may have been closed by the receiver just then.
    return first === 'stale' ? asOutcome(await this.#post(this.#agent, body, headers, signal)) : first;
  }

  close(): void {
    this.#agent?.destroy();
  }

  /** @throws Error when the file of the authority cannot be read */
  async #open(): Promise<Agent> {
    const options = { keepAlive: true, maxSockets: 1 };
    if (this.#url.protocol !== 'https:') return new Agent(options);
    if (this.#caFile === undefined) return new TlsAgent(options);
    const ca = await readFile(this.#caFile);
    return new TlsAgent({ ...options, secureContext: createSecureContext({ ca }) });
  }

  #post(
    agent: Agent,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<WebhookOutcome | 'stale'> {
    return new Promise((resolve) => {
      const options: RequestOptions = {
        ...{ method: 'POST', agent, signal },
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      };
      const request =
        this.#url.protocol === 'https:' ? requestHttps(this.#url, options) : requestHttp(this.#url, options);
      let answer: WebhookOutcome | undefined;
      // Of the whole of it: an answer that trickles in must not last for ever.
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer within ${this.#timeoutMillis / 1000} s`)),
        this.#timeoutMillis,
      );
      const end = (outcome: WebhookOutcome | 'stale'): void => {
        clearTimeout(timer);
        // What was answered counts, whatever became of the connection then.
        resolve(answer ?? outcome);
      };
      request.on('error', (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && error.code === 'ECONNRESET';
        end(stale ? 'stale' : { kind: 'unreachable', problem: problemOf(error) });
      });
      request.on('close', () => end({ kind: 'unreachable', problem: 'the connection was closed' }));
      request.on('response', (response) => {
        answer = outcomeOf(response);
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MOST_ANSWER_BYTES) request.destroy();
        });
        response.on('error', () => undefined);
        response.on('end', () => end(answer as WebhookOutcome));
      });
      request.end(body);
    });
  }
}

const asOutcome = (outcome: WebhookOutcome | 'stale'): WebhookOutcome =>
  outcome === 'stale' ? { kind: 'unreachable', problem: 'the connection was closed' } : outcome;

function outcomeOf(response: IncomingMessage): WebhookOutcome {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const redirects = status >= 300 && status < 400;
  const problem = redirects
    ? `it answers ${status}: redirects are not followed, give the address that it leads to`
    : `it answers ${status}`;
  const asked = Number(response.headers['retry-after']);
  const retryAfterSeconds = asked > 0 ? Math.min(MOST_RETRY_SECONDS, asked) : 0;
  return { kind: 'refused', problem, retryAfterSeconds };
}

/** Several addresses that all failed have one message each, and none together. */
function problemOf(error: NodeJS.ErrnoException & { readonly errors?: readonly Error[] }): string {
  const text = error.message || error.errors?.[0]?.message || error.code || 'it failed';
  return text.slice(0, 300);
}
