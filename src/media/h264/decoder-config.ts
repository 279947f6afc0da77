import { parseH264Sps } from './sps.ts';

/** Content of an `avcC` box, taken apart (ISO/IEC 14496-15 section 5.3.3.1). */
export interface AvcDecoderConfig {
  readonly profileIdc: number;
  readonly constraints: number;
  readonly levelIdc: number;
  /** Bytes of the length in front of each NAL unit. */
  readonly lengthBytes: number;
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const MAX_SPS = 31;
const MAX_PPS = 255;
/** Profiles whose record goes on with chroma format and bit depths. */
const EXTENDED_PROFILES = new Set([100, 110, 122, 144]);

/**
 *      +---------+---------+-------------+-------+----------+----------+---------------+----------+---------------
 *      | version | profile | constraints | level | 6×1 + 2  | 3×1 + 5  | (length, SPS)*| 8        | (length, PPS)*
 *      |    1    |         |             |       | length-1 | SPS count|               | PPS count|
 *      +---------+---------+-------------+-------+----------+----------+---------------+----------+---------------
 */
export function buildAvcC(sps: readonly Uint8Array[], pps: readonly Uint8Array[]): Uint8Array {
  const first = sps[0] ?? new Uint8Array(4);
  const sets = { sps: sps.slice(0, MAX_SPS), pps: pps.slice(0, MAX_PPS) };
  const bytes: number[] = [1, first[1] ?? 0, first[2] ?? 0, first[3] ?? 0, 0xff, 0xe0 | sets.sps.length];
  pushSets(bytes, sets.sps);
  bytes.push(sets.pps.length);
  pushSets(bytes, sets.pps);
  if (EXTENDED_PROFILES.has(first[1] ?? 0)) {
    const parsed = parseH264Sps(first);
    const chroma = parsed?.chromaFormat ?? 1;
    const luma = (parsed?.bitDepthLuma ?? 8) - 8;
    bytes.push(0xfc | chroma, 0xf8 | luma, 0xf8 | ((parsed?.bitDepthChroma ?? 8) - 8), 0);
  }
  return Uint8Array.from(bytes);
}

/** `undefined` when it is cut short or of another version. */
export function parseAvcC(bytes: Uint8Array): AvcDecoderConfig | undefined {
  if (bytes.length < 7 || bytes[0] !== 1) return undefined;
  const [, profileIdc = 0, constraints = 0, levelIdc = 0, lengths = 0, spsCount = 0] = bytes;
  const sps = takeSets(bytes, 6, spsCount & 0x1f);
  if (!sps || sps.end >= bytes.length) return undefined;
  const pps = takeSets(bytes, sps.end + 1, bytes[sps.end] as number);
  if (!pps) return undefined;
  return { profileIdc, constraints, levelIdc, lengthBytes: (lengths & 3) + 1, sps: sps.sets, pps: pps.sets };
}

/** RFC 6381 section 3.3: profile, constraints and level in hexadecimal. */
export function avcCodecs(avcC: Uint8Array): string {
  return `avc1.${Buffer.from(avcC.subarray(1, 4)).toString('hex')}`;
}

function pushSets(bytes: number[], sets: readonly Uint8Array[]): void {
  for (const set of sets) bytes.push(set.length >> 8, set.length & 0xff, ...set);
}

function takeSets(
  bytes: Uint8Array,
  start: number,
  count: number,
): { sets: Uint8Array[]; end: number } | undefined {
  const sets: Uint8Array[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (at + 2 + length > bytes.length) return undefined;
    sets.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return { sets, end: at };
}
