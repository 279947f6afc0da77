import { segmentsIn } from '../recorders/vigie.ts';
import type { Unnumbered } from '../recorded-frames.ts';
import type { RunCheck } from '../verdict/run-check.ts';
import { readSegment } from '../verdict/segment-check.ts';

/** Looks at each segment once, as soon as the next one of its camera has begun: before retention takes it away. */
export class ClosedSegments {
  readonly #folder: string;
  readonly #check: RunCheck;
  readonly #unnumbered: Unnumbered;
  /** The last one of each camera that was looked at. */
  readonly #last = new Map<string, string>();

  constructor(folder: string, check: RunCheck, unnumbered: Unnumbered) {
    this.#folder = folder;
    this.#check = check;
    this.#unnumbered = unnumbered;
  }

  /** @param over nothing is written any more: the newest are whole, too */
  async look(over: boolean): Promise<void> {
    const all = await segmentsIn(this.#folder);
    for (const [index, { camera, path }] of all.entries()) {
      if (path <= (this.#last.get(camera) ?? '')) continue;
      if (!over && all[index + 1]?.camera !== camera) continue;
      this.#last.set(camera, path);
      try {
        this.#check.segment(camera, await readSegment(path, this.#unnumbered));
      } catch (error) {
        this.#check.unreadable(path, (error as Error).message);
      }
    }
  }
}
