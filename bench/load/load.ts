import { parseFaults } from '../fleet/faults.ts';
import type { FleetOptions } from '../fleet/fleet-options.ts';

/** How cameras and recorder meet. */
export type LoadTransport = 'tcp' | 'udp' | 'rtmp';

/** What motion detection looks at in a run. */
export type LoadMotion = 'off' | 'key-frames' | 'sub-stream';

/** What a recorder is measured under. */
export interface Load {
  readonly cameras: number;
  /** Measured, after everything is recorded for `settleSeconds`. */
  readonly seconds: number;
  readonly settleSeconds: number;
  readonly transport: LoadTransport;
  readonly motion: LoadMotion;
  /** People who watch what was recorded a moment ago. */
  readonly viewers: number;
  /** Seeks a second to random moments. */
  readonly seeks: number;
  /** Recordings are brought there while they are made; `undefined`: they stay here. */
  readonly store: LoadStore | undefined;
  /** Where recordings go for the time being. */
  readonly folder: string;
  readonly fleet: Omit<FleetOptions, 'cameras' | 'subStreams' | 'pushes'>;
}

/** Whatever a bench brings to a bucket is below this; nothing else there is ever touched. */
export const BENCH_PREFIX = 'vigie-bench';

export interface LoadStore {
  readonly endpoint: string;
  readonly bucket: string;
  /** Before the name of every object. */
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The fleet that a load needs. */
export const fleetOf = (load: Load): FleetOptions => ({
  ...{ ...load.fleet, cameras: load.cameras },
  subStreams: load.motion === 'sub-stream',
  pushes: load.transport === 'rtmp',
});

/** Bytes a second that the cameras of a load send. */
export const bytesPerSecond = (load: Load): number => (load.cameras * load.fleet.encoding.bitrateBps) / 8;

/** Some packets never come. */
export function losesPackets(load: Load): boolean {
  const faults = parseFaults(load.fleet.faults);
  return typeof faults !== 'string' && faults.lossShare > 0;
}

/** What cannot be recorded of a second that was cut off: in frames. */
export const tailFrames = (load: Load): number => Math.ceil(load.fleet.encoding.fps);
