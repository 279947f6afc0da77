import type { KeepAliveMethod } from './policies.ts';

/**
 * What one viewing of a camera has found out and the next should know. One for each camera, as long as the process
 * lives; a new start finds out anew, since the camera may be another one by then.
 */
export interface CameraMemory {
  /** What worked last, where the policy leaves the choice. */
  transport: 'tcp' | 'udp' | undefined;
  /** The keep-alive to use instead of the one that `Public` suggests, which has cost a connection (H1). */
  keepAlive: KeepAliveMethod | undefined;
  /** The way to log in that was accepted last (C1). */
  login: string | undefined;
  /** The camera broke the connection rather than set up more than video (F14, F16). */
  videoOnly: boolean;
  /** A session that is perhaps still there: its end was never confirmed (H5). */
  stale: StaleSession | undefined;
  /** Resolves when the connection before is closed and the camera may be asked again (H6, H7). */
  free: Promise<void> | undefined;
}

export interface StaleSession {
  readonly id: string;
  /** What TEARDOWN is sent to. */
  readonly url: string;
}

export function createCameraMemory(): CameraMemory {
  return {
    transport: undefined,
    keepAlive: undefined,
    login: undefined,
    videoOnly: false,
    stale: undefined,
    free: undefined,
  };
}
