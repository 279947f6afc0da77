import type { FleetProcess } from '../fleet/spawn-fleet.ts';
import type { Load } from '../load/load.ts';
import type { RunCheck } from '../verdict/run-check.ts';

export const RECORDERS = ['vigie', 'ffmpeg', 'mediamtx'] as const;
export type RecorderName = (typeof RECORDERS)[number];

/** A recorder that is being measured, as its users start it. */
export interface RunningRecorder {
  /** Its processes; those that they start are found. */
  readonly pids: readonly number[];
  /** Of our API; others have none. */
  readonly url: string | undefined;
  /** A sentence when it has ended by itself. */
  died(): string | undefined;
  /** In order, so that files are whole. */
  stop(): Promise<void>;
  /** Reads all its files once it has stopped. */
  check(check: RunCheck): Promise<void>;
}

/**
 * @param folder empty, and its own
 * @throws Error with what it said when it does not start
 */
export type StartRecorder = (load: Load, fleet: FleetProcess, folder: string) => Promise<RunningRecorder>;
