import type { VideoSink } from '../media/access-unit-sink.ts';
import { parseAvcC } from '../media/h264/decoder-config.ts';
import { parseHvcC } from '../media/h265/decoder-config.ts';
import { ParameterSets } from '../media/parameter-sets.ts';
import type { VideoTag } from './video-tag.ts';

/** Ticks of the media clock in a millisecond. */
const TICKS_PER_MILLI = 90;
/** Assumed until a configuration says otherwise: nobody uses anything else. */
const LENGTH_BYTES = 4;

/**
 * Video messages of one publisher as access units: a message is one picture, whose NAL units have their length before
 * them (ISO/IEC 14496-15 section 5.3.4.2). Its time of presentation becomes a 90 kHz timestamp of 32 bits; that wraps
 * where the milliseconds do, since 90 · 2³² is a multiple of 2³².
 *
 * A configuration may come again at any time, and may be missing where the parameter sets are in the stream (L10).
 */
export class VideoTrack {
  readonly #sink: VideoSink;
  #codec: 'h264' | 'h265' | undefined;
  #lengthBytes = LENGTH_BYTES;

  constructor(sink: VideoSink) {
    this.#sink = sink;
  }

  /** `tag` has been read from `bytes`, and is a `config`. A broken one is passed over: a good one may follow. */
  config(tag: VideoTag, bytes: Buffer): void {
    const record = bytes.subarray(tag.dataStart, tag.dataEnd);
    const parsed = tag.codec === 'h264' ? parseAvcC(record) : parseHvcC(record);
    if (!parsed) return;
    this.#begin(tag.codec);
    this.#lengthBytes = parsed.lengthBytes;
    const sets =
      'arrays' in parsed ? parsed.arrays.flatMap((array) => array.nals) : [...parsed.sps, ...parsed.pps];
    for (const set of sets) {
      if (isParameterSet(tag.codec, set[0] ?? 0)) this.#sink.parameterSet(Buffer.from(set), 0, set.length);
    }
  }

  /** @param timestamp of decoding, milliseconds, unsigned 32-bit */
  frame(tag: VideoTag, bytes: Buffer, timestamp: number): void {
    this.#begin(tag.codec);
    const slices = this.#countSlices(tag, bytes);
    if (slices < 0) {
      this.#sink.abandonAccessUnit();
      return;
    }
    let key = false;
    for (let at = tag.dataStart; at < tag.dataEnd; ) {
      const start = at + this.#lengthBytes;
      const end = start + bytes.readUIntBE(at, this.#lengthBytes);
      at = end;
      if (end === start) continue;
      const header = bytes[start] as number;
      if (isParameterSet(tag.codec, header)) {
        this.#sink.parameterSet(bytes, start, end);
        continue;
      }
      // A message without a picture, as with supplemental information alone, is no access unit.
      if (slices === 0) continue;
      if (isKeySlice(tag.codec, header)) key = true;
      this.#sink.beginNal();
      this.#sink.write(bytes, start, end);
      this.#sink.endNal();
    }
    if (slices > 0) {
      this.#sink.endAccessUnit(((timestamp + tag.compositionMillis) * TICKS_PER_MILLI) >>> 0, key);
    }
  }

  #begin(codec: 'h264' | 'h265'): void {
    if (codec === this.#codec) return;
    this.#codec = codec;
    this.#lengthBytes = LENGTH_BYTES;
    this.#sink.begin(new ParameterSets(codec));
  }

  /** Looks at all lengths before anything is written; -1 when they do not add up. */
  #countSlices(tag: VideoTag, bytes: Buffer): number {
    let slices = 0;
    let at = tag.dataStart;
    while (at + this.#lengthBytes <= tag.dataEnd) {
      const start = at + this.#lengthBytes;
      at = start + bytes.readUIntBE(at, this.#lengthBytes);
      if (at > start && at <= tag.dataEnd && isSlice(tag.codec, bytes[start] as number)) slices++;
    }
    return at === tag.dataEnd ? slices : -1;
  }
}

/** Rec. ITU-T H.264 table 7-1, H.265 table 7-1. */
function isSlice(codec: 'h264' | 'h265', header: number): boolean {
  const type = nalType(codec, header);
  return codec === 'h264' ? type >= 1 && type <= 5 : type < 32;
}

function isKeySlice(codec: 'h264' | 'h265', header: number): boolean {
  const type = nalType(codec, header);
  return codec === 'h264' ? type === 5 : type >= 16 && type <= 23;
}

function isParameterSet(codec: 'h264' | 'h265', header: number): boolean {
  const type = nalType(codec, header);
  return codec === 'h264' ? type === 7 || type === 8 : type >= 32 && type <= 34;
}

const nalType = (codec: 'h264' | 'h265', header: number): number =>
  codec === 'h264' ? header & 0x1f : (header >> 1) & 0x3f;
