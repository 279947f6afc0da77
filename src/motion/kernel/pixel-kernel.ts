/**
 * The work that touches every pixel, as functions over one block of memory and offsets into it: planes of bytes, one
 * a pixel, rows one after the other. `scalarKernel` is the reference; `loadSimdKernel` does the same, bit for bit, for
 * 16 pixels at a time. Widths are multiples of 16 (8 and 4 for the halved planes' rows are padded by the caller).
 */
export interface PixelKernel {
  readonly name: 'scalar' | 'simd';
  readonly memory: Uint8Array;
  /** 3x3 binomial blur, edges repeated. */
  smooth(source: number, target: number, width: number, height: number): void;
  /** The 8.8 means, rounded to grey levels. */
  levels(mean: number, target: number, pixels: number): void;
  /** 1 where neither the mean nor two samples are within the pixel's own threshold, else 0. */
  consensus(pass: ConsensusPass): void;
  /** 1 where more than 12 of the 5x5 pixels around are set; outside the picture nothing is. */
  majority(source: number, target: number, width: number, height: number): void;
  /** Fills gaps up to 4 pixels wide: 5x5 dilation, then erosion. `between` is overwritten. */
  close(source: number, between: number, target: number, width: number, height: number): void;
  /** 1 where a set pixel of `raw` is outside all that was seen within reach; rows `from` up to `to` only. */
  novelty(pass: NoveltyPass): void;
  /** Feedback and samples of one frame. */
  learn(pass: LearnPass): void;
  /** Half the size, 2x2 averages. */
  halve(source: number, target: number, width: number, height: number): void;
  /** 128 + what a pixel differs from the mean of its neighbourhood, of which there is one for `1 << shift` pixels. */
  contrast(source: number, means: number, target: number, width: number, height: number, shift: number): void;
  /** 255 where the gradient is steep enough to tell a shift by, else 0; the edge of the picture is 0. */
  texture(source: number, target: number, width: number, height: number): void;
  /** How badly `moved` fits when looked at `dx, dy` further on: the sum of capped differences where there is texture. */
  misfit(pass: MisfitPass, dx: number, dy: number): number;
}

export interface ConsensusPass {
  readonly frame: number;
  readonly level: number;
  readonly factor: number;
  readonly samples: number;
  readonly raw: number;
  readonly pixels: number;
}

export interface NoveltyPass {
  readonly frame: number;
  readonly raw: number;
  readonly samples: number;
  readonly lowest: number;
  readonly highest: number;
  readonly target: number;
  readonly width: number;
  readonly height: number;
  from: number;
  to: number;
}

/** What a blob was found to be: the byte of the verdict plane. */
export const Verdict = { background: 0, object: 1, ghost: 2 } as const;

export interface LearnPass {
  readonly frame: number;
  readonly raw: number;
  readonly lastRaw: number;
  readonly verdict: number;
  readonly factor: number;
  readonly blink: number;
  readonly mean: number;
  readonly samples: number;
  readonly width: number;
  readonly height: number;
  /** Which pixels' turn it is, 0 to 3; -1: nobody's, -2: everybody's, objects included. */
  turn: number;
  objectTurn: number;
  /** The sample that is overwritten of background, of what was dropped, of objects. */
  slot: number;
  quickSlot: number;
  objectSlot: number;
  /** The mean moves by 1 / 2^shift of the difference. */
  meanShift: number;
  quickShift: number;
  /** Factors fall by one where pixels are no more restless than this. */
  calm: number;
  /** Parity of the pixels of a ghost that are learnt. */
  parity: number;
}

export interface MisfitPass {
  readonly still: number;
  readonly moved: number;
  readonly texture: number;
  readonly width: number;
  /** Columns and rows that are compared; `dx` and `dy` must not lead out of the picture. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Differences above it count as this: what is covered by something must not decide. */
export const MISFIT_CAP = 24;
export const TEXTURE_GRADIENT = 16;
