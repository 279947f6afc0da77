import type { FragmentEntry } from '../media/fragment-index.ts';
import type { MediaTicks, WallMicros } from '../time/units.ts';

/** A segment as a reader sees it: closed, as the catalog has it, or still growing. */
export interface SegmentView {
  readonly cameraNo: number;
  readonly start: WallMicros;
  /** Where the last sample of the last fragment listed here ends. */
  readonly end: WallMicros;
  readonly runStart: WallMicros;
  /** Media time of the first sample, in ticks since the start of the run. */
  readonly mediaStart: MediaTicks;
  readonly durationTicks: number;
  readonly initNo: number;
  /** Bytes before the first fragment. */
  readonly headBytes: number;
  /** Bytes that may be read: of an open segment, up to the end of the last fragment listed here. */
  readonly bytes: number;
  /** Of the whole file; `null` while open, and for a recovered one until it has been hashed. */
  readonly sha256: Uint8Array | null;
  readonly open: boolean;
  readonly fragments: readonly FragmentEntry[];
}

export interface OpenSegments {
  /**
   * The segment that camera is writing, with the fragments that are on disk so far; empty when it writes none.
   * A segment stays here until its closing is in the catalog, so that it is never in neither.
   */
  of(cameraNo: number): readonly SegmentView[];
}
