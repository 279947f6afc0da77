import type { GapCause } from '../catalog/catalog.ts';
import type { WallMicros } from '../time/units.ts';

/**
 * What a camera is doing, in the words of the API and of `vigie_camera_state`. `blocked`: it plays, and this machine
 * cannot keep what comes (disk full, no memory for frames).
 */
export const CAMERA_STATES = [
  'connecting',
  'recording',
  'no-video',
  'no-keyframe',
  'offline',
  'blocked',
  'disabled',
] as const;
export type CameraState = (typeof CAMERA_STATES)[number];

export interface CameraStatus {
  readonly state: CameraState;
  /** One sentence for a person: why it is not recording; empty while it is. Holds no secret. */
  readonly reason: string;
  readonly since: WallMicros;
  readonly video: VideoStatus | undefined;
  readonly stats: CameraStats;
}

export interface VideoStatus {
  /** RFC 6381, `avc1.640028`. */
  readonly codecs: string;
  /** Pixels; 0 = unknown. */
  readonly width: number;
  readonly height: number;
}

/** Counters since the server started, and rates over the last seconds. */
export interface CameraStats {
  readonly bytes: number;
  readonly frames: number;
  readonly packetsLost: number;
  /** Frames left out because a packet of theirs was lost or broken. */
  readonly framesDamaged: number;
  /** Timestamps that made no sense and were replaced. */
  readonly timestampsRepaired: number;
  readonly recordedTicks: number;
  /** Over the last 10 s. */
  readonly bitrateBps: number;
  readonly framesPerSecond: number;
  /** Length of the last whole group of pictures; 0 = unknown. */
  readonly gopTicks: number;
  /** Camera clock (RTCP sender report) minus ours; `null` before the first report. */
  readonly clockOffsetMicros: number | null;
  /** How fast the camera's media clock runs against ours; `null` before it is known. */
  readonly clockDriftPpm: number | null;
  /** Connections that failed or ended, by cause. */
  readonly reconnects: Readonly<Partial<Record<GapCause, number>>>;
}
