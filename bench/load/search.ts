/** One try of a search: so many cameras, and whether the objective held. */
export interface Try {
  readonly cameras: number;
  readonly held: boolean;
}

/** No machine of this kind carries more. */
export const MOST_CAMERAS = 5_000;
/** The largest count is known well enough when what did not hold is so little above. */
const PRECISION = 0.05;

/**
 * The next count to try: doubling until one does not hold, then halving what is between. `undefined`: the largest is
 * known to a twentieth, or nothing holds.
 *
 * @param tries at least one, in any order
 */
export function nextCount(tries: readonly Try[]): number | undefined {
  const held = Math.max(0, ...tries.filter((one) => one.held).map(({ cameras }) => cameras));
  const failed = Math.min(
    ...tries.filter((one) => !one.held && one.cameras > held).map(({ cameras }) => cameras),
    Number.POSITIVE_INFINITY,
  );
  if (failed === Number.POSITIVE_INFINITY) {
    return held >= MOST_CAMERAS ? undefined : Math.min(MOST_CAMERAS, held * 2);
  }
  if (held === 0) return failed <= 1 ? undefined : failed >> 1;
  const middle = (held + failed) >> 1;
  return failed - held <= Math.max(1, held * PRECISION) || middle === held ? undefined : middle;
}
