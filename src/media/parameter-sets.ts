import { avcCodecs, buildAvcC } from './h264/decoder-config.ts';
import { parseH264Sps } from './h264/sps.ts';
import { buildHvcC, hevcCodecs } from './h265/decoder-config.ts';
import { parseH265Sps } from './h265/sps.ts';
import { BitReader, unescapeNal } from './bit-reader.ts';
import { assumedPixelAspect } from './sample-aspect-ratio.ts';
import type { VideoConfig } from './video-config.ts';

/** Real ones have 10 to 200 bytes. */
const MAX_SET_BYTES = 4096;
/** Of each kind; the standards allow up to 256, and no camera sends more than two. */
const MAX_SETS = 16;
const MAX_SPROP_LENGTH = 64 * 1024;
/** The bits before the ids in a picture parameter set are few. */
const ID_BYTES = 16;
const START_CODE = Buffer.of(0, 0, 1);

export type SetKind = 'vps' | 'sps' | 'pps';

interface ParameterSet {
  readonly id: number;
  readonly nal: Uint8Array;
  /** From the session description, not from the stream: what the stream says goes before it (J26). */
  readonly announced: boolean;
  /** A sequence parameter set that makes sense; true for the others. */
  readonly readable: boolean;
  /** Of a picture parameter set: the sequence parameter set that it belongs to. */
  readonly refersTo: number;
}

/**
 * The parameter sets of one stream as they are now, from the session description and from the stream itself. A set
 * replaces the one with its id. `put` runs for every set in the stream: what is known already costs a comparison.
 */
