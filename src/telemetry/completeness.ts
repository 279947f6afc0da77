/** Why nothing of a camera is recorded, and since when: microseconds since 1970. */
export interface OpenGap {
  readonly cause: string;
  readonly from: number;
}

/** What is older was counted as recorded for a reason: a clock that was set, not a gap that was noticed late. */
const LONGEST_NOTICE_SECONDS = 60;

/**
 * How much of the time that passed is missing from recordings. A gap is known a while after it began (a camera that
 * sends nothing is given ten seconds): that while is counted when it is.
 */
export class Completeness {
  /** By camera: seconds since the last gap, or since counting began. */
  readonly #recorded = new Map<string, number>();

  /**
   * @param gap `undefined`: the camera is being recorded
   * @param wall now, microseconds since 1970
   * @param seconds since this was last asked of the camera
   * @returns seconds that turned out to be missing
   */
  missing(camera: string, gap: OpenGap | undefined, wall: number, seconds: number): number {
    const recorded = this.#recorded.get(camera) ?? 0;
    if (!gap) {
      this.#recorded.set(camera, recorded + seconds);
      return 0;
    }
    this.#recorded.set(camera, 0);
    if (recorded === 0) return seconds;
    const known = Math.max(0, (wall - gap.from) / 1e6);
    return Math.min(known, recorded + seconds, LONGEST_NOTICE_SECONDS);
  }
}
