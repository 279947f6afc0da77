import type { FragmentEntry } from '../media/fragment-index.ts';
import type { MediaTicks, WallMicros } from '../time/units.ts';

/**
 * What is recorded, where, and what is missing. The one interface to the database: SQLite behind it today,
 * PostgreSQL later, so every call is a promise and no SQL leaves this folder.
 *
 * Writes come in batches (`apply`), one transaction each: 217 cameras close 3.6 segments a second, and a group
 * commit makes that a handful of transactions. A write that is applied twice changes nothing (a worker that
 * was restarted may repeat itself).
 */
export interface Catalog {
  /** Creates the camera or updates its name; returns its row. Numbers are never given twice. */
  putCamera(camera: { readonly id: string; readonly name: string }): Promise<CameraRow>;
  cameras(): Promise<readonly CameraRow[]>;
  camera(id: string): Promise<CameraRow | undefined>;

  /** Applies all writes in order in one transaction, or none. */
  apply(writes: readonly CatalogWrite[]): Promise<void>;

  /** Number of an initialization segment (`ftyp` + `moov`) that is identical to `init.bytes`; stored once. */
  putInit(init: Omit<InitRow, 'initNo'>): Promise<number>;
  init(initNo: number): Promise<InitRow | undefined>;

  segment(cameraNo: number, start: WallMicros): Promise<SegmentRow | undefined>;
  /** Segments of a camera that overlap [from, to), by start; every state but `garbage`. */
  segmentsBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly SegmentRow[]>;
  /** Every segment whose row is still open, of every camera. */
  openSegments(): Promise<readonly SegmentRow[]>;
  /** The segment of a camera that ends last. */
  lastSegment(cameraNo: number): Promise<SegmentRow | undefined>;
  runsBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly RunRow[]>;
  gapsBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly GapRow[]>;
  /** Gaps without an end, of every camera. */
  openGaps(): Promise<readonly GapRow[]>;

  close(): Promise<void>;
}

export interface CameraRow {
  /** Small integer that stands for the camera in every other table and in segment ids. */
  readonly cameraNo: number;
  readonly id: string;
  readonly name: string;
}

export interface InitRow {
  readonly initNo: number;
  /** `ftyp` + `moov`, as at the head of the segment file. */
  readonly bytes: Uint8Array;
  /** RFC 6381 codecs parameter, `avc1.640028`. */
  readonly codecs: string;
  /** Pixels; 0 when the camera's parameter sets could not be read. */
  readonly width: number;
  readonly height: number;
}

/** `open`: being written. `local`: closed, on disk. `both`, `remote`: also or only in the object store. `garbage`: about to be deleted. */
export type SegmentState = 'open' | 'local' | 'both' | 'remote' | 'garbage';

export interface SegmentRow {
  readonly cameraNo: number;
  /** Wall time of the first sample; with the camera it is the key. */
  readonly start: WallMicros;
  /** Wall time where the last sample ends; equals the next segment's start within a run. Open segments: equals start. */
  readonly end: WallMicros;
  /** Start of the run it belongs to. */
  readonly runStart: WallMicros;
  /** Media time of the first sample, in ticks since the start of the run. */
  readonly mediaStart: MediaTicks;
  readonly durationTicks: number;
  readonly initNo: number;
  /** Bytes before the first fragment. */
  readonly headBytes: number;
  /** Bytes of the whole file; 0 while open. */
  readonly bytes: number;
  /** Of the whole file; `null` while open, and for a recovered one until it has been hashed. */
  readonly sha256: Uint8Array | null;
  readonly state: SegmentState;
  /** Closed by recovery after a crash, not by the recorder. */
  readonly recovered: boolean;
  /** In file order; empty while open. */
  readonly fragments: readonly FragmentEntry[];
}

/** An unbroken recording of one camera: its segments join to the tick. */
export interface RunRow {
  readonly cameraNo: number;
  readonly start: WallMicros;
  /** Where its last closed segment ends. */
  readonly end: WallMicros;
}

/** Time for which a camera should have been recorded and was not. */
export interface GapRow {
  readonly cameraNo: number;
  readonly from: WallMicros;
  /** `null` while it lasts. */
  readonly to: WallMicros | null;
  readonly cause: GapCause;
}

export type GapCause =
  | 'connecting' // not connected yet, nothing is known to be wrong
  | 'offline' // refused, timed out, closed by the camera
  | 'credentials' // the camera refuses the password
  | 'not-found' // the camera has no such stream
  | 'protocol' // what answers speaks no RTSP or offers no video that we record
  | 'no-video' // connected, no video packet comes
  | 'no-keyframe' // video comes, no key frame
  | 'disk-full'
  | 'io-error'
  | 'overload' // the global buffer budget is used up
  | 'clock-step' // the machine's clock was set
  | 'disabled'
  | 'shutdown' // the recorder was stopped in order
  | 'crash'; // the recorder ended without warning

export type CatalogWrite =
  | {
      readonly kind: 'segment-opened';
      readonly cameraNo: number;
      readonly start: WallMicros;
      /** Equal to `start` for the first segment of a run: that creates the run. */
      readonly runStart: WallMicros;
      readonly mediaStart: MediaTicks;
      readonly initNo: number;
      readonly headBytes: number;
    }
  | {
      readonly kind: 'segment-closed';
      readonly cameraNo: number;
      readonly start: WallMicros;
      readonly end: WallMicros;
      readonly durationTicks: number;
      readonly bytes: number;
      readonly sha256: Uint8Array | null;
      readonly recovered: boolean;
      readonly fragments: readonly FragmentEntry[];
    }
  /** The hash of a recovered segment, which was closed without one. */
  | {
      readonly kind: 'segment-hashed';
      readonly cameraNo: number;
      readonly start: WallMicros;
      readonly sha256: Uint8Array;
    }
  /** The file of a segment holds no whole fragment, or is gone: forget the row, and the run if it was its only one. */
  | { readonly kind: 'segment-discarded'; readonly cameraNo: number; readonly start: WallMicros }
  | {
      readonly kind: 'gap-opened';
      readonly cameraNo: number;
      readonly from: WallMicros;
      readonly cause: GapCause;
    }
  /** Ends the open gap of the camera; a gap that would be empty is removed. */
  | { readonly kind: 'gap-closed'; readonly cameraNo: number; readonly to: WallMicros }
  /** A gap known only after the fact. */
  | {
      readonly kind: 'gap';
      readonly cameraNo: number;
      readonly from: WallMicros;
      readonly to: WallMicros;
      readonly cause: GapCause;
    };
