import type { MediaSink } from '../media/access-unit-sink.ts';
import { failure, type FfmpegFailure } from './failure.ts';
import type { FfmpegMode } from './ffmpeg-arguments.ts';
import {
  type FfmpegInput,
  isOnNetwork,
  isPlainFile,
  locationProblem,
  placeOf,
  schemeOf,
} from './ffmpeg-input.ts';
import { FfmpegProcess } from './ffmpeg-process.ts';
import type { NutStream } from './nut-headers.ts';
import { audioCodec, RemuxedAudio } from './remuxed-audio.ts';
import { RemuxedVideo, videoCodec, videoName } from './remuxed-video.ts';

/** From the start of ffmpeg until it knows what there is: a playlist and a few seconds of a stream are looked at. */
const OPEN_MILLIS = 30_000;
/** Containers that say nothing of when a picture was taken. */
const UNTIMED: ReadonlySet<string> = new Set(['mpjpeg', 'mjpeg', 'jpeg_pipe', 'image2pipe']);
/** Cameras behind these send at their own speed, even where they tell a duration. */
const SELF_PACED: ReadonlySet<string> = new Set(['rtsp', 'rtsps', 'rtp', 'udp', 'srt', 'rtmp', 'rtmps']);

export interface FfmpegSourceOptions {
  readonly ffmpegPath: string;
  readonly input: FfmpegInput;
  /** Pictures that browsers cannot play become H.264; without it they are refused. */
  readonly transcode: boolean;
  readonly sink: MediaSink;
  readonly onBytes: (bytes: number) => void;
  /** It plays no longer, and not because of `stop`: called once, only after `play` succeeded. */
  readonly onEnd: (failure: FfmpegFailure) => void;
}

/**
 * One viewing of anything that ffmpeg opens. ffmpeg looks at it and hands on what it finds, untouched. Only when that
 * is not the way to record it (pictures to be transcoded, a playlist that would come in bursts) it is started once more,
 * and then in that way.
 */
export class FfmpegSource {
  readonly packetsLost = 0;
  readonly clockOffsetMicros = null;

  readonly #options: FfmpegSourceOptions;
  #process: FfmpegProcess | undefined;
  #video: { readonly id: number; readonly writer: RemuxedVideo } | undefined;
  #audio: { readonly id: number; readonly writer: RemuxedAudio } | undefined;
  #opening: ((found: Found) => void) | undefined;
  #playing = false;
  #stopped = false;
  #ended: FfmpegFailure | undefined;

  constructor(options: FfmpegSourceOptions) {
    this.#options = options;
  }

  /** The process that is running, for tests and for who looks after it. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** `undefined` when it plays. May be called once. */
  async play(): Promise<FfmpegFailure | undefined> {
    const { input } = this.#options;
    const wrong = locationProblem(input.location);
    if (wrong !== undefined) return failure('protocol', `the source ${wrong}`);
    const paced = (await isPlainFile(input.location)) || /\.(?:m3u8|mpd)(?:[?#]|$)/i.test(input.location);
    if (this.#stopped) return failure('offline', 'stopped by us');
    let mode: FfmpegMode = { paced, transcode: false, untimed: false };
    for (;;) {
      const found = await this.#open(mode);
      if (found.kind === 'failure') {
        this.#process?.stop();
        return found;
      }
      if (found.kind === 'plays') {
        this.#playing = true;
        return this.#ended;
      }
      // The one before must be gone: many cameras have room for one viewer (H7).
      this.#process?.stop();
      await this.#process?.gone;
      if (this.#stopped) return failure('offline', 'stopped by us');
      mode = found.mode;
    }
  }

  tick(): void {}

  stop(): void {
    this.#stopped = true;
    this.#process?.stop();
    this.#opening?.(failure('offline', 'stopped by us'));
  }

  /** Starts ffmpeg and waits until it says what there is. */
  #open(mode: FfmpegMode): Promise<Found> {
    const { input } = this.#options;
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => resolve(failure('offline', `${placeOf(input.location)} does not answer`)),
        OPEN_MILLIS,
      );
      const settle = (found: Found): void => {
        clearTimeout(timer);
        this.#opening = undefined;
        resolve(found);
      };
      this.#opening = settle;
      const process = new FfmpegProcess({
        ...this.#options,
        mode,
        handler: {
          streams: (streams) => {
            const found = this.#choose(streams, process, mode);
            if (found.kind === 'plays') this.#begin(streams);
            settle(found);
          },
          frame: (stream, pts, key, bytes, start, end) => {
            if (stream.id === this.#video?.id) this.#video.writer.frame(pts, key, bytes, start, end);
            else if (stream.id === this.#audio?.id) this.#audio.writer.frame(pts, bytes, start, end);
          },
        },
        onBytes: (bytes) => this.#options.onBytes(bytes),
        onEnd: (problem) => {
          settle(problem);
          this.#ended = problem;
          if (this.#playing && !this.#stopped) this.#options.onEnd(problem);
        },
      });
      this.#process = process;
    });
  }

  /** Whether what ffmpeg found can be recorded as it comes, or how else. */
  #choose(streams: readonly NutStream[], process: FfmpegProcess, mode: FfmpegMode): Found {
    const { input, transcode } = this.#options;
    const place = placeOf(input.location);
    const video = streams.find((stream) => stream.kind === 'video');
    if (!video) return failure('protocol', `${place} sends no video`);
    const { log } = process;
    const formats = log.format.split(',');
    const plays = videoCodec(video) !== undefined;
    if (!plays && (!transcode || mode.transcode)) {
      const name = videoName(video);
      return failure(
        'protocol',
        `${place} sends ${name}, which ${name === 'MJPEG' ? 'browsers cannot play' : 'is not recorded'}: set ffmpeg.transcode: h264`,
      );
    }
    const live = SELF_PACED.has(schemeOf(input.location) ?? '');
    const bursts = formats.includes('hls') || formats.includes('dash') || log.finite;
    const wanted: FfmpegMode = {
      paced: mode.paced || (isOnNetwork(input.location) && bursts && !live),
      transcode: mode.transcode || !plays,
      untimed: !plays && formats.some((format) => UNTIMED.has(format)) && !log.finite,
    };
    if (mode.transcode || (wanted.paced === mode.paced && wanted.transcode === mode.transcode)) {
      return { kind: 'plays' };
    }
    return { kind: 'again', mode: wanted };
  }

  #begin(streams: readonly NutStream[]): void {
    const { sink } = this.#options;
    const video = streams.find((stream) => stream.kind === 'video') as NutStream;
    this.#video = {
      id: video.id,
      writer: new RemuxedVideo(video, videoCodec(video) ?? 'h264', sink),
    };
    const audio = streams.find((stream) => audioCodec(stream) !== undefined);
    const codec = audio && audioCodec(audio);
    this.#audio = audio && codec && { id: audio.id, writer: new RemuxedAudio(audio, codec, sink) };
  }
}

type Found =
  | FfmpegFailure
  | { readonly kind: 'plays' }
  /** It can be recorded when ffmpeg is run like this. */
  | { readonly kind: 'again'; readonly mode: FfmpegMode };
