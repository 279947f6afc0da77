import type { HandedPicture } from '../handed-picture.ts';
import { StreamDecoder } from './stream-decoder.ts';

/** A process that ends is replaced, but not faster than this: 1 s, doubled up to a minute. */
const FIRST_PAUSE_MILLIS = 1_000;
const LONGEST_PAUSE_MILLIS = 60_000;
const SPARE_MILLIS = 30_000;
/** Starting one holds the main thread up, so an idle one, which costs memory alone, is kept for the next visitor. */
const IDLE_MILLIS = 600_000;
/** A key frame is kept for so long, since with the next picture it may turn out to be the first of many. */
const KEEP_KEY_MILLIS = 2_000;
/** What decoding costs grows with the picture: one of 1920x1080 counts as nine of this size. */
const SMALL_PIXELS = 640 * 360;
/** Where the size could not be read, it is taken for 1920x1080. */
const USUAL_SIZE = 9;

export interface StreamDecodersOptions {
  readonly ffmpegPath: string;
  /** Processes at once, for pictures of 640x360; for larger ones fewer, but one of whatever size. */
  readonly most: number;
  readonly deadlineMillis: number;
  /** Whoever has had no need of its decoder for so long leaves its place to a camera that has none: half a minute. */
  readonly spareMillis?: number | undefined;
  readonly framesPerSecond: (cameraNo: number) => number;
  readonly onGrey: (picture: HandedPicture, pixels: Buffer) => void;
  /** A process ended by itself or was stuck. */
  readonly onEnd: (cameraNo: number, reason: string, inside: number) => void;
}

interface Stream {
  readonly stream: number;
  /** Something else than key frames came, or did of the stream before. */
  full: boolean;
  decoder: StreamDecoder | undefined;
  /** Of its pictures, in those of 640x360. */
  size: number;
  /** Pictures that lean on one that was left out are of no use. */
  wantsKey: boolean;
  /** The last key frame, if it came a moment ago. */
  key: HandedPicture | undefined;
  /** When a picture came that may be one of many. */
  neededAt: number;
}

/** How a camera's decoders fared, whatever stream they were for. */
interface Pause {
  millis: number;
  until: number;
}

/**
 * `decoding`: it went into a decoder of its camera's own. `key-frames`: the camera has none; its key frames can still be
 * decoded one by one. `shed`: it is lost to a camera that has one, as there is no room or one before it is missing.
 */
export type Taken = 'decoding' | 'key-frames' | 'shed';

/** Decoders of cameras of which every picture is handed over: one process each, and not more than so many. */
export class StreamDecoders {
  readonly #options: StreamDecodersOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #pauses = new Map<number, Pause>();
  readonly #sweep: NodeJS.Timeout;

  constructor(options: StreamDecodersOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#dropIdle(), KEEP_KEY_MILLIS).unref();
  }

  get pids(): readonly number[] {
    return [...this.#streams.values()].flatMap(({ decoder }) => decoder?.pid ?? []);
  }

  /** The camera hands over all pictures, and only its key frames are decoded. */
  isReduced(cameraNo: number): boolean {
    const stream = this.#streams.get(cameraNo);
    return stream !== undefined && stream.full && stream.decoder === undefined;
  }

  take(picture: HandedPicture): Taken {
    const stream = this.#streamOf(picture);
    const alone = picture.key && picture.reason === 'floor';
    if (!alone) stream.neededAt = performance.now();
    if (!picture.key) {
      const key = stream.full ? undefined : stream.key;
      stream.full = true;
      stream.key = undefined;
      if (key) this.#start(stream, key);
      return stream.decoder ? this.#write(stream, stream.decoder, picture) : 'key-frames';
    }
    if (alone && !stream.decoder) return 'key-frames';
    if (!stream.full) {
      // It may be a camera of which only key frames are handed over: the next picture tells.
      stream.key = picture;
      return 'key-frames';
    }
    if (stream.decoder) return this.#write(stream, stream.decoder, picture);
    return this.#start(stream, picture) ? 'decoding' : 'key-frames';
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const cameraNo of this.#streams.keys()) this.#drop(cameraNo);
  }

  #streamOf({ cameraNo, stream }: HandedPicture): Stream {
    const known = this.#streams.get(cameraNo);
    if (known?.stream === stream) return known;
    if (known) this.#drop(cameraNo);
    const fresh: Stream = {
      ...{ stream, full: known?.full ?? false, decoder: undefined, size: 1 },
      ...{ wantsKey: true, key: undefined, neededAt: 0 },
    };
    this.#streams.set(cameraNo, fresh);
    return fresh;
  }

