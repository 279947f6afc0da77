import type { Zone } from '../zones/zone.ts';
import type { FilmPicture } from './film-reader.ts';
import type { DrawnLook } from './overlay.ts';
import type { ReplayedEvent } from './replay.ts';

export interface DrawingOptions {
  readonly ffmpegPath: string;
  /** What is written: a file, or a folder that is there. */
  readonly path: string;
  readonly zones: readonly Zone[];
  /** Between pictures. */
  readonly everyMicros: number;
}

/** What a replay is shown in. */
export interface Drawing {
  add(picture: FilmPicture, look: DrawnLook, open: readonly ReplayedEvent['kind'][]): Promise<void>;
  /** An event that was open is over. */
  ended(event: ReplayedEvent): Promise<void>;
  /** Resolves to sentences about what could not be written. */
  finish(): Promise<readonly string[]>;
}
