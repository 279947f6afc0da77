import type { RecorderName } from '../recorders/recorder.ts';
import { type Condition, PLAIN, withWords } from './condition.ts';
import { nextCount, type Try } from './search.ts';

/** Which runs a bench consists of. */
export interface Campaign {
  /** Of cameras. */
  readonly counts: readonly number[];
  /** Each count is recorded by our server under each of these, */
  readonly conditions: readonly Condition[];
  /** and by each of these, which only record. */
  readonly baselines: readonly RecorderName[];
  /** Then the largest count is looked for, of every one of them. */
  readonly search: boolean;
}

/** @returns whether the objective held */
export type RunOne = (who: RecorderName, condition: Condition, cameras: number) => Promise<boolean>;

/**
 * Has the runs of a campaign done, one after another. What another recorder did not carry it need not try with more
 * cameras; our own shows with every count how it fails.
 *
 * @param isOver asked before each run
 * @returns a sentence when the time was over before all of them
 */
export async function carryOut(
  { counts, conditions, baselines, search }: Campaign,
  run: RunOne,
  isOver: () => boolean,
): Promise<string | undefined> {
  const rows = [
    ...conditions.map((condition): Row => ({ who: 'vigie', condition, tries: [] })),
    ...baselines.map((who): Row => ({ who, condition: PLAIN, tries: [] })),
  ];
  const add = async ({ who, condition, tries }: Row, cameras: number): Promise<void> => {
    tries.push({ cameras, held: await run(who, condition, cameras) });
  };
  for (const cameras of counts) {
    for (const row of rows) {
      if (row.who !== 'vigie' && isTooMuch(row, cameras)) continue;
      if (isOver()) return overBefore(`${cameras} cameras${nameIn(row)}`);
      await add(row, cameras);
    }
  }
  // A step of each in turn: when the time is over, all are known equally well.
  for (let open = search ? rows : []; open.length > 0; ) {
    const further: Row[] = [];
    for (const row of open) {
      const next = nextCount(row.tries);
      if (next === undefined) continue;
      if (isOver()) return overBefore(`the largest count${nameIn(row)} was found`);
      await add(row, next);
      further.push(row);
    }
    open = further;
  }
  return undefined;
}

interface Row {
  readonly who: RecorderName;
  readonly condition: Condition;
  readonly tries: Try[];
}

const isTooMuch = ({ tries }: Row, cameras: number): boolean =>
  tries.some((one) => !one.held && one.cameras <= cameras);

const overBefore = (what: string): string => `The time was over before ${what}: --budget gives more.`;

const nameIn = ({ who, condition }: Row): string =>
  who === 'vigie' ? withWords(condition.name) : ` of ${who}`;
