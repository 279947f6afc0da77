import type { Clip } from './clip.ts';
import type { SoundClip } from './sound-clip.ts';

/** A camera that plays a clip over and over, to everyone who asks. */
export interface SimulatedCamera {
  /** `cam-1` is at `rtsp://127.0.0.1:<port>/cam-1`. */
  readonly path: string;
  readonly clip: Clip;
  /** What it offers beside its video. Only streams that know of it send any. */
  readonly sound?: SoundClip | undefined;
  /** How long it takes to answer a request. */
  readonly answerMillis?: number | undefined;
  readonly credentials?: CameraCredentials | undefined;
  readonly faults?: CameraFaults | undefined;
}

export interface CameraCredentials {
  readonly user: string;
  readonly password: string;
  readonly scheme: 'basic' | 'digest-md5' | 'digest-sha256';
}

/** What is wrong with the camera. Frames are counted from each PLAY, packets too. */
export interface CameraFaults {
  /** Sends so many frames, then is silent; the connection stays. */
  readonly stopAfterFrames?: number | undefined;
  /** Every so many packets one is not sent, and its number is missing. */
  readonly loseEvery?: number | undefined;
  /** Sends bytes without sense from this frame on. */
  readonly garbageAfterFrames?: number | undefined;
  /** Cuts the connection in the middle of this frame. */
  readonly cutAfterFrames?: number | undefined;
  /** Key frames are left out. */
  readonly noKeyFrames?: boolean | undefined;
  /** From a frame on, timestamps are this many ticks further. */
  readonly jump?: { readonly atFrame: number; readonly ticks: number } | undefined;
  /** From a frame on (rounded up to a key frame) another clip plays: new parameter sets in the stream. */
  readonly switchTo?: { readonly atFrame: number; readonly clip: Clip } | undefined;
  /** Its clock is so much fast. */
  readonly driftPpm?: number | undefined;
}

/** What one PLAY has led to. */
export interface SessionStats {
  readonly path: string;
  /** As in the identity that each frame carries. */
  readonly session: number;
  /** Given to the socket whole. */
  readonly framesSent: number;
  /** Left out because the client does not read fast enough: their numbers are missing. */
  readonly framesDropped: number;
  readonly bytes: number;
  readonly playing: boolean;
}
