import { parseH265Sps, type ProfileTierLevel } from './sps.ts';

/** Content of an `hvcC` box, taken apart (ISO/IEC 14496-15 section 8.3.3.1). */
export interface HevcDecoderConfig extends ProfileTierLevel {
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
  /** Bytes of the length in front of each NAL unit. */
  readonly lengthBytes: number;
  readonly arrays: readonly { readonly nalType: number; readonly nals: readonly Uint8Array[] }[];
}

const VPS = 32;
const SPS = 33;
const PPS = 34;
const FIXED_BYTES = 23;
/** Every set is here, none in the samples. */
const COMPLETE = 0x80;

/**
 *      version 1 | space 2 bits, tier 1, profile 5 | compatibility 4 | constraints 6 | level 1
 *      | 1111 + min_spatial_segmentation 12 bits | 111111 + parallelism 2 | 111111 + chroma 2
 *      | 11111 + luma depth 3 | 11111 + chroma depth 3 | average frame rate 2
 *      | constant rate 2 bits, layers 3, nested 1, length-1 2 | arrays 1 | (type 1, count 2, (length 2, NAL)*)*
 */
export function buildHvcC(
  vps: readonly Uint8Array[],
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): Uint8Array {
  const parsed = sps[0] ? parseH265Sps(sps[0]) : undefined;
  const arrays = [
    { nalType: VPS, nals: vps },
    { nalType: SPS, nals: sps },
    { nalType: PPS, nals: pps },
  ].filter(({ nals }) => nals.length > 0);
  const size = arrays.reduce(
    (sum, { nals }) => sum + 3 + nals.reduce((inner, nal) => inner + 2 + nal.length, 0),
    FIXED_BYTES,
  );
  const bytes = Buffer.alloc(size);
  bytes[0] = 1;
  bytes[1] = ((parsed?.profileSpace ?? 0) << 6) | ((parsed?.tier ?? 0) << 5) | (parsed?.profileIdc ?? 1);
  bytes.writeUInt32BE(parsed?.compatibility ?? 0x6000_0000, 2);
  bytes.set(parsed?.constraints ?? new Uint8Array(6), 6);
  bytes[12] = parsed?.levelIdc ?? 120;
  bytes.writeUInt16BE(0xf000, 13);
  bytes[15] = 0xfc;
  bytes[16] = 0xfc | (parsed?.chromaFormat ?? 1);
  bytes[17] = 0xf8 | ((parsed?.bitDepthLuma ?? 8) - 8);
  bytes[18] = 0xf8 | ((parsed?.bitDepthChroma ?? 8) - 8);
  bytes[21] = ((parsed?.temporalLayers ?? 1) << 3) | (parsed?.temporalIdNested ? 4 : 0) | 3;
  bytes[22] = arrays.length;
  let at = FIXED_BYTES;
  for (const { nalType, nals } of arrays) {
    bytes[at] = COMPLETE | nalType;
    at = bytes.writeUInt16BE(nals.length, at + 1);
    for (const nal of nals) {
      at = bytes.writeUInt16BE(nal.length, at);
      bytes.set(nal, at);
      at += nal.length;
    }
  }
  return new Uint8Array(bytes);
}

/** `undefined` when it is cut short or of another version. */
export function parseHvcC(bytes: Uint8Array): HevcDecoderConfig | undefined {
  if (bytes.length < FIXED_BYTES || bytes[0] !== 1) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const byte = (at: number): number => bytes[at] as number;
  const arrays: { nalType: number; nals: Uint8Array[] }[] = [];
  let at = FIXED_BYTES;
  for (let array = 0; array < byte(22); array++) {
    if (at + 3 > bytes.length) return undefined;
    const nals: Uint8Array[] = [];
    const nalType = byte(at) & 0x3f;
    const count = view.getUint16(at + 1);
    at += 3;
    for (let i = 0; i < count; i++) {
      const length = at + 2 <= bytes.length ? view.getUint16(at) : bytes.length;
      if (at + 2 + length > bytes.length) return undefined;
      nals.push(bytes.slice(at + 2, at + 2 + length));
      at += 2 + length;
    }
    arrays.push({ nalType, nals });
  }
  return {
    profileSpace: byte(1) >> 6,
    tier: (byte(1) >> 5) & 1,
    profileIdc: byte(1) & 0x1f,
    compatibility: view.getUint32(2),
    constraints: bytes.slice(6, 12),
    levelIdc: byte(12),
    chromaFormat: byte(16) & 3,
    bitDepthLuma: (byte(17) & 7) + 8,
    bitDepthChroma: (byte(18) & 7) + 8,
    temporalLayers: (byte(21) >> 3) & 7,
    temporalIdNested: (byte(21) & 4) !== 0,
    lengthBytes: (byte(21) & 3) + 1,
    arrays,
  };
}

/**
 * ISO/IEC 14496-15 annex E.3: profile, compatibility flags in reverse bit order, tier and level, constraint bytes
 * without the zero ones at the end: `hvc1.1.6.L120.90`.
 */
export function hevcCodecs(hvcC: Uint8Array): string {
  const config = parseHvcC(hvcC);
  if (!config) return 'hvc1';
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) if ((config.compatibility >>> bit) & 1) reversed += 2 ** (31 - bit);
  const space = ['', 'A', 'B', 'C'][config.profileSpace] ?? '';
  const constraints = [...config.constraints];
  while (constraints.at(-1) === 0) constraints.pop();
  return [
    'hvc1',
    `${space}${config.profileIdc}`,
    reversed.toString(16).toUpperCase(),
    `${config.tier ? 'H' : 'L'}${config.levelIdc}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join('.');
}
