import { avcCodecs, buildAvcC } from './h264/decoder-config.ts';
import { parseH264Sps } from './h264/sps.ts';
import { buildHvcC, hevcCodecs } from './h265/decoder-config.ts';
import { parseH265Sps } from './h265/sps.ts';
import { BitReader, unescapeNal } from './bit-reader.ts';
import { SQUARE_PIXELS } from './sample-aspect-ratio.ts';
import type { VideoConfig } from './video-config.ts';

/** Real ones have 10 to 200 bytes. */
const MAX_SET_BYTES = 4096;
/** Of each kind; the standards allow up to 256, and no camera sends more than two. */
const MAX_SETS = 16;
const MAX_SPROP_LENGTH = 64 * 1024;
/** The bits before an id in a picture parameter set are few. */
const ID_BYTES = 16;

type SetKind = 'vps' | 'sps' | 'pps';

/**
 * The parameter sets of one stream as they are now, from the session description and from the stream itself. A set
 * replaces the one with its id. `put` runs for every set in the stream: what is known already costs a comparison.
 */
export class ParameterSets {
  readonly codec: 'h264' | 'h265';
  readonly #sets: Record<SetKind, Map<number, Uint8Array>> = {
    vps: new Map(),
    sps: new Map(),
    pps: new Map(),
  };

  constructor(codec: 'h264' | 'h265') {
    this.codec = codec;
  }

  /** Enough is known to describe the stream to a decoder. */
  get complete(): boolean {
    const { vps, sps, pps } = this.#sets;
    return sps.size > 0 && pps.size > 0 && (this.codec === 'h264' || vps.size > 0);
  }

  /**
   * Takes a VPS, SPS or PPS (copied when it is kept); anything else is no concern of it.
   * @returns whether something is different now
   */
  put(nal: Uint8Array): boolean {
    const kind = this.#kindOf(nal);
    if (!kind || nal.length > MAX_SET_BYTES) return false;
    const sets = this.#sets[kind];
    for (const known of sets.values()) {
      if (known.length === nal.length && Buffer.compare(known, nal) === 0) return false;
    }
    const id = this.#idOf(kind, nal);
    if (id === undefined || (sets.size >= MAX_SETS && !sets.has(id))) return false;
    sets.set(id, Uint8Array.from(nal));
    return true;
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
    const { vps, sps, pps } = this.#sets;
    const spsList = inOrder(sps);
    const decoderConfig =
      this.codec === 'h264'
        ? buildAvcC(spsList, inOrder(pps))
        : buildHvcC(inOrder(vps), spsList, inOrder(pps));
    const first = spsList[0] as Uint8Array;
    const parsed = this.codec === 'h264' ? parseH264Sps(first) : parseH265Sps(first);
    return {
      codec: this.codec,
      codecs: this.codec === 'h264' ? avcCodecs(decoderConfig) : hevcCodecs(decoderConfig),
      width: parsed?.width ?? 0,
      height: parsed?.height ?? 0,
      pixelAspect: parsed?.pixelAspect ?? SQUARE_PIXELS,
      declaredFrameRate: parsed?.frameRate ?? 0,
      decoderConfig,
    };
  }

  #putAll(text: string): boolean {
    let changed = false;
    for (const part of text.slice(0, MAX_SPROP_LENGTH).split(',')) {
      const nal = Buffer.from(part.trim(), 'base64');
      if (nal.length > 2 && this.put(nal)) changed = true;
    }
    return changed;
  }

  #kindOf(nal: Uint8Array): SetKind | undefined {
    const first = nal[0] ?? 0;
    if (this.codec === 'h264') {
      if (nal.length < 2) return undefined;
      return (first & 0x1f) === 7 ? 'sps' : (first & 0x1f) === 8 ? 'pps' : undefined;
    }
    if (nal.length < 3) return undefined;
    const type = (first >> 1) & 0x3f;
    return type === 32 ? 'vps' : type === 33 ? 'sps' : type === 34 ? 'pps' : undefined;
  }

  /** The set's own id. A set that cannot be read counts as id 0: better a wrong size than no recording. */
  #idOf(kind: SetKind, nal: Uint8Array): number | undefined {
    if (kind === 'sps') {
      const parsed = this.codec === 'h264' ? parseH264Sps(nal) : parseH265Sps(nal);
      return parsed?.id ?? 0;
    }
    if (kind === 'vps') return (nal[2] as number) >> 4;
    const bits = new BitReader(unescapeNal(nal.subarray(this.codec === 'h264' ? 1 : 2, ID_BYTES)));
    const id = bits.ue();
    return bits.overrun || id > 255 ? undefined : id;
  }
}

const inOrder = (sets: ReadonlyMap<number, Uint8Array>): Uint8Array[] =>
  [...sets].toSorted(([a], [b]) => a - b).map(([, nal]) => nal);

/** The codecs parameter of a decoder configuration that was read from a file. */
export function codecsOf(codec: VideoConfig['codec'], decoderConfig: Uint8Array): string {
  return codec === 'h264' ? avcCodecs(decoderConfig) : hevcCodecs(decoderConfig);
}
