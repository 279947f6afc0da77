import { type Footage, PixelLabel } from './footage.ts';

/** Pixels counted by CDnet's rules: shadow is background; what is unknown or outside the region does not count. */
export interface PixelScore {
  readonly precision: number;
  readonly recall: number;
  readonly f: number;
}

/** Counts frame by frame; `undefined` from `score` when no frame was labelled. */
export class PixelCount {
  #hits = 0;
  #falseHits = 0;
  #missed = 0;
  #frames = 0;

  add(mask: Uint8Array, truth: Footage['truth'][number]): void {
    if (truth === undefined) return;
    this.#frames++;
    for (let p = 0; p < truth.length; p++) {
      const label = truth[p];
      if (label === PixelLabel.outside || label === PixelLabel.unknown) continue;
      if (label === PixelLabel.moving) {
        if (mask[p] === 0) this.#missed++;
        else this.#hits++;
      } else if (mask[p] !== 0) this.#falseHits++;
    }
  }

  get score(): PixelScore | undefined {
    if (this.#frames === 0) return undefined;
    const precision = this.#hits / Math.max(1, this.#hits + this.#falseHits);
    const recall = this.#hits / Math.max(1, this.#hits + this.#missed);
    return { precision, recall, f: (2 * precision * recall) / Math.max(1e-9, precision + recall) };
  }
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
