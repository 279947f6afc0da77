import type { VideoConfig } from '../../media/video-config.ts';
import { DecoderProcess } from './decoder-process.ts';
import { matroskaPicture } from './matroska.ts';

/** A picture that goes in, and is to come out grey. */
export interface CodedPicture {
  readonly config: Pick<VideoConfig, 'codec' | 'width' | 'height' | 'decoderConfig'>;
  /** Length-prefixed NAL units that can be decoded alone, parameter sets first. */
  readonly parts: readonly Uint8Array[];
}

/** `undefined` when it could not be decoded. */
export type Decoded = Buffer | undefined;

/**
 * Some builds hold each picture back until the next one comes: after so long it gets one. Twice as long for each that
 * changes nothing, since a decoder may also be slow because the machine is, and it must not get more to do then.
 */
const FIRST_PUSH_MILLIS = 200;

interface Waiting {
  readonly id: number;
  readonly picture: CodedPicture;
  readonly settle: (decoded: Decoded) => void;
  readonly deadline: NodeJS.Timeout | undefined;
}

/**
 * One ffmpeg that turns single pictures grey, one after the other, for as long as it lives: starting one for each would
 * cost more than the decoding. Each goes in under a number, which comes out beside the picture, so that a broken one,
 * of which nothing comes out, is never taken for its neighbour.
 */
export class GreyDecoder {
  /** Of the last picture that went in: another size makes the decoder begin anew. */
  shape: string;
  /** How many of that shape went in, one after the other. */
  inRow = 0;

  readonly #process: DecoderProcess;
  readonly #deadlineMillis: number;
  readonly #onEnd: (reason: string) => void;
  readonly #waiting: Waiting[] = [];
  #nextId = 1;
  /** One that came out whole, to push others out with; at first the first. */
  #good: CodedPicture;
  #push: NodeJS.Timeout | undefined;
  #pushMillis = FIRST_PUSH_MILLIS;

  /** @param first decides the codec; what it decodes later may have another size */
  constructor(options: {
    readonly ffmpegPath: string;
    readonly first: CodedPicture;
    /** From going in to coming out; after that the process is taken for stuck. */
    readonly deadlineMillis: number;
    /** Called once, however it ends; what was in it has been answered by then. */
    readonly onEnd: (reason: string) => void;
  }) {
    const { ffmpegPath, first } = options;
    this.#deadlineMillis = options.deadlineMillis;
    this.#onEnd = options.onEnd;
    this.#good = first;
    this.shape = shapeOf(first);
    this.#process = new DecoderProcess({
      ffmpegPath,
      config: first.config,
      // It changes nothing at this size and costs a sixth.
      input: ['-skip_loop_filter', 'all'],
      filter: '',
      onGrey: (number, pixels) => this.#finish(number, pixels),
      onEnd: (reason) => this.#end(reason),
    });
  }

  /** Why it is of no use any more; `undefined` while it lives. */
  get ended(): string | undefined {
    return this.#process.ended;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Pictures that are in it. */
  get load(): number {
    return this.#waiting.length;
  }

  /** Resolves to the grey picture, or to `undefined` when it cannot be decoded or the decoder ends. */
  decode(picture: CodedPicture): Promise<Decoded> {
    return new Promise((resolve) => {
      if (this.ended !== undefined) {
        resolve(undefined);
        return;
      }
      const shape = shapeOf(picture);
      this.inRow = shape === this.shape ? this.inRow + 1 : 1;
      this.shape = shape;
      const id = this.#write(picture);
      const deadline = setTimeout(() => this.kill('the decoder is stuck'), this.#deadlineMillis);
      this.#waiting.push({ id, picture, settle: resolve, deadline });
      this.#armPush();
    });
  }

  /** Ends it at once. */
  kill(reason: string): void {
    this.#process.kill(reason);
  }

  #write({ parts }: CodedPicture): number {
    const id = this.#nextId++;
    this.#process.write(matroskaPicture(id, parts, true));
    return id;
  }

  #armPush(): void {
    clearTimeout(this.#push);
    this.#push = setTimeout(() => {
      // What comes of it, under a number that nobody waits for, is dropped.
      if (this.ended !== undefined || this.#waiting.length === 0) return;
      this.#write(this.#good);
      this.#pushMillis *= 2;
      this.#armPush();
    }, this.#pushMillis);
  }

  #finish(number: number, grey: Buffer): void {
    this.#pushMillis = FIRST_PUSH_MILLIS;
    // They come in order: of what went in before and has not come, nothing will.
    while (this.#waiting.length > 0 && (this.#waiting[0] as Waiting).id <= number) {
      const { id, picture, settle, deadline } = this.#waiting.shift() as Waiting;
      clearTimeout(deadline);
      if (id === number) this.#good = picture;
      settle(id === number ? grey : undefined);
    }
  }

  #end(reason: string): void {
    clearTimeout(this.#push);
    for (const { settle, deadline } of this.#waiting.splice(0)) {
      clearTimeout(deadline);
      settle(undefined);
    }
    this.#onEnd(reason);
  }
}

export const shapeOf = ({ config }: CodedPicture): string =>
  `${config.codec} ${config.width}x${config.height}`;
