import type { Calibration } from '../load/calibrate.ts';
import { type Condition, PLAIN } from '../load/condition.ts';
import { bytesPerSecond, type Load } from '../load/load.ts';
import type { Machine } from '../load/machine.ts';
import type { Measured } from '../load/measured.ts';
import type { Limits, Verdict } from '../verdict/objective.ts';
import { capacitiesOf, type Capacity } from './capacity.ts';
import { type Comparison, comparisonsOf, type Cost, costsOf } from './comparison.ts';
import type { Contender } from './contender.ts';
import { type City, cityOf, type Scaling, scalingOf } from './scaling.ts';

/** One row: under which condition what was measured, and what that means. */
export interface Run {
  /** By its name; recorders other than ours only record: `plain`. */
  readonly condition: string;
  readonly measured: Measured;
  readonly verdict: Verdict;
}

/** A run that came to nothing: the recorder did not start, or did not come to record all cameras. */
export interface Failure extends Contender {
  readonly cameras: number;
  /** A sentence. */
  readonly problem: string;
}

/** Everything that was done, in the order of it. */
export interface Done {
  readonly machine: Machine;
  readonly limits: Limits;
  /** Counts of cameras that were asked for. */
  readonly counts: readonly number[];
  /** What our server did beside recording, in one run each. */
  readonly conditions: readonly Condition[];
  /** The largest counts were looked for, too. */
  readonly search: boolean;
  readonly calibration: Calibration;
  readonly runs: readonly Run[];
  readonly failures: readonly Failure[];
  readonly notes: readonly string[];
}

/** Everything that a bench has found out. What programs read with `--json`. */
export interface BenchReport extends Done {
  readonly startedAt: string;
  /** As the options say; `conditions` has what of motion and store each run had. */
  readonly load: Omit<Load, 'store'> & { readonly store: string | undefined };
  /** What a camera more costs our server, while it only records. */
  readonly scaling: Scaling | undefined;
  readonly city: City | undefined;
  /** How many cameras each recorder held under each condition. */
  readonly capacities: readonly Capacity[];
  /** What each condition takes more than plain recording. */
  readonly costs: readonly Cost[];
  /** Other recorders beside ours. */
  readonly comparisons: readonly Comparison[];
}

export function reportOf(done: Done, startedAt: Date, load: Load): BenchReport {
  const { runs, failures, conditions } = done;
  const basis = basisOf(conditions);
  const held = runs
    .filter(({ measured, condition }) => measured.who === 'vigie' && condition === basis?.name)
    .filter(({ verdict }) => verdict.held)
    .map(({ measured }) => measured);
  const scaling = scalingOf(held);
  return {
    ...done,
    startedAt: startedAt.toISOString(),
    // Secrets stay here.
    load: { ...load, store: load.store && `${load.store.endpoint}/${load.store.bucket}` },
    scaling,
    city: scaling && cityOf(scaling, held, bytesPerSecond({ ...load, cameras: 1 })),
    capacities: capacitiesOf([
      ...runs.map(({ condition, measured: { who, cameras }, verdict }) => ({
        ...{ who, condition, cameras, held: verdict.held },
      })),
      ...failures.map((failure) => ({ ...failure, held: false })),
    ]),
    ...{ costs: costsOf(runs, conditions), comparisons: comparisonsOf(runs, conditions) },
  };
}

/** What a city needs is reckoned from plain recording; from another condition only when that was asked for alone. */
export const basisOf = (conditions: readonly Condition[]): Condition | undefined =>
  conditions.find(({ name }) => name === PLAIN.name) ?? (conditions.length === 1 ? conditions[0] : undefined);

/** Searching ends with counts that do not hold: then it is bad only if under some condition none did. */
export function isGood({ runs, failures, capacities, search }: BenchReport): boolean {
  if (search) return capacities.every(({ who, largest }) => who !== 'vigie' || largest !== undefined);
  return (
    runs.every(({ measured, verdict }) => measured.who !== 'vigie' || verdict.held) &&
    failures.every(({ who }) => who !== 'vigie')
  );
}
