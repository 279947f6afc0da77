import type { GapCause } from '../catalog/catalog.ts';
import type { FragmentEntry } from '../media/fragment-index.ts';
import type { MediaTicks, WallMicros } from '../time/units.ts';

/** What a recording thread tells the main thread, in order: each becomes a row, or a line of the live view. */
export type RecorderEvent =
  | {
      readonly kind: 'opened';
      readonly cameraNo: number;
      readonly start: WallMicros;
      readonly runStart: WallMicros;
      readonly mediaStart: MediaTicks;
      readonly headBytes: number;
      readonly init: SegmentInit;
      /** The first fragment is on disk already. */
      readonly fragment: FragmentEntry;
      readonly end: WallMicros;
    }
  /** One more fragment of the open segment is written. */
  | {
      readonly kind: 'fragment';
      readonly cameraNo: number;
      readonly fragment: FragmentEntry;
      readonly end: WallMicros;
    }
  /** The open segment is durable as it now is. */
  | { readonly kind: 'closed'; readonly cameraNo: number; readonly sha256: Uint8Array }
  /** Its file could not be brought to an end: it must be walked like after a crash. */
  | { readonly kind: 'broken'; readonly cameraNo: number }
  | {
      readonly kind: 'gap-opened';
      readonly cameraNo: number;
      readonly from: WallMicros;
      readonly cause: GapCause;
    }
  | { readonly kind: 'gap-closed'; readonly cameraNo: number; readonly to: WallMicros };

export interface SegmentInit {
  readonly bytes: Uint8Array;
  readonly codecs: string;
  readonly width: number;
  readonly height: number;
}
