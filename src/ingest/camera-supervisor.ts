import type { GapCause } from '../catalog/catalog.ts';
import type { Clock } from '../time/clock.ts';
import type { MonoMicros, WallMicros } from '../time/units.ts';
import type { CameraHub } from './camera-hub.ts';
import type { CameraSource, SourceListener } from './camera-source.ts';
import type { CameraState, CameraStatus, ReconnectCause } from './camera-status.ts';
import type { FragmentSink } from './fragment.ts';
import { RateMeter } from './rate-meter.ts';
import { sentence, SourceKeeper, withoutKeyFrame } from './source-keeper.ts';

export interface SupervisorOptions {
  /** Makes the source of one more attempt; it writes to `hub`. */
  readonly open: (listener: SourceListener) => CameraSource;
  /** It is for the camera to come to us: it is waited for again at once. */
  readonly pushed: boolean;
  readonly hub: CameraHub;
  readonly sink: FragmentSink;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called at each change of state: one line an incident. Nothing in it is secret. */
  readonly onChange: (state: CameraState, reason: string) => void;
}

/** Keeps one camera recorded, and says why it is not, to people and to the recorder. */
export class CameraSupervisor {
  readonly #options: SupervisorOptions;
  readonly #keeper: SourceKeeper;
  readonly #rates = new RateMeter();
  #stopped = false;
  #bytes = 0;
  #state: CameraState = 'connecting';
  #reason = '';
  #since: WallMicros;
  /** Why nothing is recorded; `undefined` while something is. */
  #missing: GapCause | undefined = 'connecting';

  /** @param firstConnect when to begin: starts are spread, so that 217 cameras are not asked at once */
  constructor(options: SupervisorOptions, firstConnect: MonoMicros) {
    const { open, pushed, hub, clock, random } = options;
    this.#options = options;
    this.#since = clock.wall();
    this.#keeper = new SourceKeeper(
      {
        ...{ open, pushed, receiver: hub, clock, random },
        onBytes: (bytes) => {
          this.#bytes += bytes;
          hub.arrivalWall = clock.wall();
          hub.arrivalMono = clock.mono();
        },
        onFail: (cause, reason) => this.#failed(cause, reason),
      },
      firstConnect,
    );
  }

  /** To be called a few times a second. */
  tick(now: MonoMicros): void {
    if (this.#stopped) return;
    const { hub, sink } = this.#options;
    this.#rates.update(now, this.#bytes, hub.counters.frames);
    const standing = this.#keeper.tick(now);
    if (standing === 'apart') return;
    if (standing === 'running') {
      this.#missing = undefined;
      this.#enter(sink.blocked === undefined ? 'recording' : 'blocked', sink.blocked ?? '');
    } else if (hub.overloaded) {
      this.#lack('overload', 'blocked', 'The memory for frames on their way to disk is used up.');
    } else if (standing === 'no-key-frame') {
      this.#lack('no-keyframe', 'no-keyframe', withoutKeyFrame(hub));
    }
  }

  /** Ends what is being recorded; the recorder is told `cause`. */
  stop(cause: GapCause): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#keeper.stop();
    if (this.#options.hub.running) this.#options.hub.end(cause);
    else this.#options.sink.missing(this.#options.clock.wall(), cause);
  }

  status(): CameraStatus {
    const { hub, clock } = this.#options;
    const { counters, config, audio, clockRate } = hub;
    const reading = hub.senderClock.reading(clock.mono(), clock.wall());
    const problem = audio ? undefined : this.#keeper.audioProblem;
    return {
      state: this.#state,
      reason: this.#reason,
      since: this.#since,
      video: config ? { codecs: config.codecs, width: config.width, height: config.height } : undefined,
      audio: audio && { codecs: audio.codecs, sampleRate: audio.sampleRate, channels: audio.channels },
      audioProblem: problem === undefined ? '' : sentence(problem),
      certificateEnd: this.#keeper.certificateEnd,
      stats: {
        bytes: this.#bytes,
        frames: counters.frames,
        packetsLost: this.#keeper.packetsLost,
        framesDamaged: counters.framesDamaged,
        timestampsRepaired: counters.timestampsRepaired,
        recordedTicks: this.#options.sink.recordedTicks,
        bitrateBps: this.#rates.bitrateBps,
        framesPerSecond: this.#rates.framesPerSecond,
        gopTicks: counters.gopTicks,
        clockOffsetMicros: reading?.offsetMicros ?? null,
        clockOffsetErrorMicros: reading?.offsetErrorMicros ?? null,
        clockDriftPpm: clockRate?.ppm ?? null,
        clockDriftErrorPpm: clockRate?.errorPpm ?? null,
        reconnects: Object.fromEntries(this.#keeper.reconnects),
      },
    };
  }

  /** The connection stays, and nothing is recorded. */
  #lack(cause: GapCause, state: CameraState, reason: string): void {
    if (this.#missing !== cause) {
      this.#missing = cause;
      this.#options.sink.missing(this.#options.clock.wall(), cause);
    }
    this.#enter(state, reason);
  }

  #failed(cause: ReconnectCause, reason: string): void {
    const { hub, sink, clock } = this.#options;
    if (hub.running) hub.end(cause);
    else if (this.#missing !== cause) sink.missing(clock.wall(), cause);
    this.#missing = cause;
    this.#enter(stateAfter(cause), reason);
  }

  #enter(state: CameraState, reason: string): void {
    if (state === this.#state && reason === this.#reason) return;
    if (state !== this.#state) this.#since = this.#options.clock.wall();
    this.#state = state;
    this.#reason = reason;
    this.#options.onChange(state, reason);
  }
}

function stateAfter(cause: ReconnectCause): CameraState {
  if (cause === 'no-video') return 'no-video';
  return cause === 'overload' ? 'blocked' : 'offline';
}
