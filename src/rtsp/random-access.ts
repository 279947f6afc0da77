/**
 * A stream whose pictures may go on for so long without a real key frame is believed to have none: 4 s at 25 frames a
 * second when it never showed one, a minute when it did (the groups of "smart" codecs have up to 20 s).
 */
const PATIENCE_WITHOUT_KEY = 100;
const PATIENCE_AFTER_KEY = 1_500;

/** How far the first slice of a picture says that the picture leans on no other. */
export const INTER = 0;
export const INTRA_SLICE = 1;
export const INTRA_PICTURE = 2;
export type IntraKind = 0 | 1 | 2;

/**
 * Decides at which pictures decoding can start (J30).
 *
 * - IDR pictures; in H.265 all random access points (IDR, CRA, BLA), open groups of pictures included.
 * - An intra picture that is announced as a recovery point at once: what open groups of H.264 have in IDR's place. So
 *   that a camera that announces everything does no harm, both are asked for.
 * - Only in a stream that has neither: intra pictures, as encoders exist that send no IDR picture but the first, and
 *   recovery points that are reached gradually (intra refresh has no key frames at all). A recording that begins with a
 *   second of torn pictures is better than none.
 */
export class RandomAccess {
  #recovery = -1;
  #sinceKey = 0;
  #patience = PATIENCE_WITHOUT_KEY;

  /** The picture to come is a recovery point, reached after so many pictures. */
  announce(pictures: number): void {
    this.#recovery = pictures;
  }

  /** The picture to come was lost. */
  forget(): void {
    this.#recovery = -1;
  }

  /** Whether decoding can start at the picture that is now whole. */
  take(key: boolean, intra: IntraKind, slices: number): boolean {
    const recovery = this.#recovery;
    this.#recovery = -1;
    if (key || (recovery === 0 && intra !== INTER)) {
      this.#sinceKey = 0;
      this.#patience = PATIENCE_AFTER_KEY;
      return true;
    }
    if (this.#sinceKey < this.#patience) {
      this.#sinceKey++;
      return false;
    }
    return recovery >= 0 || intra === INTRA_PICTURE || (intra === INTRA_SLICE && slices === 1);
  }
}
