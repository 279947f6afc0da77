import { type Simulator, startSimulator } from '../../src/simulator/rtsp-server.ts';
import type { FleetCamera } from './fleet-camera.ts';
import type { FleetState } from './fleet-state.ts';
import { FleetStream } from './fleet-stream.ts';
import { timesHappened } from './faults.ts';
import { PushedStream } from './pushed-stream.ts';
import type { FleetLedger } from './sent-frames.ts';

const TICK_MILLIS = 5;
const ANSWER_MILLIS_OF_SLOW = 1_000;
/** An encoder that was cut off tries again after so long. */
const PUSH_AGAIN_MILLIS = 1_000;

type Stream = FleetStream | PushedStream;

/** All cameras of a run: those that are asked, and those that push. One timer paces them. */
export class Fleet {
  readonly #cameras: readonly FleetCamera[];
  readonly #state: FleetState;
  readonly #playing = new Set<Stream>();
  /** Over, and not told yet. */
  #ended: Stream[] = [];
  #simulator: Simulator | undefined;
  readonly #timer: NodeJS.Timeout;
  #nextSession = 0;
  #storms = 0;
  #lastRound = performance.now();
  #longestRound = 0;
  #push: { readonly port: number; readonly key: string } | undefined;
  #paused = false;

  private constructor(cameras: readonly FleetCamera[], state: FleetState) {
    this.#cameras = cameras;
    this.#state = state;
    this.#timer = setInterval(() => this.#tick(), TICK_MILLIS);
  }

  static async start(cameras: readonly FleetCamera[], state: FleetState): Promise<Fleet> {
    const fleet = new Fleet(cameras, state);
    const byPath = new Map(cameras.map((camera) => [camera.path, camera]));
    fleet.#simulator = await startSimulator({
      alignKeyFrames: state.aligned,
      cameras: cameras.map(({ path, clip, sound, slow }) => ({
        ...{ path, clip: clip.rtp, sound },
        ...(slow ? { answerMillis: ANSWER_MILLIS_OF_SLOW } : {}),
      })),
      createStream(options) {
        const camera = byPath.get(options.camera.path) as FleetCamera;
        const stream = new FleetStream(camera, state, { ...options, session: fleet.#nextSession++ });
        fleet.#playing.add(stream);
        return stream;
      },
    });
    return fleet;
  }

  get port(): number {
    return this.#simulator?.port ?? 0;
  }

  /** From now on all cameras push, as encoders do: they try again when they are cut off. */
  pushTo(port: number, key: string): void {
    this.#push = { port, key };
    for (const camera of this.#cameras) this.#pushOne(camera);
  }

  #pushOne(camera: FleetCamera): void {
    if (!this.#push || this.#paused) return;
    const target = { ...this.#push, camera: camera.path };
    const stream = new PushedStream(camera, this.#state, target, this.#nextSession++, () =>
      setTimeout(() => this.#pushOne(camera), PUSH_AGAIN_MILLIS),
    );
    this.#playing.add(stream);
  }

  begin(): void {
    this.#state.begin(performance.now());
  }

  /** No frame is sent any more; connections stay. */
  pause(): void {
    this.#paused = true;
    clearInterval(this.#timer);
    this.#simulator?.pause();
    for (const stream of this.#playing) if (stream instanceof FleetStream) stream.finish();
  }

  /** Breaks all connections. */
  drop(): void {
    for (const stream of this.#playing) stream.stop();
    this.#simulator?.dropClients();
  }

  ledger(): FleetLedger {
    const streams = [...this.#ended, ...this.#playing];
    this.#ended = [];
    const now = performance.now();
    const late = [...this.#playing].map((stream) => stream.lateness(now)).toSorted((a, b) => a - b);
    const longestRoundMillis = this.#longestRound;
    this.#longestRound = 0;
    return {
      sessions: streams.map(({ frames }) => frames.tell()),
      pace: {
        lateMillis: late[Math.floor(late.length * 0.99)] ?? 0,
        pendingBytes: [...this.#playing].reduce((sum, stream) => sum + stream.pendingBytes, 0),
        dropped: streams.reduce((sum, { frames }) => sum + frames.dropped, 0),
        longestRoundMillis,
      },
    };
  }

  async stop(): Promise<void> {
    this.pause();
    for (const stream of this.#playing) stream.stop();
    await this.#simulator?.stop();
  }

  #tick(): void {
    const now = performance.now();
    this.#longestRound = Math.max(this.#longestRound, now - this.#lastRound);
    this.#lastRound = now;
    const { storm } = this.#state.faults;
    const storms = storm ? timesHappened(storm, this.#state.faultMillis(now)) : 0;
    if (storms > this.#storms) this.drop();
    this.#storms = storms;
    for (const stream of this.#playing) {
      // The simulator paces those that are asked.
      if (stream instanceof PushedStream) stream.pace(now);
      if (!stream.over) continue;
      this.#playing.delete(stream);
      this.#ended.push(stream);
    }
  }
}
