import type { CameraSource, SourceListener } from '../ingest/camera-source.ts';
import { RateMeter } from '../ingest/rate-meter.ts';
import { SourceKeeper, withoutKeyFrame } from '../ingest/source-keeper.ts';
import type { Clock } from '../time/clock.ts';
import type { MonoMicros, WallMicros } from '../time/units.ts';
import type { SubStreamSink } from './sub-stream-sink.ts';
import type { SubStreamState, SubStreamStatus } from './sub-stream-status.ts';

export interface SubStreamOptions {
  /** Makes the source of one more attempt; it writes to `sink`. */
  readonly open: (listener: SourceListener) => CameraSource;
  readonly sink: SubStreamSink;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called at each change of state. Nothing in it is secret. */
  readonly onChange: (state: SubStreamState, reason: string) => void;
}

/** Keeps one sub-stream received, and says why it is not. Nothing that happens here concerns the camera's recording. */
export class SubStream {
  readonly #options: SubStreamOptions;
  readonly #keeper: SourceKeeper;
  readonly #rates = new RateMeter();
  #bytes = 0;
  #state: SubStreamState = 'connecting';
  #reason = '';
  #since: WallMicros;

  /** @param firstConnect when to begin */
  constructor(options: SubStreamOptions, firstConnect: MonoMicros) {
    const { open, sink, clock, random } = options;
    this.#options = options;
    this.#since = clock.wall();
    this.#keeper = new SourceKeeper(
      {
        ...{ open, pushed: false, receiver: sink, clock, random },
        onBytes: (bytes) => {
          this.#bytes += bytes;
          sink.arrivalWall = clock.wall();
          sink.arrivalMono = clock.mono();
        },
        onFail: (cause, reason) => {
          sink.end();
          this.#enter(cause === 'no-video' ? 'no-video' : 'offline', reason);
        },
      },
      firstConnect,
    );
  }

  /** To be called a few times a second. */
  tick(now: MonoMicros): void {
    const { sink } = this.#options;
    this.#rates.update(now, this.#bytes, sink.counters.frames);
    const standing = this.#keeper.tick(now);
    if (standing === 'running') this.#enter('playing', '');
    else if (standing === 'no-key-frame') this.#enter('no-keyframe', withoutKeyFrame(sink));
  }

  stop(): void {
    this.#keeper.stop();
    this.#options.sink.end();
  }

  status(): SubStreamStatus {
    const { config } = this.#options.sink;
    return {
      state: this.#state,
      reason: this.#reason,
      since: this.#since,
      video: config && { codecs: config.codecs, width: config.width, height: config.height },
      bitrateBps: this.#rates.bitrateBps,
      framesPerSecond: this.#rates.framesPerSecond,
    };
  }

  #enter(state: SubStreamState, reason: string): void {
    if (state === this.#state && reason === this.#reason) return;
    if (state !== this.#state) this.#since = this.#options.clock.wall();
    this.#state = state;
    this.#reason = reason;
    this.#options.onChange(state, reason);
  }
}
