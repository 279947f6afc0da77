import type { FragmentEntry } from '../media/fragment-index.ts';
import type { MediaTicks, WallMicros } from '../time/units.ts';
import type { FootageClass } from './footage-class.ts';
import type { Deletion, DeletionReason, DoneDeletion, Hold, HoldRequest } from './keeping.ts';
import type { MotionCatalog } from './motion.ts';
import type { Outbox } from './outbox.ts';

/**
 * What is recorded, where, and what is missing. The one interface to the database: SQLite behind it today,
 * PostgreSQL later, so every call is a promise and no SQL leaves this folder.
 *
 * Writes come in batches (`apply`), one transaction each: 217 cameras close 3.6 segments a second, and a group
 * commit makes that a handful of transactions. A write that is applied twice changes nothing (a worker that
 * was restarted may repeat itself).
 */
export interface Catalog {
  /** What happened before the cameras, and when anybody looked. */
  readonly motion: MotionCatalog;
  /** What webhooks have not been told of it yet. */
  readonly outbox: Outbox;

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

  /** Closed segments that are on this machine only. */
  localSegments(query: TierQuery): Promise<readonly StoredSegment[]>;
  /**
   * Looks at segments that are on this machine only and that no hold keeps, oldest first, for those in which nothing
   * moved while somebody looked.
   */
  stillSegments(query: StillQuery): Promise<StillSegments>;
  /** Segments that are on this machine and in the object store, oldest first, of those that end by `endedBy`. */
  storedSegments(endedBy: WallMicros, limit: number): Promise<readonly StoredSegment[]>;
  /** What is on this machine only, in all. */
  backlog(): Promise<Backlog>;
  /** Segments of a camera from `start` on, whatever their state, without their fragments: for walking all of them. */
  segmentsFrom(cameraNo: number, start: WallMicros, limit: number): Promise<readonly StoredSegment[]>;

  /**
   * Marks segments as garbage: from then on no reader sees them. Held ones and ones being written stay.
   * @returns how many it were, at most `limit`
   */
  condemn(sentence: Sentence): Promise<number>;
  /**
   * Goes on through the footage of a camera from where it stopped, and condemns what has ended by then and is of no
   * higher class than that. What was judged is not looked at again, unless something new is learnt of it.
   */
  sweep(order: SweepOrder): Promise<Sweep>;
  /** Segments that are to be deleted, by camera and start, behind `after`; not those that the store still locks. */
  condemned(after: SegmentKey | undefined, limit: number): Promise<readonly CondemnedSegment[]>;
  /** Every copy is gone: drops the rows and enters them into the deletion journal. */
  bury(done: readonly DoneDeletion[]): Promise<void>;
  /** The deletion journal, newest first: entries that overlap [from, to), of one camera or all. */
  deletions(query: DeletionQuery): Promise<readonly Deletion[]>;
  /** The same of one camera, by time. */
  deletionsBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly Deletion[]>;

  /** Objects under a hold in force that the store does not lock yet; objects it locks that no hold needs any more. */
  lockWork(at: WallMicros, limit: number): Promise<LockWork>;
  /** The store has locked it, or let it go. */
  putLocked(segment: SegmentKey, locked: boolean): Promise<void>;

  putHold(hold: HoldRequest): Promise<Hold>;
  /** All that were ever made, newest first. */
  holds(): Promise<readonly Hold[]>;
  /** Ends a hold; `undefined` when there is none of that number, the hold as it is when it was ended before. */
  releaseHold(holdNo: number, at: WallMicros, by: string): Promise<Hold | undefined>;

  close(): Promise<void>;
}

export interface SegmentKey {
  readonly cameraNo: number;
  readonly start: WallMicros;
}

/** A closed segment as storage sees it. */
export interface StoredSegment extends SegmentKey {
  readonly end: WallMicros;
  readonly bytes: number;
  readonly sha256: Uint8Array | null;
  readonly state: SegmentState;
}

export interface TierQuery {
  readonly limit: number;
  readonly newestFirst?: boolean;
  /** Only of these. */
  readonly cameras?: ReadonlySet<number>;
  /** Only those that no hold keeps at that time. */
  readonly unheldAt?: WallMicros;
}

export interface StillQuery {
  /** Only those that start later. */
  readonly after: WallMicros;
  readonly at: WallMicros;
  /** Segments that are looked at. */
  readonly limit: number;
}

export interface StillSegments {
  readonly segments: readonly StoredSegment[];
  /** Where to go on; `undefined` at the end. */
  readonly next: WallMicros | undefined;
}

export interface Backlog {
  readonly segments: number;
  readonly bytes: number;
  readonly oldest: WallMicros | null;
}

/** Which segments of a camera are to go: those that meet every limit given. */
export interface Sentence {
  readonly cameraNo: number;
  readonly reason: DeletionReason;
  readonly at: WallMicros;
  /** The copy in the object store has to go too, or may be there. */
  readonly remote: boolean;
  readonly limit: number;
  readonly startedFrom?: WallMicros;
  readonly startedBy?: WallMicros;
  readonly endedBy?: WallMicros;
  /** Not those that are, or may be, in the object store. */
  readonly localOnly?: boolean;
}

export interface SweepOrder {
  readonly cameraNo: number;
  /** Footage of this class goes, and of those below it. */
  readonly upTo: FootageClass;
  readonly reason: DeletionReason;
  readonly at: WallMicros;
  readonly endedBy: WallMicros;
  /** It may be in the object store. */
  readonly remote: boolean;
  /** Segments that are judged at a time. */
  readonly limit: number;
}

export interface Sweep {
  /** How many segments go. */
  readonly condemned: number;
  /** There is nothing more that has ended by then. */
  readonly done: boolean;
}

export interface LockWork {
  readonly lock: readonly SegmentKey[];
  readonly unlock: readonly SegmentKey[];
}

export interface CondemnedSegment extends StoredSegment {
  readonly reason: DeletionReason;
  readonly decided: WallMicros;
  readonly remote: boolean;
}

export interface DeletionQuery {
  readonly cameraNo?: number;
  readonly from?: WallMicros;
  readonly to?: WallMicros;
  readonly limit: number;
  /** Entries made before this one. */
  readonly before?: number;
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

export const GAP_CAUSES = [
  'connecting', // not connected yet, nothing is known to be wrong
  'offline', // refused, timed out, closed by the camera
  'credentials', // the camera refuses the password
  'not-found', // the camera has no such stream
  'protocol', // what answers speaks no RTSP or offers no video that we record
  'no-video', // connected, no video packet comes
  'no-keyframe', // video comes, no key frame
  'disk-full',
  'io-error',
  'overload', // the global buffer budget is used up
  'clock-step', // the machine's clock was set
  'disabled',
  'shutdown', // the recorder was stopped in order
  'crash', // the recorder ended without warning
  'lost', // it was recorded, and no copy of it is there any more
] as const;
export type GapCause = (typeof GAP_CAUSES)[number];

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
  /** Where a closed segment is now; nothing happens to one that is being written or deleted. */
  | {
      readonly kind: 'segment-moved';
      readonly cameraNo: number;
      readonly start: WallMicros;
      readonly from: 'local' | 'both' | 'remote';
      readonly to: 'local' | 'both' | 'remote';
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
