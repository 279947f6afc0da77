import type { Calibration } from '../load/calibrate.ts';
import { bytesPerSecond, type Load } from '../load/load.ts';
import type { Machine } from '../load/machine.ts';
import type { Measured } from '../load/measured.ts';
import type { Limits, Verdict } from '../verdict/objective.ts';
import { type City, cityOf, type Scaling, scalingOf } from './scaling.ts';

/** One row: what was measured, and what that means. */
export interface Run {
  readonly measured: Measured;
  readonly verdict: Verdict;
}

/** Everything that a bench has found out. What programs read with `--json`. */
export interface BenchReport {
  readonly machine: Machine;
  readonly startedAt: string;
  readonly load: Omit<Load, 'store'> & { readonly store: string | undefined };
  readonly limits: Limits;
  readonly calibration: Calibration;
  readonly runs: readonly Run[];
  readonly notes: readonly string[];
  /** What a camera more costs our server. */
  readonly scaling: Scaling | undefined;
  readonly city: City | undefined;
  /** The largest count that held, and the least that did not. */
  readonly largest: number | undefined;
  readonly smallestTooMuch: number | undefined;
}

export function reportOf(options: {
  readonly machine: Machine;
  readonly startedAt: Date;
  readonly load: Load;
  readonly limits: Limits;
  readonly calibration: Calibration;
  readonly runs: readonly Run[];
  readonly notes: readonly string[];
}): BenchReport {
  const { load, runs } = options;
  const ours = runs.filter(({ measured }) => measured.who === 'vigie');
  const held = ours.filter(({ verdict }) => verdict.held).map(({ measured }) => measured);
  const scaling = scalingOf(held);
  const counts = (of: readonly Run[]): number[] => of.map(({ measured }) => measured.cameras);
  const largest = held.length > 0 ? Math.max(...held.map(({ cameras }) => cameras)) : undefined;
  const tooMuch = counts(ours.filter(({ verdict }) => !verdict.held)).filter(
    (count) => count > (largest ?? 0),
  );
  return {
    ...options,
    startedAt: options.startedAt.toISOString(),
    // Secrets stay here.
    load: { ...load, store: load.store && `${load.store.endpoint}/${load.store.bucket}` },
    scaling,
    city: scaling && cityOf(scaling, held, bytesPerSecond({ ...load, cameras: 1 })),
    largest,
    smallestTooMuch: tooMuch.length > 0 ? Math.min(...tooMuch) : undefined,
  };
}
