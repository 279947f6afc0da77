import type { BitReader } from '../bit-reader.ts';

/** A short-term reference picture set (ITU-T H.265 section 7.4.8): pictures before and after, nearest first. */
export interface ReferenceSet {
  readonly before: readonly ReferencePicture[];
  readonly after: readonly ReferencePicture[];
}

interface ReferencePicture {
  /** Picture order count relative to the picture that has the set. */
  readonly delta: number;
  /** It may be used by this picture, not only by later ones. */
  readonly used: boolean;
}

const MAX_SETS = 64;
const MAX_PICTURES = 16;

/** The sets of a sequence parameter set; `undefined` when they make no sense. */
export function readReferenceSets(bits: BitReader): ReferenceSet[] | undefined {
  const count = bits.ue();
  if (count > MAX_SETS) return undefined;
  const sets: ReferenceSet[] = [];
  for (let index = 0; index < count; index++) {
    const set = readReferenceSet(bits, sets, false);
    if (!set) return undefined;
    sets.push(set);
  }
  return sets;
}

/**
 * One set (section 7.3.7), which may be told by its difference from one of those before.
 * @param inSlice it stands in a slice, which names the one it differs from
 */
export function readReferenceSet(
  bits: BitReader,
  sets: readonly ReferenceSet[],
  inSlice: boolean,
): ReferenceSet | undefined {
  const predicted = sets.length > 0 && bits.flag();
  const set = predicted ? readPredicted(bits, sets, inSlice) : readExplicit(bits);
  if (!set || bits.overrun || set.before.length + set.after.length > MAX_PICTURES) return undefined;
  return set;
}

/** Equations 7-61 and 7-62. */
function readPredicted(
  bits: BitReader,
  sets: readonly ReferenceSet[],
  inSlice: boolean,
): ReferenceSet | undefined {
  const base = sets[sets.length - 1 - (inSlice ? bits.ue() : 0)];
  if (!base) return undefined;
  const sign = bits.flag() ? -1 : 1;
  const shift = sign * (bits.ue() + 1);
  const own = { delta: 0 };
  const flags = [...base.before, ...base.after, own].map(({ delta }) => {
    const used = bits.flag();
    return { delta: delta + shift, used, kept: used || bits.flag() };
  });
  const negatives = flags.slice(0, base.before.length);
  const positives = flags.slice(base.before.length, -1);
  const moved = flags.slice(-1);
  const keep = (list: typeof flags, side: number): ReferencePicture[] =>
    list
      .filter(({ delta, kept }) => kept && Math.sign(delta) === side)
      .map(({ delta, used }) => ({ delta, used }));
  return {
    before: keep([...positives.toReversed(), ...moved, ...negatives], -1),
    after: keep([...negatives.toReversed(), ...moved, ...positives], 1),
  };
}

function readExplicit(bits: BitReader): ReferenceSet | undefined {
  const counts = [bits.ue(), bits.ue()] as const;
  if (counts[0] + counts[1] > MAX_PICTURES) return undefined;
  const read = (count: number, side: number): ReferencePicture[] => {
    let delta = 0;
    return Array.from({ length: count }, () => {
      delta += side * (bits.ue() + 1);
      return { delta, used: bits.flag() };
    });
  };
  return { before: read(counts[0], -1), after: read(counts[1], 1) };
}
