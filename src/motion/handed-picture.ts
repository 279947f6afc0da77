import type { WatchedPicture } from '../watch/watched-picture.ts';

/** A picture as it was handed over, with its place among those of its camera. */
export interface HandedPicture extends WatchedPicture {
  /** Counts all that were handed over. */
  readonly order: number;
  /** Media ticks in which this camera was watched, up to here: pictures may be left out, time may not. */
  readonly positionTicks: number;
  /** By `performance.now()`. */
  readonly handedAt: number;
}

export interface GreyPicture {
  readonly picture: HandedPicture;
  readonly pixels: Buffer;
}
