import { parseAvcC } from '../../media/h264/decoder-config.ts';
import { parseHvcC } from '../../media/h265/decoder-config.ts';
import type { VideoConfig } from '../../media/video-config.ts';
import { type CodedPicture, type Decoded, GreyDecoder, shapeOf } from './grey-decoder.ts';

/** One is being decoded, the next is there when it is done. */
const DEPTH = 2;
/** A process that ends is replaced, but not faster than this: 0.5 s, doubled up to half a minute. */
const FIRST_PAUSE_MILLIS = 500;
const LONGEST_PAUSE_MILLIS = 30_000;
/** A picture that has waited longer says nothing about now. */
const MOST_WAIT_MILLIS = 10_000;
/** After so many pictures of one shape in a row another one has its turn, which costs its decoder some milliseconds. */
const MOST_IN_ROW = 16;

/** A key frame of a camera. */
export interface KeyFrame {
  readonly cameraNo: number;
  readonly config: VideoConfig;
  /** Length-prefixed NAL units, as they stand in a recording. */
  readonly sample: Uint8Array;
}

export type DecodeOutcome =
  | { readonly kind: 'grey'; readonly pixels: Buffer }
  /** `superseded`: a newer one of this camera came while it waited; `late`: no decoder had room for it in time. */
  | { readonly kind: 'failed'; readonly reason: 'superseded' | 'late' | 'undecodable' | 'closed' };

interface Job {
  readonly cameraNo: number;
  readonly picture: CodedPicture;
  readonly shape: string;
  readonly until: number;
  readonly settle: (outcome: DecodeOutcome) => void;
}

export interface DecoderPoolOptions {
  readonly ffmpegPath: string;
  /** Processes for each codec. */
  readonly processes: number;
  readonly deadlineMillis?: number;
  /** A process ended, other than by `close`. */
  readonly onEnd: (reason: string) => void;
}

/**
 * A few ffmpeg processes that all cameras share. Each camera has its turn, in the order in which they ask, and waits with
 * one picture at most, the newest: who falls behind sees less, not later. A process keeps to the size of picture that it
 * has, as long as there are any of it, since another one makes its decoder begin anew.
 */
export class DecoderPool {
  readonly #options: DecoderPoolOptions;
  readonly #decoders: Record<VideoConfig['codec'], Set<GreyDecoder>> = { h264: new Set(), h265: new Set() };
  /** In the order in which cameras asked; a newer picture keeps its camera's place. */
  readonly #queue = new Map<number, Job>();
  readonly #sets = new WeakMap<Uint8Array, Buffer>();
  #pauseMillis = FIRST_PAUSE_MILLIS;
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: DecoderPoolOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#dropLate(), 1_000).unref();
  }

  /** Cameras that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  get pids(): readonly number[] {
    return [...this.#decoders.h264, ...this.#decoders.h265].flatMap(({ pid }) => pid ?? []);
  }

  decode({ cameraNo, config, sample }: KeyFrame): Promise<DecodeOutcome> {
    return new Promise((settle) => {
      if (this.#closed) {
        settle({ kind: 'failed', reason: 'closed' });
        return;
      }
      const picture = { config, parts: [this.#setsOf(config), sample] };
      const older = this.#queue.get(cameraNo);
      const until = performance.now() + MOST_WAIT_MILLIS;
      this.#queue.set(cameraNo, { cameraNo, picture, shape: shapeOf(picture), until, settle });
      older?.settle({ kind: 'failed', reason: 'superseded' });
      this.#pump();
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#sweep);
    for (const decoders of Object.values(this.#decoders)) {
      for (const decoder of decoders) decoder.kill('it is not needed any more');
      decoders.clear();
    }
    for (const job of this.#queue.values()) job.settle({ kind: 'failed', reason: 'closed' });
    this.#queue.clear();
  }

  #dropLate(): void {
    const now = performance.now();
    for (const job of this.#queue.values()) {
      if (job.until > now) continue;
      this.#queue.delete(job.cameraNo);
      const isBusy = this.#decoders[job.picture.config.codec].size > 0;
      job.settle({ kind: 'failed', reason: isBusy ? 'late' : 'undecodable' });
    }
  }

  #pump(): void {
    for (const codec of ['h264', 'h265'] as const) {
      for (let job = this.#first(codec); job && !this.#closed; job = this.#first(codec)) {
        const decoder = this.#free(job);
        if (!decoder) break;
        const fitting = decoder.inRow < MOST_IN_ROW ? this.#first(codec, decoder.shape) : undefined;
        const next = fitting ?? job;
        this.#queue.delete(next.cameraNo);
        void this.#run(decoder, next);
      }
    }
  }

  async #run(decoder: GreyDecoder, job: Job): Promise<void> {
    const pixels: Decoded = await decoder.decode(job.picture);
    if (pixels) {
      this.#pauseMillis = FIRST_PAUSE_MILLIS;
      job.settle({ kind: 'grey', pixels });
    } else job.settle({ kind: 'failed', reason: this.#closed ? 'closed' : 'undecodable' });
    this.#pump();
  }

  /** The one that has waited longest; of a shape if one is named. */
  #first(codec: VideoConfig['codec'], shape?: string): Job | undefined {
    for (const job of this.#queue.values()) {
      if (job.picture.config.codec === codec && (shape === undefined || job.shape === shape)) return job;
    }
    return undefined;
  }

  /** A decoder that can take one more: of this shape if possible, or a new one. */
  #free(job: Job): GreyDecoder | undefined {
    const decoders = this.#decoders[job.picture.config.codec];
    const free = [...decoders].filter(({ load }) => load < DEPTH);
    const fitting = free.find(({ shape }) => shape === job.shape);
    if (fitting) return fitting;
    if (decoders.size < this.#options.processes) return this.#start(job, decoders);
    return free[0];
  }

  #start(job: Job, decoders: Set<GreyDecoder>): GreyDecoder | undefined {
    const wait = this.#pausedUntil - performance.now();
    if (wait > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#pump();
      }, wait);
      return undefined;
    }
    const { ffmpegPath, deadlineMillis = 3_000, onEnd } = this.#options;
    const decoder: GreyDecoder = new GreyDecoder({
      ffmpegPath,
      first: job.picture,
      deadlineMillis,
      onEnd: (reason) => {
        decoders.delete(decoder);
        if (this.#closed) return;
        this.#pausedUntil = performance.now() + this.#pauseMillis;
        this.#pauseMillis = Math.min(LONGEST_PAUSE_MILLIS, this.#pauseMillis * 2);
        onEnd(reason);
      },
    });
    decoders.add(decoder);
    return decoder;
  }

  /** Parameter sets as they stand in front of a picture; kept for as long as the configuration is. */
  #setsOf({ codec, decoderConfig }: VideoConfig): Buffer {
    let bytes = this.#sets.get(decoderConfig);
    if (!bytes) {
      bytes = parameterSets(codec, decoderConfig);
      this.#sets.set(decoderConfig, bytes);
    }
    return bytes;
  }
}

function parameterSets(codec: VideoConfig['codec'], decoderConfig: Uint8Array): Buffer {
  const avc = codec === 'h264' ? parseAvcC(decoderConfig) : undefined;
  const sets = avc
    ? [...avc.sps, ...avc.pps]
    : (parseHvcC(decoderConfig)?.arrays.flatMap(({ nals }) => [...nals]) ?? []);
  return Buffer.concat(
    sets.flatMap((set) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(set.length);
      return [length, set];
    }),
  );
}
