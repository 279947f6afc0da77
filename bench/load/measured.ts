import type { RecorderName } from '../recorders/recorder.ts';
import type { RunFindings } from '../verdict/run-check.ts';
import type { Percentiles } from './prometheus.ts';

/** A moment of a run, for the plots. */
export interface Moment {
  readonly seconds: number;
  /** Of the recorder, in cores. */
  readonly cpu: number;
  readonly residentBytes: number;
}

/** What one recorder did under one load. Shares are of one core, over the measured time. */
export interface Measured {
  readonly who: RecorderName;
  readonly cameras: number;
  readonly seconds: number;
  readonly findings: RunFindings;
  readonly cpu: number;
  /** Of that, in the kernel: sockets and disk. */
  readonly systemCpu: number;
  /** Largest, with children. */
  readonly residentBytes: number;
  readonly handles: number;
  readonly processes: number;
  readonly parts: readonly { readonly name: string; readonly user: number; readonly system: number }[];
  readonly moments: readonly Moment[];
  /** How far the recorder was behind the cameras at the end, in seconds of video that waited in sockets. */
  readonly behindSeconds: number;
  /** `undefined` for recorders that do not tell. */
  readonly told: ToldByServer | undefined;
  readonly fleet: { readonly cpu: number; readonly lateMillis: number; readonly longestRoundMillis: number };
  readonly machine: {
    /** Share of all cores, whoever it was. */
    readonly busy: number;
    readonly stolen: number;
    /** Share of the time in which the disk had something to do. */
    readonly diskBusy: number;
    /** Cores that programs took which have nothing to do with this bench. */
    readonly othersCpu: number;
  };
  readonly watching: Watching | undefined;
  /** A sentence when the recorder ended by itself. */
  readonly died: string | undefined;
}

/** What our server says of itself in its metrics. */
export interface ToldByServer {
  readonly write: Percentiles;
  /** 99th percentile of each few seconds: the middle and the worst of them, over all threads. */
  readonly loopDelay: { readonly usual: number; readonly worst: number; readonly thread: string };
  readonly gapSeconds: number;
  readonly storedBytesPerSecond: number;
  /** Work that was left out under load, by stage, where that is known. */
  readonly shed: number;
}

/** What people who watch meanwhile have found. */
export interface Watching {
  /** Answers to viewers, and those that came late or not. */
  readonly requests: number;
  readonly failures: number;
  readonly firstByte: Percentiles;
  readonly seek: Percentiles;
}
