/** A place in the picture, in shares of its width and height from the upper left, 0 to 1. */
export type Point = readonly [x: number, y: number];

/** A part of the picture that somebody drew: what moves there counts, or what moves there does not. */
export interface Zone {
  readonly name: string;
  readonly kind: 'include' | 'ignore';
  /** Corners in the order of the outline; the last one is joined to the first. */
  readonly points: readonly Point[];
  /** Of a zone that counts: how little is enough. */
  readonly sensitivity: 'low' | 'normal' | 'high';
  /** Of a zone that counts: an object that covers less of the picture than this share does not. */
  readonly minimumSize: number;
}

/** How many pixels one pixel counts for: at high sensitivity half an object is enough, at low it has to be two. */
export const SENSITIVITY: Readonly<Record<Zone['sensitivity'], number>> = { low: 0.5, normal: 1, high: 2 };

/** Zones that fit into the bits of one pixel's number. */
export const MOST_ZONES = 16;
