import type { SentSession } from '../fleet/sent-frames.ts';

/** What is wrong with the recording of one connection of a camera. */
export interface SessionFindings {
  /** Frames that can be on disk: from the first key frame on, sent whole. */
  readonly expected: number;
  /** Of those, on disk. */
  readonly found: number;
  readonly missing: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** The first that is missing, doubled or out of order, for a person to look at; -1: none. */
  readonly firstBad: number;
}

/** Frames that may still turn up, out of order; whoever has not come by then is missing. */
const MAX_AWAITED = 10_000;

/**
 * Looks for every frame of one connection in what was recorded, frame by frame in the order of the files. What was
 * sent is told as it goes on, so that a run of days needs no more memory than one of seconds.
 */
export class SessionCheck {
  #firstKey = -1;
  #sent = 0;
  #cut = false;
  readonly #broken = new Set<number>();
  readonly #awaited = new Set<number>();
  /** The lowest number that has not been looked at yet. */
  #next = 0;
  #found = 0;
  #missing = 0;
  #doubled = 0;
  #outOfOrder = 0;
  #firstBad = -1;

  /** What the fleet says of it. Before any frame that was sent by then is looked for. */
  told(session: SentSession): void {
    this.#firstKey = session.firstKey;
    this.#sent = session.sent;
    this.#cut = session.cut;
    for (const frame of session.broken) if (frame >= this.#next) this.#broken.add(frame);
  }

  /** The next frame in the recording. */
  take(frame: number): void {
    if (frame < this.#next) {
      if (this.#awaited.delete(frame)) {
        this.#found++;
        this.#outOfOrder++;
      } else {
        this.#doubled++;
      }
      this.#bad(frame);
      return;
    }
    this.#lookFor(frame);
    // A frame of which packets were lost is no part of the promise, whether it is there or not.
    if (!this.#broken.delete(frame) && frame >= this.#firstKey) this.#found++;
    this.#next = frame + 1;
  }

  /** @param tail of a connection that was cut: so many last frames may have been on their way */
  finish(tail: number): SessionFindings {
    this.#lookFor(this.#cut ? Math.max(this.#next, this.#sent - tail) : this.#sent);
    const missing = this.#missing + this.#awaited.size;
    for (const frame of this.#awaited) this.#bad(frame);
    return {
      ...{ expected: this.#found + missing, found: this.#found, missing, doubled: this.#doubled },
      ...{ outOfOrder: this.#outOfOrder, firstBad: this.#firstBad },
    };
  }

  /** All numbers before this one should have come. */
  #lookFor(end: number): void {
    // Where decoding cannot start yet, nothing is recorded.
    let at = this.#firstKey < 0 ? end : Math.max(this.#next, this.#firstKey);
    for (; at < end; at++) {
      if (this.#broken.delete(at)) continue;
      this.#awaited.add(at);
    }
    this.#next = Math.max(this.#next, end);
    while (this.#awaited.size > MAX_AWAITED) {
      const [oldest] = this.#awaited;
      this.#awaited.delete(oldest as number);
      this.#missing++;
      this.#bad(oldest as number);
    }
  }

  #bad(frame: number): void {
    if (this.#firstBad < 0 || frame < this.#firstBad) this.#firstBad = frame;
  }
}
