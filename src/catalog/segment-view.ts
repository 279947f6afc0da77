import type { SegmentRow } from './catalog.ts';

/**
 * A segment as a reader sees it: closed, as the catalog has it, or still growing. Then `end`, `durationTicks` and
 * `bytes` are those of the fragments that are listed here.
 */
export interface SegmentView extends Omit<SegmentRow, 'state' | 'recovered'> {
  readonly open: boolean;
}

export interface OpenSegments {
  /**
   * The segment that camera is writing, with the fragments that are on disk so far; empty when it writes none.
   * A segment stays here until its closing is in the catalog, so that it is never in neither.
   */
  of(cameraNo: number): readonly SegmentView[];
}
