/** One thing that is measured, ready to run. */
export interface Case {
  readonly name: string;
  /** What one run does, for people. */
  readonly does: string;
  readonly reference: ReferenceName;
  prepare(): Promise<Prepared>;
}

export interface Prepared {
  /** Always the same work. */
  run(): Promise<void> | void;
  close(): Promise<void> | void;
}

/** Work that has nothing to do with this program, against which cases are held. */
export type ReferenceName = 'copy' | 'compute';
export type References = Readonly<Record<ReferenceName, () => void>>;

export interface Measured {
  readonly name: string;
  /** CPU time of one run by that of the reference. */
  readonly ratio: number;
  readonly runMicros: number;
  /** Half the distance between the quartiles of the rounds, as a share of the ratio. */
  readonly spread: number;
}

/** How long is measured. */
export interface Effort {
  /** CPU of a batch: long against the clock's resolution, short against what else the machine does. */
  readonly batchMicros: number;
  readonly rounds: number;
  /** Until the compiler has done what it will do. */
  readonly warmMicros: number;
}

export const THOROUGH: Effort = { batchMicros: 15_000, rounds: 31, warmMicros: 400_000 };
/** To see that it works, and regressions that nobody could miss. */
export const QUICK: Effort = { batchMicros: 4_000, rounds: 9, warmMicros: 60_000 };

/**
 * How many times the work of its reference a case is. Both run in turns, so that a machine that is slow for a while is
 * slow for both, and the middle of all rounds counts. CPU time of this thread: what waits, or runs elsewhere, is no work.
 */
export async function measure(
  work: Case,
  references: References,
  effort: Effort = THOROUGH,
): Promise<Measured> {
  const prepared = await work.prepare();
  try {
    const reference = references[work.reference];
    const runs = await batchOf(() => prepared.run(), effort);
    const referenceRuns = await batchOf(reference, effort);
    const ratios: number[] = [];
    const times: number[] = [];
    for (let round = 0; round < effort.rounds; round++) {
      const own = (await cpuMicros(() => prepared.run(), runs)) / runs;
      const other = (await cpuMicros(reference, referenceRuns)) / referenceRuns;
      ratios.push(own / other);
      times.push(own);
    }
    const sorted = ratios.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] as number;
    return {
      name: work.name,
      ratio: at(0.5),
      runMicros: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number,
      spread: (at(0.75) - at(0.25)) / 2 / at(0.5),
    };
  } finally {
    await prepared.close();
  }
}

/** Runs it until it is warm; returns how many runs a batch takes. */
async function batchOf(run: () => Promise<void> | void, effort: Effort): Promise<number> {
  let spent = 0;
  let last = 0;
  for (let runs = 1; spent < effort.warmMicros; ) {
    last = (await cpuMicros(run, runs)) / runs;
    spent += last * runs;
    if (last * runs < effort.batchMicros) runs *= 2;
  }
  return Math.max(1, Math.round(effort.batchMicros / last));
}

async function cpuMicros(run: () => Promise<void> | void, times: number): Promise<number> {
  const before = process.threadCpuUsage();
  for (let i = 0; i < times; i++) {
    const waiting = run();
    if (waiting) await waiting;
  }
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}
