import { BitReader, unescapeNal } from '../bit-reader.ts';
import type { SliceQuantiserReader } from '../slice-quantiser.ts';
import { parseHvcC } from './decoder-config.ts';
import { readReferenceSet } from './reference-sets.ts';
import { parseH265Sps, skipScalingLists, type SliceLayout } from './sps.ts';

interface PictureSet {
  readonly outputFlagPresent: boolean;
  readonly extraBits: number;
  readonly cabacInitPresent: boolean;
  readonly references: readonly [number, number];
  readonly initialQp: number;
  readonly weightedP: boolean;
  readonly weightedB: boolean;
  readonly listsModificationPresent: boolean;
}

interface Stream {
  readonly layout: SliceLayout;
  readonly hasChroma: boolean;
  readonly sets: ReadonlyMap<number, PictureSet>;
}

const SPS = 33;
const PPS = 34;
const FIRST_RANDOM_ACCESS = 16;
const LAST_RANDOM_ACCESS = 23;
const IDR = new Set([19, 20]);
const B = 0;
const I = 2;
const MAX_REFERENCES = 16;
const MAX_LONG_TERM = 33;
const MAX_TILES = 32;
/** A head is short; what follows it need not be unescaped. */
const HEAD_BYTES = 96;

/** As for H.264, of H.265 (ITU-T H.265 sections 7.3.2.3 and 7.3.6): of the first slice of a picture only. */
export function createH265QuantiserReader(hvcC: Uint8Array): SliceQuantiserReader | undefined {
  const arrays = parseHvcC(hvcC)?.arrays ?? [];
  const nals = (type: number): readonly Uint8Array[] =>
    arrays.find(({ nalType }) => nalType === type)?.nals ?? [];
  const [spsNal] = nals(SPS);
  const sps = spsNal && parseH265Sps(spsNal);
  if (!sps?.sliceLayout) return undefined;
  const sets = new Map(nals(PPS).flatMap(readPictureSet));
  if (sets.size === 0) return undefined;
  const hasChroma = sps.chromaFormat !== 0 && !sps.sliceLayout.separatePlanes;
  const stream = { layout: sps.sliceLayout, hasChroma, sets };
  return { read: (slice) => readQuantiser(stream, slice) };
}

/** With its number; nothing when it cannot be read. */
function readPictureSet(nal: Uint8Array): [number, PictureSet][] {
  const bits = new BitReader(unescapeNal(nal.subarray(2)));
  const id = bits.ue();
  bits.ue(); // pps_seq_parameter_set_id
  bits.skip(1); // dependent slices
  const outputFlagPresent = bits.flag();
  const extraBits = bits.bits(3);
  bits.skip(1); // sign data hiding
  const cabacInitPresent = bits.flag();
  const references = [bits.ue() + 1, bits.ue() + 1] as const;
  const initialQp = 26 + bits.se();
  bits.skip(2); // constrained intra, transform skip
  if (bits.flag()) bits.ue(); // cu_qp_delta depth
  bits.se();
  bits.se();
  bits.skip(1); // slice chroma offsets
  const weightedP = bits.flag();
  const weightedB = bits.flag();
  bits.skip(1); // bypass
  const tiles = bits.flag();
  bits.skip(1); // wavefronts
  if (tiles && !skipTiles(bits)) return [];
  bits.skip(1); // filter across slices
  if (bits.flag()) skipDeblocking(bits);
  if (bits.flag()) skipScalingLists(bits);
  const listsModificationPresent = bits.flag();
  if (bits.overrun) return [];
  const set = { outputFlagPresent, extraBits, cabacInitPresent, references, initialQp, weightedP, weightedB };
  return [[id, { ...set, listsModificationPresent }]];
}

function skipTiles(bits: BitReader): boolean {
  const columns = bits.ue();
  const rows = bits.ue();
  if (columns > MAX_TILES || rows > MAX_TILES) return false;
  if (!bits.flag()) for (let i = 0; i < columns + rows; i++) bits.ue();
  bits.skip(1);
  return true;
}

function skipDeblocking(bits: BitReader): void {
  bits.skip(1);
  if (bits.flag()) return;
  bits.se();
  bits.se();
}

