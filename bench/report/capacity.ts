import { type Contender, isSame } from './contender.ts';

/** How many cameras a recorder held under a condition. */
export interface Capacity extends Contender {
  /** `undefined`: no count that was tried held. */
  readonly largest: number | undefined;
  /** The least above it that did not hold; `undefined`: more were not tried. */
  readonly smallestTooMuch: number | undefined;
}

/** A count that was tried. */
export interface Tried extends Contender {
  readonly cameras: number;
  readonly held: boolean;
}

/** Of each contender, in the order of their first runs. */
export function capacitiesOf(tries: readonly Tried[]): readonly Capacity[] {
  const contenders: Contender[] = [];
  for (const { who, condition } of tries) {
    const contender = { who, condition };
    if (!contenders.some((known) => isSame(known, contender))) contenders.push(contender);
  }
  return contenders.map((contender) => {
    const own = tries.filter((one) => isSame(one, contender));
    const largest = Math.max(0, ...own.filter(({ held }) => held).map(({ cameras }) => cameras));
    const tooMuch = own
      .filter(({ cameras, held }) => !held && cameras > largest)
      .map(({ cameras }) => cameras);
    return {
      ...contender,
      largest: largest > 0 ? largest : undefined,
      smallestTooMuch: tooMuch.length > 0 ? Math.min(...tooMuch) : undefined,
    };
  });
}
