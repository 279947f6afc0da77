/** What one connection of a camera has sent, for whoever looks for it on disk. */
export interface SentSession {
  readonly camera: string;
  /** As in the identity that each frame carries. */
  readonly session: number;
  /** The first frame at which decoding can start; -1: none yet. */
  readonly firstKey: number;
  /** Frames that have used up a number, from 0 on. */
  readonly sent: number;
  /** The connection was broken on purpose, or by the other side: its last frames may have been on their way. */
  readonly cut: boolean;
  /** Since it was asked last: frames of which packets were left out, which nobody can record. */
  readonly broken: readonly number[];
}

/** How well the fleet keeps its own time, which says whose fault a late frame is. */
export interface FleetPace {
  /** 99th percentile over the cameras of how late the frame is that is due next, ms. */
  readonly lateMillis: number;
  /** Bytes that the other side has not taken from the fleet yet. */
  readonly pendingBytes: number;
  /** Frames that the other side did not take within `MAX_LATE_MILLIS`. They have used up a number. */
  readonly dropped: number;
  /** Longest time between two rounds of the fleet since it was asked last, ms. */
  readonly longestRoundMillis: number;
}

export interface FleetLedger {
  readonly sessions: readonly SentSession[];
  readonly pace: FleetPace;
}

/** A connection of which so much is not taken gets no more for now. */
export const MAX_UNREAD_BYTES = 2 * 1024 * 1024;
/** A camera keeps what it could not send for so long: real ones have less. */
export const MAX_LATE_MILLIS = 10_000;

/** Counts what is sent, and numbers it. One a connection. */
export class SentFrames {
  readonly #camera: string;
  readonly session: number;
  #next = 0;
  #firstKey = -1;
  #broken: number[] = [];
  dropped = 0;
  cut = false;

  constructor(camera: string, session: number) {
    this.#camera = camera;
    this.session = session;
  }

  get next(): number {
    return this.#next;
  }

  /** @returns the frame's number */
  take(key: boolean): number {
    if (key && this.#firstKey < 0) this.#firstKey = this.#next;
    return this.#next++;
  }

  broke(frame: number): void {
    this.#broken.push(frame);
    // Where decoding starts moves on when that frame did not come whole.
    if (frame === this.#firstKey) this.#firstKey = -1;
  }

  /** What has been sent; broken frames are told once. */
  tell(): SentSession {
    const broken = this.#broken;
    this.#broken = [];
    return {
      ...{ camera: this.#camera, session: this.session, firstKey: this.#firstKey, sent: this.#next },
      ...{ cut: this.cut, broken },
    };
  }
}