function readQuantiser({ layout, hasChroma, sets }: Stream, slice: Uint8Array): number | undefined {
  const nalType = ((slice[0] ?? 0) >> 1) & 0x3f;
  const bits = new BitReader(unescapeNal(slice.subarray(2, HEAD_BYTES)));
  if (!bits.flag()) return undefined;
  if (nalType >= FIRST_RANDOM_ACCESS && nalType <= LAST_RANDOM_ACCESS) bits.skip(1);
  const set = sets.get(bits.ue());
  if (!set) return undefined;
  bits.skip(set.extraBits);
  const type = bits.ue();
  if (type > I) return undefined;
  if (set.outputFlagPresent) bits.skip(1);
  if (layout.separatePlanes) bits.skip(2);
  const order = IDR.has(nalType) ? { current: 0, temporalMotion: false } : readOrder(bits, layout);
  if (!order) return undefined;
  if (layout.adaptiveOffset) bits.skip(hasChroma ? 2 : 1);
  if (type !== I && !skipInter(bits, set, type === B, order, hasChroma)) return undefined;
  const qp = set.initialQp + bits.se();
  return bits.overrun || qp < -48 || qp > 51 ? undefined : qp;
}

interface Order {
  /** Pictures that this one may refer to: `NumPicTotalCurr`. */
  readonly current: number;
  readonly temporalMotion: boolean;
}

function readOrder(bits: BitReader, layout: SliceLayout): Order | undefined {
  bits.skip(layout.pictureOrderBits);
  const sets = layout.referenceSets;
  const set = bits.flag()
    ? sets[sets.length > 1 ? bits.bits(bitsFor(sets.length)) : 0]
    : readReferenceSet(bits, sets, true);
  if (!set) return undefined;
  let current = [...set.before, ...set.after].filter(({ used }) => used).length;
  if (layout.longTerm) {
    const known = layout.longTerm.length;
    const fromSps = known > 0 ? bits.ue() : 0;
    const count = fromSps + bits.ue();
    if (count > MAX_LONG_TERM) return undefined;
    for (let i = 0; i < count; i++) {
      let used: boolean;
      if (i < fromSps) used = layout.longTerm[known > 1 ? bits.bits(bitsFor(known)) : 0] === true;
      else {
        bits.skip(layout.pictureOrderBits);
        used = bits.flag();
      }
      if (used) current++;
      if (bits.flag()) bits.ue();
    }
  }
  return { current, temporalMotion: layout.temporalMotion && bits.flag() };
}

/** What slices have that refer to other pictures, up to the quantiser. */
function skipInter(
  bits: BitReader,
  set: PictureSet,
  isB: boolean,
  { current, temporalMotion }: Order,
  hasChroma: boolean,
): boolean {
  const own = bits.flag();
  const first = own ? bits.ue() + 1 : set.references[0];
  const second = isB ? (own ? bits.ue() + 1 : set.references[1]) : 0;
  if (first > MAX_REFERENCES || second > MAX_REFERENCES) return false;
  const lists = isB ? [first, second] : [first];
  if (set.listsModificationPresent && current > 1) {
    for (const count of lists) if (bits.flag()) bits.skip(count * bitsFor(current));
  }
  if (isB) bits.skip(1); // mvd_l1_zero
  if (set.cabacInitPresent) bits.skip(1);
  if (temporalMotion) {
    const fromFirst = !isB || bits.flag();
    if ((fromFirst ? first : second) > 1) bits.ue();
  }
  if (isB ? set.weightedB : set.weightedP) skipWeights(bits, hasChroma, lists);
  bits.ue(); // five_minus_max_num_merge_cand
  return true;
}

/** Section 7.3.6.3. */
function skipWeights(bits: BitReader, hasChroma: boolean, lists: readonly number[]): void {
  bits.ue();
  if (hasChroma) bits.se();
  for (const count of lists) {
    const luma = Array.from({ length: count }, () => bits.flag());
    const chroma = luma.map(() => hasChroma && bits.flag());
    for (let i = 0; i < count; i++) {
      const values = (luma[i] ? 2 : 0) + (chroma[i] ? 4 : 0);
      for (let value = 0; value < values; value++) bits.se();
    }
  }
}

/** Bits of a number below `count`. */
const bitsFor = (count: number): number => Math.ceil(Math.log2(count));
