import type { CameraMemory } from './camera-memory.ts';
import { headerValues } from './headers.ts';
import type { ResponseHead } from './message.ts';
import type { KeepAliveMethod, RtspPolicies } from './policies.ts';

/** A camera that gives a session longer than this is asked for a sign of life as if it gave this (H2). */
const MAX_TIMEOUT_SECONDS = 60;

/** When a session needs a sign of life, and which (H1, H2). Time is monotonic, in µs. */
export class KeepAlive {
  readonly #policy: RtspPolicies['keepAlive'];
  readonly #memory: CameraMemory;
  #offered: KeepAliveMethod = 'OPTIONS';
  #intervalMicros = (MAX_TIMEOUT_SECONDS / 2) * 1_000_000;
  #dueAt = -1;
  #sent: KeepAliveMethod | undefined;

  constructor(policy: RtspPolicies['keepAlive'], memory: CameraMemory) {
    this.#policy = policy;
    this.#memory = memory;
  }

  /** What the camera says it can do, in the answer to OPTIONS. */
  offer(answer: ResponseHead): void {
    const methods = headerValues(answer.headers, 'public').join(',');
    if (/\bGET_PARAMETER\b/i.test(methods)) this.#offered = 'GET_PARAMETER';
  }

  /** A session that the camera forgets after so long a silence. */
  begin(timeoutSeconds: number): void {
    this.#intervalMicros = (Math.min(timeoutSeconds, MAX_TIMEOUT_SECONDS) / 2) * 1_000_000;
    this.#dueAt = -1;
  }

  /** The request that is due; `undefined` while none is. Counts it as sent. */
  take(now: number): KeepAliveMethod | undefined {
    if (this.#policy === 'none') return undefined;
    if (this.#dueAt < 0) this.#dueAt = now + this.#intervalMicros;
    if (now < this.#dueAt) return undefined;
    this.#dueAt = now + this.#intervalMicros;
    this.#sent = this.#method;
    return this.#sent;
  }

  answered(status: number): void {
    if (status >= 400) this.#demote();
    this.#sent = undefined;
  }

  /** The connection broke. If that was the camera's answer to a sign of life, it gets another kind from then on. */
  broken(): void {
    if (this.#sent) this.#demote();
    this.#sent = undefined;
  }

  get #method(): KeepAliveMethod {
    if (this.#policy !== 'auto' && this.#policy !== 'none') return this.#policy;
    return this.#memory.keepAlive ?? this.#offered;
  }

  #demote(): void {
    if (this.#policy === 'auto') this.#memory.keepAlive = 'OPTIONS';
  }
}
