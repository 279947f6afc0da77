import { BitReader, unescapeNal } from '../bit-reader.ts';
import { type PixelAspect, readPixelAspect } from '../sample-aspect-ratio.ts';

/** A sequence parameter set (ITU-T H.264 section 7.3.2.1.1), as far as a recorder cares. */
export interface H264Sps {
  readonly id: number;
  readonly profileIdc: number;
  /** Six constraint flags and two zero bits. */
  readonly constraints: number;
  readonly levelIdc: number;
  /** 0 = monochrome, 1 = 4:2:0, 2 = 4:2:2, 3 = 4:4:4. */
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
  readonly sliceLayout: SliceLayout;
}

/** What the heads of slices look like in this stream (section 7.3.3). */
export interface SliceLayout {
  readonly separatePlanes: boolean;
  /** Bits of `frame_num`. */
  readonly frameNumberBits: number;
  readonly pictureOrderType: number;
  /** Bits of `pic_order_cnt_lsb`, with type 0. */
  readonly pictureOrderBits: number;
  /** `delta_pic_order_always_zero_flag`, with type 1. */
  readonly noPictureOrderDelta: boolean;
  readonly framesOnly: boolean;
}

/** Profiles whose parameter sets tell the chroma format (section 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const MAX_DIMENSION = 16_384;

/** Reads a whole NAL unit of type 7; `undefined` when it is cut short or describes no possible picture. */
export function parseH264Sps(nal: Uint8Array): H264Sps | undefined {
  if (nal.length < 4 || ((nal[0] as number) & 0x1f) !== 7) return undefined;
  const bits = new BitReader(unescapeNal(nal.subarray(1)));
  const profileIdc = bits.bits(8);
  const constraints = bits.bits(8);
  const levelIdc = bits.bits(8);
  const id = bits.ue();
  let chromaFormat = 1;
  let bitDepthLuma = 8;
  let bitDepthChroma = 8;
  let separatePlanes = false;
  if (HIGH_PROFILES.has(profileIdc)) {
    chromaFormat = bits.ue();
    if (chromaFormat === 3) separatePlanes = bits.flag();
    bitDepthLuma = 8 + bits.ue();
    bitDepthChroma = 8 + bits.ue();
    bits.skip(1);
    if (bits.flag()) skipScalingMatrix(bits, chromaFormat === 3 ? 12 : 8);
  }
  const frameNumberBits = bits.ue() + 4;
  const order = readPictureOrder(bits);
  if (!order) return undefined;
  bits.ue(); // max_num_ref_frames
  bits.skip(1);
  const widthInMacroblocks = bits.ue() + 1;
  const heightInMapUnits = bits.ue() + 1;
  const framesOnly = bits.flag();
  if (!framesOnly) bits.skip(1);
  bits.skip(1);
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const chroma = separatePlanes ? 0 : chromaFormat;
  const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropY = (chroma === 1 ? 2 : 1) * (framesOnly ? 1 : 2);
  const width = widthInMacroblocks * 16 - cropX * (left + right);
  const height = heightInMapUnits * 16 * (framesOnly ? 1 : 2) - cropY * (top + bottom);
  const isPossible =
    id <= 31 &&
    chromaFormat <= 3 &&
    bitDepthLuma <= 14 &&
    bitDepthChroma <= 14 &&
    isSize(width) &&
    isSize(height);
  if (bits.overrun || !isPossible) return undefined;
  // Cameras cut their VUI short; what stands before it holds all the same.
  const vui = bits.flag() ? readVui(bits) : undefined;
  return {
    ...{ id, profileIdc, constraints, levelIdc, chromaFormat, bitDepthLuma, bitDepthChroma, width, height },
    pixelAspect: vui?.pixelAspect,
    frameRate: vui?.frameRate ?? 0,
    sliceLayout: { separatePlanes, frameNumberBits, framesOnly, ...order },
  };
}

function readPictureOrder(
  bits: BitReader,
): Pick<SliceLayout, 'pictureOrderType' | 'pictureOrderBits' | 'noPictureOrderDelta'> | undefined {
  const pictureOrderType = bits.ue();
  if (pictureOrderType > 2) return undefined;
  if (pictureOrderType === 0)
    return { pictureOrderType, pictureOrderBits: bits.ue() + 4, noPictureOrderDelta: false };
  if (pictureOrderType === 2) return { pictureOrderType, pictureOrderBits: 0, noPictureOrderDelta: false };
  const noPictureOrderDelta = bits.flag();
  bits.se();
  bits.se();
  const count = bits.ue();
  if (count > 255) return undefined;
  for (let i = 0; i < count; i++) bits.se();
  return { pictureOrderType, pictureOrderBits: 0, noPictureOrderDelta };
}

function skipScalingMatrix(bits: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (!bits.flag()) continue;
    const size = list < 6 ? 16 : 64;
    let last = 8;
    let next = 8;
    for (let i = 0; i < size && !bits.overrun; i++) {
      if (next !== 0) next = (last + bits.se() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

/** Annex E.1.1, up to the timing. */
function readVui(bits: BitReader): { pixelAspect: PixelAspect | undefined; frameRate: number } {
  const pixelAspect = bits.flag() ? readPixelAspect(bits) : undefined;
  if (bits.flag()) bits.skip(1); // overscan
  if (bits.flag()) {
    bits.skip(4); // video_format, full range
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  if (!bits.flag()) return { pixelAspect, frameRate: 0 };
  const units = bits.bits(32);
  const timeScale = bits.bits(32);
  if (bits.overrun || units === 0 || timeScale === 0) return { pixelAspect, frameRate: 0 };
  // A tick is a field (section E.2.1).
  return { pixelAspect, frameRate: timeScale / units / 2 };
}

const isSize = (pixels: number): boolean => pixels > 0 && pixels <= MAX_DIMENSION;
