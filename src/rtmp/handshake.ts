import { problem, type RtmpProblem } from './problem.ts';

/** C1 and C2 (Adobe RTMP 1.0, section 5.2). */
const RANDOM_BYTES = 1536;
const VERSION = 3;

/**
 * Collects what a client sends before the first chunk. C1 decides which handshake is answered, the simple one or that
 * with digests; C2 is an echo that nothing depends on: clients exist that send anything there (L1).
 *
 * ```
 *  C0 1 byte: 3 | C1 1536: time 4, version 4, random 1528 | (S0 S1 S2) | C2 1536
 * ```
 */
export class Handshake {
  /** C0 and C1, once they are there. */
  readonly opening = Buffer.alloc(1 + RANDOM_BYTES);
  /** Whole `opening` has come. */
  opened = false;
  /** C2 has come, too. */
  done = false;

  #bytes = 0;

  /**
   * Takes bytes until `opened` or `done` becomes true.
   * @returns how many it took
   */
  take(data: Buffer, start: number): number | RtmpProblem {
    const all = 1 + RANDOM_BYTES * (this.opened ? 2 : 1);
    const taken = Math.min(all - this.#bytes, data.length - start);
    if (!this.opened) {
      if (this.#bytes === 0 && taken > 0 && data[start] !== VERSION) {
        return problem('handshake', 'it speaks no RTMP: the first byte is not the version, 3');
      }
      data.copy(this.opening, this.#bytes, start, start + taken);
    }
    this.#bytes += taken;
    if (this.#bytes === all) {
      if (this.opened) this.done = true;
      this.opened = true;
    }
    return taken;
  }
}