export class ParameterSets {
  readonly codec: 'h264' | 'h265';
  readonly #sets: Record<SetKind, Map<number, ParameterSet>> = {
    vps: new Map(),
    sps: new Map(),
    pps: new Map(),
  };

  constructor(codec: 'h264' | 'h265') {
    this.codec = codec;
  }

  /** Enough is known to describe the stream to a decoder. */
  get complete(): boolean {
    return this.missing.length === 0;
  }

  /** Of what nothing has come yet. */
  get missing(): readonly SetKind[] {
    const needed: readonly SetKind[] = this.codec === 'h264' ? ['sps', 'pps'] : ['vps', 'sps', 'pps'];
    return needed.filter((kind) => this.#sets[kind].size === 0);
  }

  /** VPS, SPS or PPS; `undefined` for anything else. */
  kindOf(nal: Uint8Array): SetKind | undefined {
    const first = nal[0] ?? 0;
    if (this.codec === 'h264') {
      if (nal.length < 2) return undefined;
      return (first & 0x1f) === 7 ? 'sps' : (first & 0x1f) === 8 ? 'pps' : undefined;
    }
    if (nal.length < 3) return undefined;
    const type = (first >> 1) & 0x3f;
    return type === 32 ? 'vps' : type === 33 ? 'sps' : type === 34 ? 'pps' : undefined;
  }

  /**
   * Takes a set of the stream (copied when it is kept); anything else is no concern of it.
   * @returns whether something is different now
   */
  put(nal: Uint8Array): boolean {
    return this.#put(nal, false);
  }

  /** `sprop-parameter-sets` (RFC 6184 section 8.1): base64, separated by commas. */
  putSpropParameterSets(text: string): boolean {
    return this.#putAll(text);
  }

  /** `sprop-vps`, `sprop-sps`, `sprop-pps` (RFC 7798 section 7.1). */
  putSpropH265(vps?: string, sps?: string, pps?: string): boolean {
    return [vps, sps, pps].map((text) => this.#putAll(text ?? '')).includes(true);
  }

  /** What a decoder is told; `undefined` until the sets are complete. */
  config(): VideoConfig | undefined {
    if (!this.complete) return undefined;
    const pps = inOrder(this.#sets.pps);
    const sps = inOrder(this.#sets.sps, pps[0]?.refersTo);
    const decoderConfig =
      this.codec === 'h264'
        ? buildAvcC(nalsOf(sps), nalsOf(pps))
        : buildHvcC(nalsOf(inOrder(this.#sets.vps)), nalsOf(sps), nalsOf(pps));
    const parsed = this.#parseSps(sps[0]?.nal ?? new Uint8Array());
    const width = parsed?.width ?? 0;
    const height = parsed?.height ?? 0;
    return {
      codec: this.codec,
      codecs: codecsOf(this.codec, decoderConfig),
      width,
      height,
      pixelAspect: parsed?.pixelAspect ?? assumedPixelAspect(width, height),
      declaredFrameRate: parsed?.frameRate ?? 0,
      decoderConfig,
    };
  }

  /** Cameras announce anything: nothing, half of it, start codes before and after (J22), no sets at all. */
  #putAll(text: string): boolean {
    let changed = false;
    for (const part of text.slice(0, MAX_SPROP_LENGTH).split(',')) {
      let rest = Buffer.from(part.trim(), 'base64');
      while (rest.length > 2) {
        const end = rest.indexOf(START_CODE);
        if (this.#put(withoutZeros(end < 0 ? rest : rest.subarray(0, end)), true)) changed = true;
        rest = end < 0 ? rest.subarray(rest.length) : rest.subarray(end + START_CODE.length);
      }
    }
    return changed;
  }

  #put(nal: Uint8Array, announced: boolean): boolean {
    const kind = this.kindOf(nal);
    if (!kind || nal.length > MAX_SET_BYTES) return false;
    const sets = this.#sets[kind];
    for (const known of sets.values()) {
      if (known.nal.length !== nal.length || Buffer.compare(known.nal, nal) !== 0) continue;
      // Now the stream says so, too.
      if (known.announced && !announced) sets.set(known.id, { ...known, announced });
      return false;
    }
    const set = this.#read(kind, nal, announced);
    if (!set || (sets.size >= MAX_SETS && !sets.has(set.id))) return false;
    // What makes no sense stands in only until something does (J22, J29).
    const sound = [...sets.values()].some(({ readable }) => readable);
    if (!set.readable && sound && (announced || !sets.has(set.id))) return false;
    if (set.readable && kind === 'sps') {
      for (const known of sets.values()) if (!known.readable) sets.delete(known.id);
    }
    sets.set(set.id, set);
    return true;
  }

  /** A sequence parameter set that cannot be read counts as id 0: better an unknown size than no recording. */
  #read(kind: SetKind, nal: Uint8Array, announced: boolean): ParameterSet | undefined {
    const copy = { nal: Uint8Array.from(nal), announced, readable: true, refersTo: 0 };
    if (kind === 'vps') return { ...copy, id: (nal[2] as number) >> 4 };
    if (kind === 'sps') {
      const parsed = this.#parseSps(nal);
      return { ...copy, id: parsed?.id ?? 0, readable: parsed !== undefined };
    }
    const bits = new BitReader(unescapeNal(nal.subarray(this.codec === 'h264' ? 1 : 2, ID_BYTES)));
    const id = bits.ue();
    const refersTo = bits.ue();
    return bits.overrun || id > 255 ? undefined : { ...copy, id, refersTo };
  }

  #parseSps(nal: Uint8Array) {
    return this.codec === 'h264' ? parseH264Sps(nal) : parseH265Sps(nal);
  }
}

/** The one with id `first`, if there is one, then those that the stream has told itself, each by id. */
function inOrder(sets: ReadonlyMap<number, ParameterSet>, first = -1): ParameterSet[] {
  const rank = (set: ParameterSet): number => (set.id === first ? 0 : set.announced ? 2 : 1);
  return [...sets.values()].toSorted((a, b) => rank(a) - rank(b) || a.id - b.id);
}

const nalsOf = (sets: readonly ParameterSet[]): Uint8Array[] => sets.map(({ nal }) => nal);

function withoutZeros(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

/** The codecs parameter of a decoder configuration that was read from a file. */
export function codecsOf(codec: VideoConfig['codec'], decoderConfig: Uint8Array): string {
  return codec === 'h264' ? avcCodecs(decoderConfig) : hevcCodecs(decoderConfig);
}

/** The codecs parameter of a file (RFC 6381 section 3): the video's and, where there is sound, its own. */
export const joinCodecs = (video: string, sound: string | undefined): string =>
  sound === undefined ? video : `${video},${sound}`;
