import type { GapCause } from '../catalog/catalog.ts';
import type { RtspFailure } from '../rtsp/failure.ts';
import { RtspClient } from '../rtsp/client.ts';
import type { RtspUrl } from '../rtsp/url.ts';
import type { Clock } from '../time/clock.ts';
import type { MonoMicros, WallMicros } from '../time/units.ts';
import { Backoff } from './backoff.ts';
import type { CameraHub } from './camera-hub.ts';
import type { CameraState, CameraStatus } from './camera-status.ts';
import type { FragmentSink } from './fragment.ts';
import { RateMeter } from './rate-meter.ts';

/** For connecting and for each answer of the camera. */
const ANSWER_MILLIS = 10_000;
/** From PLAY to the first picture, and from one picture to the next. */
const PICTURE_MICROS = 10_000_000;
/** From PLAY to the first key frame; the connection stays, as one may still come. */
const KEY_FRAME_MICROS = 10_000_000;

export interface SupervisorOptions {
  readonly url: RtspUrl;
  readonly hub: CameraHub;
  readonly sink: FragmentSink;
  readonly clock: Clock;
  /** Shared by all cameras of the thread. */
  readonly readBuffer: Buffer;
  readonly random: () => number;
  /** Called at each change of state: one line an incident. Nothing in it is secret. */
  readonly onChange: (state: CameraState, reason: string) => void;
}

/**
 * Keeps one camera recorded: connects, watches, gives up on a connection that brings nothing, and tries again for
 * ever. All waiting is counted on the monotonic clock, in `tick`.
 */
export class CameraSupervisor {
  readonly #options: SupervisorOptions;
  readonly #backoff: Backoff;
  readonly #rates = new RateMeter();
  readonly #reconnects = new Map<GapCause, number>();
  #client: RtspClient | undefined;
  #playing = false;
  #stopped = false;
  #connectAt: MonoMicros;
  #playedAt = 0;
  #framesAtPlay = 0;
  #frames = 0;
  #frameAt = 0;
  #bytes = 0;
  #lostBefore = 0;
  #clockOffset: number | null = null;
  #state: CameraState = 'connecting';
  #reason = '';
  #since: WallMicros;
  /** Why nothing is recorded; `undefined` while something is. */
  #missing: GapCause | undefined = 'connecting';

  /** @param firstConnect when to begin: starts are spread, so that 217 cameras are not asked at once */
  constructor(options: SupervisorOptions, firstConnect: MonoMicros) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
    this.#connectAt = firstConnect;
    this.#since = options.clock.wall();
  }

  /** To be called a few times a second. */
  tick(now: MonoMicros): void {
    if (this.#stopped) return;
    this.#rates.update(now, this.#bytes, this.#options.hub.counters.frames);
    if (!this.#client) {
      if (now >= this.#connectAt) void this.#connect();
      return;
    }
    if (!this.#playing) return;
    this.#client.tick(now);
    this.#watch(now);
  }

  /** Ends what is being recorded; the recorder is told `cause`. */
  stop(cause: GapCause): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#playing = false;
    this.#client?.stop();
    if (this.#options.hub.running) this.#options.hub.end(cause);
    else this.#options.sink.missing(this.#options.clock.wall(), cause);
  }

  status(): CameraStatus {
    const { counters, config, clockDriftPpm } = this.#options.hub;
    return {
      state: this.#state,
      reason: this.#reason,
      since: this.#since,
      video: config ? { codecs: config.codecs, width: config.width, height: config.height } : undefined,
      stats: {
        bytes: this.#bytes,
        frames: counters.frames,
        packetsLost: this.#lostBefore + (this.#client?.packetsLost ?? 0),
        framesDamaged: counters.framesDamaged,
        timestampsRepaired: counters.timestampsRepaired,
        recordedTicks: this.#options.sink.recordedTicks,
        bitrateBps: this.#rates.bitrateBps,
        framesPerSecond: this.#rates.framesPerSecond,
        gopTicks: counters.gopTicks,
        clockOffsetMicros: this.#clockOffset,
        clockDriftPpm,
        reconnects: Object.fromEntries(this.#reconnects),
      },
    };
  }

  async #connect(): Promise<void> {
    const { url, hub, clock, readBuffer } = this.#options;
    const client = new RtspClient({
      url,
      sink: hub,
      readBuffer,
      timeoutMillis: ANSWER_MILLIS,
      onBytes: (bytes) => {
        this.#bytes += bytes;
        hub.arrivalWall = clock.wall();
        hub.arrivalMono = clock.mono();
      },
      onEnd: (failure) => {
        if (this.#client === client) this.#fail(failure.cause, sentence(failure));
      },
    });
    this.#client = client;
    const failure = await client.play();
    if (this.#stopped || this.#client !== client) return;
    if (failure) {
      this.#fail(failure.cause, sentence(failure));
      return;
    }
    this.#playing = true;
    this.#playedAt = clock.mono();
    this.#frameAt = this.#playedAt;
    this.#framesAtPlay = this.#frames = hub.counters.frames;
  }

  #watch(now: MonoMicros): void {
    const { hub, sink } = this.#options;
    this.#clockOffset = this.#client?.clockOffsetMicros ?? null;
    const { frames } = hub.counters;
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
    } else if (hub.running) {
      this.#missing = undefined;
      this.#enter(sink.blocked === undefined ? 'recording' : 'blocked', sink.blocked ?? '');
      if (now - this.#playedAt > PICTURE_MICROS) this.#backoff.reset();
    } else if (hub.overloaded) {
      this.#lack('overload', 'blocked', 'The memory for frames on their way to disk is used up.');
    } else if (now - this.#playedAt > KEY_FRAME_MICROS) {
      const reason = hub.hasParameterSets
        ? 'Pictures come, but no key frame to begin with.'
        : 'Pictures come, but not the parameter sets to decode them.';
      this.#lack('no-keyframe', 'no-keyframe', reason);
    }
  }

  /** The connection stays, and nothing is recorded. */
  #lack(cause: GapCause, state: CameraState, reason: string): void {
    if (this.#missing !== cause) {
      this.#missing = cause;
      this.#options.sink.missing(this.#options.clock.wall(), cause);
    }
    this.#enter(state, reason);
  }

  #fail(cause: GapCause, reason: string): void {
    const { hub, sink, clock } = this.#options;
    const client = this.#client;
    this.#client = undefined;
    this.#playing = false;
    this.#lostBefore += client?.packetsLost ?? 0;
    client?.stop();
    if (hub.running) hub.end(cause);
    else if (this.#missing !== cause) sink.missing(clock.wall(), cause);
    this.#missing = cause;
    this.#reconnects.set(cause, (this.#reconnects.get(cause) ?? 0) + 1);
    this.#connectAt = (clock.mono() + this.#backoff.after(cause)) as MonoMicros;
    this.#enter(cause === 'no-video' ? 'no-video' : 'offline', reason);
  }

  #enter(state: CameraState, reason: string): void {
    if (state === this.#state && reason === this.#reason) return;
    if (state !== this.#state) this.#since = this.#options.clock.wall();
    this.#state = state;
    this.#reason = reason;
    this.#options.onChange(state, reason);
  }
}

/** Failures are written as parts of a sentence. */
function sentence(failure: RtspFailure): string {
  return `${failure.reason.charAt(0).toUpperCase()}${failure.reason.slice(1)}.`;
}
