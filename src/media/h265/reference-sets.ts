import type { BitReader } from '../bit-reader.ts';

const MAX_SETS = 64;
const MAX_PICTURES = 16;

/**
 * Steps over the short-term reference picture sets of a sequence parameter set (ITU-T H.265 section 7.3.7). A set may
 * be told by its difference from the one before, so the number of pictures of each must be kept.
 * @returns false when they make no sense
 */
export function skipReferenceSets(bits: BitReader): boolean {
  const count = bits.ue();
  if (count > MAX_SETS) return false;
  let pictures = 0;
  for (let set = 0; set < count; set++) {
    const predicted = set > 0 && bits.flag();
    pictures = predicted ? skipPredicted(bits, pictures) : skipExplicit(bits);
    if (pictures > MAX_PICTURES || bits.overrun) return false;
  }
  return true;
}

/** Returns how many pictures of the set before are used, or may be, here (equations 7-61 and 7-62). */
function skipPredicted(bits: BitReader, before: number): number {
  bits.skip(1);
  bits.ue();
  let pictures = 0;
  for (let i = 0; i <= before; i++) {
    const used = bits.flag();
    const useDelta = used || bits.flag();
    if (useDelta) pictures++;
  }
  return pictures;
}

function skipExplicit(bits: BitReader): number {
  const pictures = bits.ue() + bits.ue();
  for (let i = 0; i < pictures && i <= MAX_PICTURES; i++) {
    bits.ue();
    bits.skip(1);
  }
  return pictures;
}
