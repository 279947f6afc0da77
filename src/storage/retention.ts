import type { Catalog } from '../catalog/catalog.ts';
import type { DeletionReason } from '../catalog/keeping.ts';
import type { Clock } from '../time/clock.ts';
import type { FootageClass } from '../catalog/footage-class.ts';
import { LONGEST_EVENT_MICROS } from '../catalog/motion.ts';
import type { Retained } from '../config/config.ts';
import { formatDuration } from '../config/units.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';
import { breathe } from './destroyer.ts';

/** How long footage of a camera is kept: what was promised for each class, before which nothing of it goes. */
export interface Keeping extends Retained {
  /** What the law allows: nothing stays longer, whatever was promised. */
  readonly maximumMicros: number;
}

const ROWS_A_TRANSACTION = 250;
/** Nearly all that is known of footage goes with it: the rest can wait. */
const FORGET_EVERY_MICROS = 600_000_000;
/** A clock that jumped ahead by more is not believed at once: on its word everything could be destroyed. */
const STEP_MICROS = 600_000_000;
const MISTRUST_MICROS = 3_600_000_000;

/**
 * Finds what is past its date. A segment is kept until its last picture is as old as was promised, and goes before its
 * first picture is older than the law allows: where both are the same, up to a segment's length earlier. How much was
 * promised depends on what happened in it, which is judged once: nothing that is kept is looked at again and again.
 */
export class Retention {
  /** Why nothing is destroyed now; `undefined` when it is. */
  problem: string | undefined;

  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #keepingOf: (cameraId: string) => Keeping;
  #difference: number | undefined;
  #forgetAt = Number.NEGATIVE_INFINITY;
  #mistrustUntil = Number.NEGATIVE_INFINITY;

  constructor(catalog: Catalog, clock: Clock, keepingOf: (cameraId: string) => Keeping) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#keepingOf = keepingOf;
  }

  /**
   * Condemns everything that is past its date.
   * @param remote it may be in the object store
   * @returns how many segments it were
   */
  async condemnOverdue(remote: boolean): Promise<number> {
    if (!this.#clockIsBelieved()) return 0;
    const forgets = this.#clock.mono() >= this.#forgetAt;
    let condemned = 0;
    for (const { cameraNo, id } of await this.#catalog.cameras()) {
      const { continuousMicros, motionMicros, eventMicros, maximumMicros } = this.#keepingOf(id);
      const now = this.#clock.wall();
      condemned += await this.#condemn(cameraNo, 'maximum', remote, {
        startedBy: wallMicros(now - maximumMicros),
      });
      condemned += await this.#condemn(cameraNo, 'retention', remote, {
        endedBy: wallMicros(now - eventMicros),
      });
      // Where a class is kept no longer than the one below it, that it is more is no reason to look.
      if (motionMicros < eventMicros) {
        condemned += await this.#sweep(cameraNo, 'motion', remote, wallMicros(now - motionMicros));
      }
      if (continuousMicros < motionMicros) {
        condemned += await this.#sweep(cameraNo, 'continuous', remote, wallMicros(now - continuousMicros));
      }
      if (forgets) await this.#forget(cameraNo, wallMicros(now - maximumMicros - LONGEST_EVENT_MICROS));
      await breathe();
    }
    if (forgets) this.#forgetAt = this.#clock.mono() + FORGET_EVERY_MICROS;
    return condemned;
  }

  /** Events go with their footage; these have none that could still be there. */
  async #forget(cameraNo: number, before: WallMicros): Promise<void> {
    const limit = ROWS_A_TRANSACTION;
    while (
      (await this.#catalog.motion.forget({ cameraNo, before, at: this.#clock.wall(), limit })) >= limit
    ) {
      await breathe();
    }
  }

  async #sweep(cameraNo: number, upTo: FootageClass, remote: boolean, endedBy: WallMicros): Promise<number> {
    let condemned = 0;
    for (;;) {
      const at = this.#clock.wall();
      const order = { cameraNo, upTo, reason: 'retention', at, endedBy, remote } as const;
      const sweep = await this.#catalog.sweep({ ...order, limit: ROWS_A_TRANSACTION });
      condemned += sweep.condemned;
      if (sweep.done) return condemned;
      await breathe();
    }
  }

  async #condemn(
    cameraNo: number,
    reason: DeletionReason,
    remote: boolean,
    by: { readonly startedBy: WallMicros } | { readonly endedBy: WallMicros },
  ): Promise<number> {
    let condemned = 0;
    for (;;) {
      const at = this.#clock.wall();
      const limit = ROWS_A_TRANSACTION;
      const count = await this.#catalog.condemn({ cameraNo, reason, at, remote, limit, ...by });
      condemned += count;
      if (count < limit) return condemned;
      await breathe();
    }
  }

  #clockIsBelieved(): boolean {
    const now = this.#clock.mono();
    const difference = this.#clock.wall() - now;
    if (this.#difference !== undefined && difference - this.#difference > STEP_MICROS) {
      this.#mistrustUntil = now + MISTRUST_MICROS;
    }
    this.#difference = difference;
    const believed = now >= this.#mistrustUntil;
    this.problem = believed
      ? undefined
      : `The clock of this machine was set ahead: for ${formatDuration(MISTRUST_MICROS)} nothing is destroyed on its word.`;
    return believed;
  }
}
