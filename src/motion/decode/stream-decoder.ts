import type { HandedPicture } from '../handed-picture.ts';
import { DecoderProcess } from './decoder-process.ts';
import { matroskaPicture } from './matroska.ts';

const TICKS_PER_MILLI = 90;
/** Pictures come as regularly as a camera sends them, more or less. */
const EARLY = 0.9;
/** More that the process has not taken yet, and pictures are left out. */
const MOST_BACKLOG_BYTES = 2 ** 20;
/** A decoder that is so far behind gets no more until it has caught up. Some builds always keep a few pictures back. */
const MOST_BEHIND_MILLIS = 2_000;
const KEPT_BACK = 10;
/** Whatever their times say. */
const MOST_INSIDE = 300;

export interface StreamDecoderOptions {
  readonly ffmpegPath: string;
  /** Its first picture, a key frame. */
  readonly first: HandedPicture;
  /** So many come out, at most. */
  readonly framesPerSecond: number;
  /** When pictures went in and nothing came out for so long, the process is taken for stuck. */
  readonly deadlineMillis: number;
  readonly onGrey: (picture: HandedPicture, pixels: Buffer) => void;
  /** Called once, however it ends. @param inside pictures of which nothing will come */
  readonly onEnd: (reason: string, inside: number) => void;
}

interface Inside {
  readonly id: number;
  readonly picture: HandedPicture;
}

/**
 * One ffmpeg that decodes all pictures of one stream, and gives back as many a second as are wanted. Unlike for key
 * frames alone its loop filter is on: what pictures lean on has to be right, or the faults would add up until the next
 * key frame, and vanish with it, which looks like motion.
 *
 * Of a stream with B-frames pictures come out in another order than they went in, and under the number of a neighbour: an
 * eighth of a second off, which nobody sees in an event.
 */
export class StreamDecoder {
  readonly #process: DecoderProcess;
  readonly #deadlineMillis: number;
  readonly #inside: Inside[] = [];
  #ticks = 0;
  #lastId = 0;
  /** Since when something is in it and nothing came out; 0: nothing is. */
  #since = 0;

  constructor(options: StreamDecoderOptions) {
    const { ffmpegPath, first, framesPerSecond, deadlineMillis, onGrey, onEnd } = options;
    this.#deadlineMillis = deadlineMillis;
    const apart = (EARLY / framesPerSecond).toFixed(3);
    this.#process = new DecoderProcess({
      ffmpegPath,
      config: first.config,
      input: [],
      // Not the filter named "fps": that one gives pictures other times, and the times are their numbers.
      filter: `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${apart})',`,
      onGrey: (number, pixels) => {
        const picture = this.#takeOut(number);
        if (picture) onGrey(picture, pixels);
      },
      onEnd: (reason) => onEnd(reason, this.#inside.splice(0).length),
    });
  }

  get ended(): string | undefined {
    return this.#process.ended;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** @returns `false` when it has no room: then nothing may be written before the next key frame */
  write(picture: HandedPicture): boolean {
    if (this.ended !== undefined) return false;
    const now = performance.now();
    if (this.#since > 0 && now - this.#since > this.#deadlineMillis) {
      this.kill('the decoder is stuck');
      return false;
    }
    if (this.#process.backlog > MOST_BACKLOG_BYTES || this.#isBehind(now)) return false;
    if (this.#since === 0) this.#since = now;
    this.#ticks += picture.elapsedTicks;
    // Its time, since pictures are chosen by that, and a number of its own.
    const id = Math.max(this.#lastId + 1, Math.round(this.#ticks / TICKS_PER_MILLI));
    this.#lastId = id;
    this.#inside.push({ id, picture });
    this.#process.write(matroskaPicture(id, [picture.sample], picture.key));
    return true;
  }

  /** Ends it at once. */
  kill(reason: string): void {
    this.#process.kill(reason);
  }

  #isBehind(now: number): boolean {
    const oldest = this.#inside[0]?.picture.handedAt ?? now;
    return (
      this.#inside.length >= MOST_INSIDE ||
      (this.#inside.length > KEPT_BACK && now - oldest > MOST_BEHIND_MILLIS)
    );
  }

  #takeOut(number: number): HandedPicture | undefined {
    // Those before were not chosen, or could not be decoded.
    let inside: Inside | undefined;
    while (this.#inside[0] && this.#inside[0].id <= number) inside = this.#inside.shift();
    this.#since = 0;
    return inside?.id === number ? inside.picture : undefined;
  }
}
