import type { NutCursor } from './nut-cursor.ts';

/** What is said of one elementary stream. */
export interface NutStream {
  readonly id: number;
  readonly kind: 'video' | 'audio' | 'other';
  /** Four characters that name the codec, as in `H264`; those of WAV are numbers, lowest byte first. */
  readonly tag: string;
  /** One step of its timestamps, in seconds. */
  readonly timeBase: TimeBase;
  /** Timestamps that come short have so many of the lowest bits. */
  readonly shortPtsBits: number;
  /** As the codec wants it: an `avcC`, Annex B parameter sets, an AudioSpecificConfig; may be empty. */
  readonly decoderConfig: Buffer;
  /** Samples a second and channels of audio; 0 for anything else. */
  readonly sampleRate: number;
  readonly channels: number;
}

export interface TimeBase {
  readonly numerator: number;
  readonly denominator: number;
}

/** What the first byte of a frame stands for. */
export interface FrameCode {
  readonly flags: number;
  readonly ptsDelta: number;
  readonly streamId: number;
  readonly sizeFactor: number;
  readonly sizeBase: number;
  readonly reserved: number;
  readonly elision: number;
}

export interface NutMainHeader {
  readonly streams: number;
  readonly timeBases: readonly TimeBase[];
  /** By the first byte of a frame. */
  readonly codes: readonly FrameCode[];
  /** Beginnings that are left out of frames. */
  readonly elisions: readonly Buffer[];
}

/** The first byte of a start code, and so of no frame. */
export const START_CODE_BYTE = 0x4e;
export const FLAG_INVALID = 0x2000;

const VERSIONS: ReadonlySet<number> = new Set([3, 4]);
const MAX_STREAMS = 64;
const MAX_TIME_BASES = 64;
const MAX_ELISIONS = 128;
export const MAX_ELISION_BYTES = 256;
const MAX_DECODER_CONFIG_BYTES = 64 * 1024;
const INVALID_CODE: FrameCode = {
  ...{ flags: FLAG_INVALID, ptsDelta: 0, streamId: 0, sizeFactor: 1, sizeBase: 0, reserved: 0, elision: 0 },
};

/**
 * `version, streams, max_distance, time bases (count, (num, denom)*), frame codes, elision headers`, all of them
 * numbers. `undefined` when it makes no sense.
 */
export function readMainHeader(cursor: NutCursor): NutMainHeader | undefined {
  const version = cursor.number();
  if (!VERSIONS.has(version)) return undefined;
  if (version > 3) cursor.number();
  const streams = cursor.number();
  cursor.number();
  const timeBaseCount = cursor.number();
  if (streams > MAX_STREAMS || timeBaseCount > MAX_TIME_BASES) return undefined;
  const timeBases: TimeBase[] = [];
  for (let i = 0; i < timeBaseCount; i++) {
    const base = { numerator: cursor.number(), denominator: cursor.number() };
    if (base.numerator === 0 || base.denominator === 0) return undefined;
    timeBases.push(base);
  }
  const codes = readFrameCodes(cursor);
  if (!codes) return undefined;
  const elisions: Buffer[] = [Buffer.alloc(0)];
  const more = cursor.number();
  if (more > MAX_ELISIONS) return undefined;
  for (let i = 0; i < more; i++) elisions.push(cursor.block(MAX_ELISION_BYTES));
  return cursor.overrun || cursor.broken ? undefined : { streams, timeBases, codes, elisions };
}

/** Runs of codes that differ in their size only; fields that are not given stay as they were in the run before. */
function readFrameCodes(cursor: NutCursor): FrameCode[] | undefined {
  const codes: FrameCode[] = [];
  let ptsDelta = 0;
  let sizeFactor = 1;
  let streamId = 0;
  let elision = 0;
  while (codes.length < 256) {
    const flags = cursor.number();
    const fields = cursor.number();
    if (fields > 0) ptsDelta = cursor.signed();
    if (fields > 1) sizeFactor = cursor.number();
    if (fields > 2) streamId = cursor.number();
    const sizeBase = fields > 3 ? cursor.number() : 0;
    const reserved = fields > 4 ? cursor.number() : 0;
    const count = fields > 5 ? cursor.number() : sizeFactor - sizeBase;
    if (fields > 6) cursor.skipNumber();
    if (fields > 7) elision = cursor.number();
    for (let field = 8; field < Math.min(fields, 64); field++) cursor.skipNumber();
    if (cursor.overrun || cursor.broken || count < 1 || count > 256) return undefined;
    for (let i = 0; i < count && codes.length < 256; ) {
      if (codes.length === START_CODE_BYTE) {
        codes.push(INVALID_CODE);
        continue;
      }
      codes.push({ flags, ptsDelta, streamId, sizeFactor, sizeBase: sizeBase + i, reserved, elision });
      i++;
    }
  }
  return codes;
}

/** `undefined` when it makes no sense. */
export function readStreamHeader(cursor: NutCursor, main: NutMainHeader): NutStream | undefined {
  const id = cursor.number();
  const kind = (['video', 'audio'] as const)[cursor.number()] ?? 'other';
  const tag = cursor.block(4).toString('latin1');
  const timeBase = main.timeBases[cursor.number()];
  const shortPtsBits = cursor.number();
  // Largest step between timestamps, delay of the decoder, flags.
  for (let i = 0; i < 3; i++) cursor.number();
  const decoderConfig = cursor.block(MAX_DECODER_CONFIG_BYTES);
  let sampleRate = 0;
  let channels = 0;
  if (kind === 'audio') {
    const numerator = cursor.number();
    sampleRate = Math.round(numerator / Math.max(1, cursor.number()));
    channels = cursor.number();
  }
  if (cursor.overrun || cursor.broken || !timeBase || id >= main.streams || shortPtsBits > 30) {
    return undefined;
  }
  return { id, kind, tag, timeBase, shortPtsBits, decoderConfig, sampleRate, channels };
}
