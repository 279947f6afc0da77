import type { GapCause } from '../catalog/catalog.ts';
import type { AudioConfig } from '../media/audio-config.ts';
import type { FragmentData } from '../media/fragment-builder.ts';
import type { VideoConfig } from '../media/video-config.ts';
import type { WallMicros } from '../time/units.ts';

/** One to two seconds of a camera, ready to be written: what the hub hands to its readers. */
export interface Fragment {
  readonly data: FragmentData;
  /** What a decoder needs for it; the same object as long as nothing changes. */
  readonly config: VideoConfig;
  /**
   * The same of the sound that `data.sound` is, and may be without: a file has it from its first fragment on. The same
   * object as long as nothing changes; `undefined`: there is none. Changes with key frames only.
   */
  readonly audio: AudioConfig | undefined;
  /** Equals the end of the fragment before it within a run. */
  readonly wallStart: WallMicros;
  readonly wallEnd: WallMicros;
  /** Begins with a random access point. */
  readonly key: boolean;
  /** The first one of a run: nothing joins it to what came before. */
  readonly startsRun: boolean;
}

/** A reader of a camera. It owns each fragment it is given and must release its data. */
export interface FragmentSink {
  fragment(fragment: Fragment): void;
  /** Nothing more comes of this run, which ended at `at`. */
  runEnded(at: WallMicros, cause: GapCause): void;
  /** Nothing is being recorded, and from now on this is why: what came before had another cause. */
  missing(from: WallMicros, cause: GapCause): void;
  /** Ticks that are on disk, in total. */
  readonly recordedTicks: number;
  /** Why frames that come cannot be kept, for a person; `undefined` when they can. */
  readonly blocked: string | undefined;
}
