import type { SetKind } from '../media/parameter-sets.ts';
import type { Clock } from '../time/clock.ts';
import type { MonoMicros, WallMicros } from '../time/units.ts';
import { Backoff } from './backoff.ts';
import type { CameraSource, SourceListener } from './camera-source.ts';
import type { ReconnectCause } from './camera-status.ts';

/** From PLAY to the first picture, and from one picture to the next. */
const PICTURE_MICROS = 10_000_000;
/** From PLAY to the first key frame; the connection stays, as one may still come. */
const KEY_FRAME_MICROS = 10_000_000;

/** Where the pictures of a source go, as far as it is watched whether any come. */
export interface Receiver {
  readonly counters: { readonly frames: number };
  /** A key frame came, and everything since. */
  readonly running: boolean;
  readonly missingSets: readonly SetKind[];
}

export interface KeeperOptions {
  /** Makes the source of one more attempt; it writes to `receiver`. */
  readonly open: (listener: SourceListener) => CameraSource;
  /** It is for the camera to come to us: it is waited for again at once. */
  readonly pushed: boolean;
  readonly receiver: Receiver;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called once a read, before anything of it is handed on. */
  readonly onBytes: (bytes: number) => void;
  /** A connection failed or ended. `reason` is a sentence for a person, without a secret. */
  readonly onFail: (cause: ReconnectCause, reason: string) => void;
}

/** `apart`: not connected; `starting`: nothing is wrong yet; `no-key-frame`: it is late. */
export type Standing = 'apart' | 'starting' | 'running' | 'no-key-frame';

/**
 * Keeps one source connected: connects, gives up on a connection that brings nothing, and tries again for ever. All
 * waiting is counted on the monotonic clock, in `tick`.
 */
export class SourceKeeper {
  /** Connections that failed or ended, by cause. */
  readonly reconnects = new Map<ReconnectCause, number>();

  readonly #options: KeeperOptions;
  readonly #backoff: Backoff;
  #source: CameraSource | undefined;
  #playing = false;
  #stopped = false;
  #connectAt: MonoMicros;
  #playedAt = 0;
  #framesAtPlay = 0;
  #frames = 0;
  #frameAt = 0;
  #lostBefore = 0;
  #certificateEnd: WallMicros | null = null;

  /** @param firstConnect when to begin: starts are spread, so that 217 cameras are not asked at once */
  constructor(options: KeeperOptions, firstConnect: MonoMicros) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
    this.#connectAt = firstConnect;
  }

  get packetsLost(): number {
    return this.#lostBefore + (this.#source?.packetsLost ?? 0);
  }

  /** As the camera last said; one that is refused for it is no longer connected. See `CameraStatus`. */
  get certificateEnd(): WallMicros | null {
    this.#certificateEnd = this.#source?.certificateEnd ?? this.#certificateEnd;
    return this.#certificateEnd;
  }

  /** Why there is no sound although it was asked for, as part of a sentence. */
  get audioProblem(): string | undefined {
    return this.#playing ? this.#source?.audioProblem : undefined;
  }

  /** To be called a few times a second. */
  tick(now: MonoMicros): Standing {
    if (this.#stopped) return 'apart';
    if (!this.#source && now >= this.#connectAt) void this.#connect();
    if (this.#playing) this.#source?.tick(now);
    return this.#watch(now);
  }

  stop(): void {
    this.#stopped = true;
    this.#playing = false;
    this.#source?.stop();
  }

  async #connect(): Promise<void> {
    const { open, receiver, clock, onBytes } = this.#options;
    const source = open({
      onBytes,
      onEnd: (failure) => {
        if (this.#source === source) this.#fail(failure.cause, sentence(failure.reason));
      },
    });
    this.#source = source;
    const failure = await source.play();
    if (this.#stopped || this.#source !== source) return;
    if (failure) {
      this.#fail(failure.cause, sentence(failure.reason));
      return;
    }
    this.#playing = true;
    this.#playedAt = clock.mono();
    this.#frameAt = this.#playedAt;
    this.#framesAtPlay = this.#frames = receiver.counters.frames;
  }

  #watch(now: MonoMicros): Standing {
    if (!this.#playing) return 'apart';
    const { receiver } = this.#options;
    const { frames } = receiver.counters;
    if (frames !== this.#frames) {
      this.#frames = frames;
      this.#frameAt = now;
    }
    if (now - this.#frameAt > PICTURE_MICROS) {
      const had = frames > this.#framesAtPlay;
      this.#fail(
        'no-video',
        had ? 'The camera stopped sending pictures.' : 'The camera plays but sends no picture.',
      );
      return 'apart';
    }
    if (receiver.running) {
      if (now - this.#playedAt > PICTURE_MICROS) this.#backoff.reset();
      return 'running';
    }
    return now - this.#playedAt > KEY_FRAME_MICROS ? 'no-key-frame' : 'starting';
  }

  #fail(cause: ReconnectCause, reason: string): void {
    const { clock, pushed, onFail } = this.#options;
    const source = this.#source;
    const played = this.#playing;
    this.#source = undefined;
    this.#playing = false;
    this.#lostBefore += source?.packetsLost ?? 0;
    source?.stop();
    // That a camera has not come is no connection that failed.
    if (played || !pushed) this.reconnects.set(cause, (this.reconnects.get(cause) ?? 0) + 1);
    // One that sends what is not recorded here will send it again.
    const wait = pushed && cause !== 'protocol' ? 0 : this.#backoff.after(cause);
    this.#connectAt = (clock.mono() + wait) as MonoMicros;
    onFail(cause, reason);
  }
}

/** Why pictures come and none can be begun with, for a person. */
export function withoutKeyFrame({ missingSets }: Receiver): string {
  const missing = missingSets.map((kind) => kind.toUpperCase()).join(' and ');
  return missing
    ? `Pictures come, but not the parameter sets to decode them: no ${missing} so far.`
    : 'Pictures come, but no key frame to begin with.';
}

/** Reasons are written as parts of a sentence. */
export const sentence = (reason: string): string => `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
