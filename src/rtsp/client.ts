import type { MonoMicros, WallMicros } from '../time/units.ts';
import { Dialogue, stopped } from './dialogue.ts';
import type { RtspFailure } from './failure.ts';
import { RtspSession, type SessionOptions } from './session.ts';

/** TCP, UDP, each without sound, and once more after an old session was ended. */
const MAX_SESSIONS = 5;
/** live555 forgets a session that nobody has kept alive after 65 s (H6). */
const EXPIRY_MILLIS = 65_000;

/** What each of its sessions is told, and what only the viewing decides. */
export interface RtspClientOptions extends Omit<SessionOptions, 'transport' | 'onLost'> {
  /** It plays no longer, and not because of `stop`: called once, only after `play` succeeded. */
  readonly onEnd: (failure: RtspFailure) => void;
}

/**
 * One viewing of one camera. Finds the transport that works, and leaves no session behind: a camera may have room for
 * one alone, so the next is asked for when the one before is gone (H7).
 */
export class RtspClient {
  readonly #options: RtspClientOptions;
  #session: RtspSession | undefined;
  #playing = false;
  #stopped = false;

  constructor(options: RtspClientOptions) {
    this.#options = options;
  }

  get packetsLost(): number {
    return this.#session?.video?.packetsLost ?? 0;
  }

  get certificateEnd(): WallMicros | undefined {
    return this.#session?.certificateEnd;
  }

  get audioProblem(): string | undefined {
    return this.#session?.audioProblem;
  }

  /** Goes from connecting to PLAY; `undefined` when the camera plays. May be called once. */
  async play(): Promise<RtspFailure | undefined> {
    const { memory, policies, url } = this.#options;
    await memory.free;
    const isFree = policies.transport === 'auto' && url.scheme === 'rtsp';
    let transport = this.#firstTransport();
    // Over UDP a session that was left behind goes on sending.
    if (transport === 'udp') await this.#release();
    const tried = new Set<string>();
    let problem: RtspFailure | undefined;
    let certain = true;
    for (let sessions = 0; sessions < MAX_SESSIONS; sessions++) {
      if (this.#stopped) return stopped();
      const wasVideoOnly = memory.videoOnly;
      const session = this.#open(transport);
      const outcome = await session.start();
      if (outcome.kind === 'playing' && !this.#stopped) {
        if (certain) memory.transport = transport;
        this.#playing = true;
        return session.broken;
      }
      await this.#leave(session);
      if (this.#stopped || outcome.kind === 'playing') return stopped();
      problem = outcome.kind === 'again' ? outcome.reason : outcome;
      if (outcome.kind === 'again') {
        tried.add(transport);
        const isNew = memory.videoOnly !== wasVideoOnly || (isFree && !tried.has(outcome.transport));
        if (!isNew) return problem;
        ({ transport, certain } = outcome);
        // Whatever becomes of this attempt: the next one need not be refused again.
        if (isFree && certain) memory.transport = transport;
      } else if (!outcome.busy || !(await this.#release())) {
        return problem;
      }
    }
    return problem;
  }

  /** To be called a few times a second while it plays: sends what is due. */
  tick(now: MonoMicros): void {
    if (this.#playing && !this.#stopped) this.#session?.tick(now);
  }

  /** Ends the viewing: says so to the camera, hands on nothing more. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#session) void this.#leave(this.#session);
  }

  #firstTransport(): 'tcp' | 'udp' {
    const { memory, policies, url } = this.#options;
    if (url.scheme === 'rtsps') return 'tcp';
    return policies.transport === 'auto' ? (memory.transport ?? 'tcp') : policies.transport;
  }

  #open(transport: 'tcp' | 'udp'): RtspSession {
    const session: RtspSession = new RtspSession({
      ...this.#options,
      transport,
      onLost: (problem) => {
        if (this.#stopped || this.#session !== session || !this.#playing) return;
        this.stop();
        this.#options.onEnd(problem);
      },
    });
    this.#session = session;
    return session;
  }

  /** Closes a session; until that is done, and an unended one is harmless, the camera is not asked again. */
  #leave(session: RtspSession): Promise<void> {
    const { memory, policies } = this.#options;
    const waits =
      policies.staleSession === 'wait' || (policies.staleSession === 'auto' && session.leavesSessionsBehind);
    const before = memory.free;
    const closed = session.close().then(async (stale) => {
      await before;
      if (stale && waits) await new Promise((resolve) => void setTimeout(resolve, EXPIRY_MILLIS).unref());
      else if (stale && policies.staleSession !== 'ignore') memory.stale = stale;
    });
    memory.free = closed;
    return closed;
  }

  /** Ends the session that was left behind, over a connection of its own (H5). False: there is none, or no way. */
  async #release(): Promise<boolean> {
    const { memory, policies, url, tls, readBuffer, timeoutMillis } = this.#options;
    const { stale } = memory;
    if (!stale || this.#stopped) return false;
    const dialogue = new Dialogue({
      url,
      tls,
      readBuffer,
      timeoutMillis,
      login: { order: policies.login, prefer: memory.login },
      listener: {
        arrived: () => undefined,
        frame: () => undefined,
        expects: () => false,
        lost: () => undefined,
      },
    });
    const opened = await dialogue.open();
    const answer =
      opened.kind === 'failure' ? opened : await dialogue.call('TEARDOWN', stale.url, { Session: stale.id });
    dialogue.close();
    await dialogue.connection?.closed;
    if (answer.kind === 'failure') return false;
    memory.stale = undefined;
    return answer.head.status < 400;
  }
}
