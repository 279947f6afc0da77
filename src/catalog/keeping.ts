import type { WallMicros } from '../time/units.ts';

/**
 * Why footage was destroyed. `retention`: it is past what was promised for it. `maximum`: it is past what the law
 * allows. `space`: the disk was full and nothing else could go.
 */
export const DELETION_REASONS = ['retention', 'maximum', 'space'] as const;
export type DeletionReason = (typeof DELETION_REASONS)[number];

/** An entry of the deletion journal: neighbouring segments of one camera that went for one reason. */
export interface Deletion {
  readonly deletionNo: number;
  readonly cameraNo: number;
  readonly from: WallMicros;
  readonly to: WallMicros;
  readonly segments: number;
  readonly bytes: number;
  readonly reason: DeletionReason;
  /** When the first of them was marked. */
  readonly decided: WallMicros;
  /** When the last of them was gone from this machine. */
  readonly localGone: WallMicros;
  /** The same of the object store; `null` where it never was. */
  readonly remoteGone: WallMicros | null;
}

/** A segment of which every copy is gone. */
export interface DoneDeletion {
  readonly cameraNo: number;
  readonly start: WallMicros;
  readonly end: WallMicros;
  readonly bytes: number;
  readonly reason: DeletionReason;
  readonly decided: WallMicros;
  readonly localGone: WallMicros;
  readonly remoteGone: WallMicros | null;
}

/** Keeps the footage of a camera in [from, to) from being deleted. */
export interface HoldRequest {
  readonly cameraNo: number;
  readonly from: WallMicros;
  readonly to: WallMicros;
  /** Number of the request or of the case. */
  readonly reference: string;
  readonly reason: string;
  readonly author: string;
  readonly created: WallMicros;
  /** When it ends by itself; `null`: when it is released. */
  readonly until: WallMicros | null;
}

export interface Hold extends HoldRequest {
  readonly holdNo: number;
  readonly released: WallMicros | null;
  readonly releasedBy: string | null;
}

/** Whether it keeps anything from being deleted at `now`. */
export const isActive = (hold: Hold, now: WallMicros): boolean =>
  hold.released === null && (hold.until === null || hold.until > now);
