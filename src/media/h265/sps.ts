import { BitReader, unescapeNal } from '../bit-reader.ts';
import { type PixelAspect, readPixelAspect } from '../sample-aspect-ratio.ts';
import { type ReferenceSet, readReferenceSets } from './reference-sets.ts';

/** `general_profile_tier_level`: eleven bytes that travel into `hvcC` and the codecs parameter as they are. */
export interface ProfileTierLevel {
  readonly profileSpace: number;
  readonly tier: number;
  readonly profileIdc: number;
  /** 32 flags. */
  readonly compatibility: number;
  /** 48 bits of constraint flags, as six bytes. */
  readonly constraints: Uint8Array;
  readonly levelIdc: number;
}

/** A sequence parameter set (ITU-T H.265 section 7.3.2.2.1), as far as a recorder cares. */
export interface H265Sps extends ProfileTierLevel {
  readonly id: number;
  /** `sps_max_sub_layers_minus1` + 1. */
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Pixels after cropping. */
  readonly width: number;
  readonly height: number;
  /** `undefined` when the stream does not tell it. */
  readonly pixelAspect: PixelAspect | undefined;
  /** Frames a second as declared in the VUI; 0 = not declared. */
  readonly frameRate: number;
  /** `undefined` when what stands before the VUI cannot be read. */
  readonly sliceLayout: SliceLayout | undefined;
}

/** What the heads of slices look like in this stream (section 7.3.6.1). */
export interface SliceLayout {
  readonly separatePlanes: boolean;
  /** Bits of `slice_pic_order_cnt_lsb`. */
  readonly pictureOrderBits: number;
  readonly referenceSets: readonly ReferenceSet[];
  /** `used_by_curr_pic_lt_sps_flag` of each; `undefined` without long-term references. */
  readonly longTerm: readonly boolean[] | undefined;
  readonly temporalMotion: boolean;
  readonly adaptiveOffset: boolean;
}

const MAX_DIMENSION = 16_384;

/** Reads a whole NAL unit of type 33; `undefined` when it is cut short or describes no possible picture. */
export function parseH265Sps(nal: Uint8Array): H265Sps | undefined {
  if (nal.length < 4 || ((nal[0] as number) >> 1) % 64 !== 33) return undefined;
  const bits = new BitReader(unescapeNal(nal.subarray(2)));
  bits.skip(4);
  const temporalLayers = bits.bits(3) + 1;
  const temporalIdNested = bits.flag();
  const general = readProfileTierLevel(bits, temporalLayers);
  const id = bits.ue();
  const chromaFormat = bits.ue();
  const separatePlanes = chromaFormat === 3 && bits.flag();
  const codedWidth = bits.ue();
  const codedHeight = bits.ue();
  const window = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = window;
  const chroma = separatePlanes ? 0 : chromaFormat;
  const width = codedWidth - (chroma === 1 || chroma === 2 ? 2 : 1) * (left + right);
  const height = codedHeight - (chroma === 1 ? 2 : 1) * (top + bottom);
  const bitDepthLuma = 8 + bits.ue();
  const bitDepthChroma = 8 + bits.ue();
  const isPossible =
    id <= 15 &&
    chromaFormat <= 3 &&
    bitDepthLuma <= 16 &&
    bitDepthChroma <= 16 &&
    isSize(width) &&
    isSize(height);
  if (bits.overrun || !isPossible) return undefined;
  const sliceLayout = readUpToVui(bits, temporalLayers, separatePlanes);
  const vui = sliceLayout && bits.flag() ? readVui(bits) : undefined;
  return {
    ...general,
    ...{ id, temporalLayers, temporalIdNested, chromaFormat, bitDepthLuma, bitDepthChroma, width, height },
    pixelAspect: vui?.pixelAspect,
    frameRate: vui?.frameRate ?? 0,
    sliceLayout,
  };
}

/** Section 7.3.3: the general part is kept, sub-layers are stepped over. */
function readProfileTierLevel(bits: BitReader, temporalLayers: number): ProfileTierLevel {
  const profileSpace = bits.bits(2);
  const tier = bits.bit();
  const profileIdc = bits.bits(5);
  const compatibility = bits.bits(32);
  const constraints = Uint8Array.from({ length: 6 }, () => bits.bits(8));
  const levelIdc = bits.bits(8);
  const present = Array.from({ length: temporalLayers - 1 }, () => [bits.flag(), bits.flag()] as const);
  if (temporalLayers > 1) bits.skip(2 * (9 - temporalLayers));
  for (const [profile, level] of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
  return { profileSpace, tier, profileIdc, compatibility, constraints, levelIdc };
}

/** Everything between the bit depths and the VUI has a length that must be known to find it. */
function readUpToVui(
  bits: BitReader,
  temporalLayers: number,
  separatePlanes: boolean,
): SliceLayout | undefined {
  const pictureOrderBits = bits.ue() + 4;
  const subLayerOrdering = bits.flag();
  for (let layer = subLayerOrdering ? 0 : temporalLayers - 1; layer < temporalLayers; layer++) {
    bits.ue();
    bits.ue();
    bits.ue();
  }
  for (let i = 0; i < 6; i++) bits.ue(); // block sizes, transform depths
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(1); // asymmetric partitions
  const adaptiveOffset = bits.flag();
  if (bits.flag()) {
    bits.skip(8); // pcm bit depths
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  const referenceSets = readReferenceSets(bits);
  if (!referenceSets) return undefined;
  const longTermCount = bits.flag() ? bits.ue() : undefined;
  if (longTermCount !== undefined && longTermCount > 32) return undefined;
  const longTerm =
    longTermCount === undefined
      ? undefined
      : Array.from({ length: longTermCount }, () => {
          bits.skip(pictureOrderBits);
          return bits.flag();
        });
  const temporalMotion = bits.flag();
  bits.skip(1); // strong intra smoothing
  if (bits.overrun || pictureOrderBits > 16) return undefined;
  return { separatePlanes, pictureOrderBits, referenceSets, longTerm, temporalMotion, adaptiveOffset };
}

/** Section 7.3.4. */
export function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue();
        continue;
      }
      if (size > 1) bits.se();
      const coefficients = Math.min(64, 1 << (4 + (size << 1)));
      for (let i = 0; i < coefficients && !bits.overrun; i++) bits.se();
    }
  }
}

/** Annex E.2.1, up to the timing. */
function readVui(bits: BitReader): { pixelAspect: PixelAspect | undefined; frameRate: number } {
  const pixelAspect = bits.flag() ? readPixelAspect(bits) : undefined;
  if (bits.flag()) bits.skip(1); // overscan
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  bits.skip(3); // neutral chroma, field_seq, frame_field_info
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue(); // default display window
  if (!bits.flag()) return { pixelAspect, frameRate: 0 };
  const units = bits.bits(32);
  const timeScale = bits.bits(32);
  if (bits.overrun || units === 0 || timeScale === 0) return { pixelAspect, frameRate: 0 };
  return { pixelAspect, frameRate: timeScale / units };
}

const isSize = (pixels: number): boolean => pixels > 0 && pixels <= MAX_DIMENSION;
