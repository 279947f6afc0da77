import type { VideoStatus } from '../ingest/camera-status.ts';
import type { WallMicros } from '../time/units.ts';

/** What the sub-stream of a camera is doing; its recording has a state of its own. */
export type SubStreamState = 'connecting' | 'playing' | 'no-video' | 'no-keyframe' | 'offline';

export interface SubStreamStatus {
  readonly state: SubStreamState;
  /** One sentence for a person: why nothing of it can be looked at; empty while it plays. Holds no secret. */
  readonly reason: string;
  readonly since: WallMicros;
  readonly video: VideoStatus | undefined;
  /** Over the last 10 s. */
  readonly bitrateBps: number;
  readonly framesPerSecond: number;
}