  /** Begins with this key frame, which is in it afterwards, if there is room for one more. */
  #start(stream: Stream, first: HandedPicture): StreamDecoder | undefined {
    const { ffmpegPath, most, deadlineMillis, framesPerSecond, onGrey, onEnd } = this.#options;
    const { cameraNo } = first;
    const pause = this.#pauses.get(cameraNo);
    stream.size = sizeOf(first.config);
    if (performance.now() < (pause?.until ?? 0) || !this.#makeRoom(stream.size, most)) return undefined;
    const decoder: StreamDecoder = new StreamDecoder({
      ...{ ffmpegPath, first, deadlineMillis },
      framesPerSecond: framesPerSecond(cameraNo),
      onGrey: (picture, pixels) => {
        this.#pauses.delete(cameraNo);
        onGrey(picture, pixels);
      },
      onEnd: (reason, inside) => {
        // Whoever ends one on purpose has taken it away before.
        if (stream.decoder !== decoder) return;
        stream.decoder = undefined;
        const millis = Math.min(
          LONGEST_PAUSE_MILLIS,
          2 * (this.#pauses.get(cameraNo)?.millis ?? FIRST_PAUSE_MILLIS / 2),
        );
        this.#pauses.set(cameraNo, { millis, until: performance.now() + millis });
        onEnd(cameraNo, reason, inside);
      },
    });
    stream.decoder = decoder;
    stream.wantsKey = false;
    decoder.write(first);
    return decoder;
  }

  /** Takes decoders from those who have long had no need of theirs, if that makes room for one of this size. */
  #makeRoom(size: number, most: number): boolean {
    const taken = [...this.#streams.values()].filter(({ decoder }) => decoder !== undefined);
    let sum = taken.reduce((all, stream) => all + stream.size, 0);
    const fits = (): boolean => (sum === 0 ? most > 0 : sum + size <= most);
    const now = performance.now();
    const { spareMillis = SPARE_MILLIS } = this.#options;
    const spare = taken.filter(({ neededAt }) => now - neededAt > spareMillis);
    const toGive: Stream[] = [];
    for (const stream of spare.toSorted((a, b) => a.neededAt - b.neededAt)) {
      if (fits()) break;
      sum -= stream.size;
      toGive.push(stream);
    }
    if (!fits()) return false;
    for (const stream of toGive) {
      release(stream);
      // Whether it sends more than key frames, its next pictures say.
      stream.full = false;
    }
    return true;
  }

  #write(stream: Stream, decoder: StreamDecoder, picture: HandedPicture): Taken {
    if (stream.wantsKey && !picture.key) return 'shed';
    stream.wantsKey = !decoder.write(picture);
    return stream.wantsKey ? 'shed' : 'decoding';
  }

  #drop(cameraNo: number): void {
    const stream = this.#streams.get(cameraNo);
    this.#streams.delete(cameraNo);
    if (stream) release(stream);
  }

  #dropIdle(): void {
    const now = performance.now();
    for (const [cameraNo, stream] of this.#streams) {
      if (now - stream.neededAt > KEEP_KEY_MILLIS) stream.key = undefined;
      if (now - stream.neededAt > IDLE_MILLIS) this.#drop(cameraNo);
    }
  }
}

const sizeOf = ({ width, height }: HandedPicture['config']): number =>
  width > 0 && height > 0 ? Math.max(1, (width * height) / SMALL_PIXELS) : USUAL_SIZE;

/** Ends its decoder on purpose, which is no failure. */
function release(stream: Stream): void {
  const { decoder } = stream;
  stream.decoder = undefined;
  decoder?.kill('it is not needed any more');
}
