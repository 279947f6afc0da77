import { BitReader, unescapeNal } from '../bit-reader.ts';
import type { SliceQuantiserReader } from '../slice-quantiser.ts';
import { parseAvcC } from './decoder-config.ts';
import { parseH264Sps, type SliceLayout } from './sps.ts';

interface PictureSet {
  readonly cabac: boolean;
  readonly bottomOrderPresent: boolean;
  readonly references: readonly [number, number];
  readonly weightedP: boolean;
  readonly weightedBiprediction: number;
  readonly initialQp: number;
  readonly redundantPresent: boolean;
}

interface Stream {
  readonly layout: SliceLayout;
  readonly hasChroma: boolean;
  readonly sets: ReadonlyMap<number, PictureSet>;
}

const IDR = 5;
const P = 0;
const B = 1;
const I = 2;
const SP = 3;
const SI = 4;
const MAX_REFERENCES = 32;
const MAX_OPERATIONS = 66;
/** A head is short; what follows it need not be unescaped. */
const HEAD_BYTES = 64;

/**
 * For H.264 (ITU-T H.264 sections 7.3.2.2 and 7.3.3), of any slice; `undefined` when the stream's parameter sets cannot be
 * read.
 */
export function createH264QuantiserReader(avcC: Uint8Array): SliceQuantiserReader | undefined {
  const config = parseAvcC(avcC);
  const sps = config?.sps[0] && parseH264Sps(config.sps[0]);
  if (!config || !sps) return undefined;
  const sets = new Map(config.pps.flatMap(readPictureSet));
  if (sets.size === 0) return undefined;
  const stream = {
    layout: sps.sliceLayout,
    hasChroma: sps.chromaFormat !== 0 && !sps.sliceLayout.separatePlanes,
    sets,
  };
  return { read: (slice) => readQuantiser(stream, slice) };
}

/** With its number; nothing when it cannot be read. */
function readPictureSet(nal: Uint8Array): [number, PictureSet][] {
  const bits = new BitReader(unescapeNal(nal.subarray(1)));
  const id = bits.ue();
  bits.ue(); // seq_parameter_set_id
  const cabac = bits.flag();
  const bottomOrderPresent = bits.flag();
  // Slice groups belong to profiles that no camera speaks.
  if (bits.ue() !== 0) return [];
  const references = [bits.ue() + 1, bits.ue() + 1] as const;
  const weightedP = bits.flag();
  const weightedBiprediction = bits.bits(2);
  const initialQp = 26 + bits.se();
  bits.se(); // pic_init_qs
  bits.se(); // chroma_qp_index_offset
  bits.skip(2); // deblocking control, constrained intra
  const redundantPresent = bits.flag();
  if (bits.overrun) return [];
  const set = { cabac, bottomOrderPresent, references, weightedP, weightedBiprediction, initialQp };
  return [[id, { ...set, redundantPresent }]];
}

function readQuantiser({ layout, hasChroma, sets }: Stream, slice: Uint8Array): number | undefined {
  const header = slice[0] ?? 0;
  const isIdr = (header & 0x1f) === IDR;
  const isReference = (header & 0x60) !== 0;
  const bits = new BitReader(unescapeNal(slice.subarray(1, HEAD_BYTES)));
  bits.ue(); // first_mb_in_slice
  const type = bits.ue() % 5;
  const set = sets.get(bits.ue());
  if (!set) return undefined;
  if (layout.separatePlanes) bits.skip(2);
  bits.skip(layout.frameNumberBits);
  const isField = !layout.framesOnly && bits.flag();
  if (isField) bits.skip(1);
  if (isIdr) bits.ue(); // idr_pic_id
  skipPictureOrder(bits, layout, set.bottomOrderPresent && !isField);
  if (set.redundantPresent) bits.ue();
  if (type === B) bits.skip(1); // direct_spatial_mv_pred
  const isP = type === P || type === SP;
  let references = set.references;
  if ((isP || type === B) && bits.flag()) references = [bits.ue() + 1, type === B ? bits.ue() + 1 : 0];
  const lists = isP ? 1 : type === B ? 2 : 0;
  if (references.some((count) => count > MAX_REFERENCES)) return undefined;
  for (let list = 0; list < lists; list++) if (!skipListModification(bits)) return undefined;
  if ((set.weightedP && isP) || (set.weightedBiprediction === 1 && type === B)) {
    skipWeights(bits, hasChroma, references.slice(0, lists));
  }
  if (isReference && !skipReferenceMarking(bits, isIdr)) return undefined;
  if (set.cabac && type !== I && type !== SI) bits.ue(); // cabac_init_idc
  const qp = set.initialQp + bits.se();
  return bits.overrun || qp < -40 || qp > 51 ? undefined : qp;
}

function skipPictureOrder(bits: BitReader, layout: SliceLayout, bottomPresent: boolean): void {
  if (layout.pictureOrderType === 0) {
    bits.skip(layout.pictureOrderBits);
    if (bottomPresent) bits.se();
  } else if (layout.pictureOrderType === 1 && !layout.noPictureOrderDelta) {
    bits.se();
    if (bottomPresent) bits.se();
  }
}

/** Section 7.3.3.1. */
function skipListModification(bits: BitReader): boolean {
  if (!bits.flag()) return true;
  for (let i = 0; i < MAX_OPERATIONS && !bits.overrun; i++) {
    if (bits.ue() === 3) return true;
    bits.ue();
  }
  return false;
}

/** Section 7.3.3.2. */
function skipWeights(bits: BitReader, hasChroma: boolean, references: readonly number[]): void {
  bits.ue();
  if (hasChroma) bits.ue();
  for (const count of references) {
    for (let i = 0; i < count && !bits.overrun; i++) {
      if (bits.flag()) for (let value = 0; value < 2; value++) bits.se();
      if (hasChroma && bits.flag()) for (let value = 0; value < 4; value++) bits.se();
    }
  }
}

/** Section 7.3.3.3. */
function skipReferenceMarking(bits: BitReader, isIdr: boolean): boolean {
  if (isIdr) {
    bits.skip(2);
    return true;
  }
  if (!bits.flag()) return true;
  for (let i = 0; i < MAX_OPERATIONS && !bits.overrun; i++) {
    const operation = bits.ue();
    if (operation === 0) return true;
    if (operation !== 5) bits.ue();
    if (operation === 3) bits.ue();
  }
  return false;
}
