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

/** Why a connection failed or ended: the label of `vigie_reconnects_total`. */
export const RECONNECT_CAUSES = [
  'offline',
  'credentials',
  'not-found',
  'protocol',
  'overload',
  'no-video',
] as const;
export type ReconnectCause = (typeof RECONNECT_CAUSES)[number];

export interface CameraStatus {
  readonly state: CameraState;
  /** One sentence for a person: why it is not recording; empty while it is. Holds no secret. */
  readonly reason: string;
  readonly since: WallMicros;
  readonly video: VideoStatus | undefined;
  /** What is heard beside it; `undefined` where no sound is recorded. */
  readonly audio: AudioStatus | undefined;
  /** One sentence for a person: why no sound is recorded although it should be; empty otherwise. */
  readonly audioProblem: string;
  /** When the certificate of an encrypted camera ends; `null` where there is none, or none that matters. */
  readonly certificateEnd: WallMicros | null;
  readonly stats: CameraStats;
}

export interface VideoStatus {
  /** RFC 6381, `avc1.640028`. */
  readonly codecs: string;
  /** Pixels; 0 = unknown. */
  readonly width: number;
  readonly height: number;
}

export interface AudioStatus {
  /** RFC 6381, `mp4a.40.2`, or the name of its sample entry, `alaw`. */
  readonly codecs: string;
  /** Samples a second. */
  readonly sampleRate: number;
  readonly channels: number;
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
  /** Camera clock (RTCP sender reports) minus ours; `null` before the first report. */
  readonly clockOffsetMicros: number | null;
  /** The truth is within this of it. */
  readonly clockOffsetErrorMicros: number | null;
  /** How fast the camera's clock runs against ours; `null` before it is known. */
  readonly clockDriftPpm: number | null;
  readonly clockDriftErrorPpm: number | null;
  /** Connections that failed or ended, by cause. */
  readonly reconnects: Readonly<Partial<Record<ReconnectCause, number>>>;
}
