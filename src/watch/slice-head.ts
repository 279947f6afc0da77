import type { CodedUnit } from '../media/coded-unit.ts';
import { createH264QuantiserReader } from '../media/h264/slice-quantiser.ts';
import { createH265QuantiserReader } from '../media/h265/slice-quantiser.ts';
import type { SliceQuantiserReader } from '../media/slice-quantiser.ts';
import type { VideoConfig } from '../media/video-config.ts';

const LENGTH_BYTES = 4;
const HEAD_BYTES = 96;
/** Before the first slice stand a delimiter and a few messages. */
const MAX_UNITS = 16;
/** ITU-T H.264 table 7-1: a slice, its partition A, a slice of a key frame. */
const H264_SLICES = new Set([1, 2, 5]);
/** ITU-T H.265 table 7-1: every type below is a slice. */
const H265_FIRST_OTHER = 32;

const buffer = Buffer.alloc(LENGTH_BYTES + HEAD_BYTES);
const head = buffer.subarray(LENGTH_BYTES);

/** Reads the quantiser of pictures where they lie, of one decoder configuration. */
export class SliceHead {
  readonly #reader: SliceQuantiserReader | undefined;
  readonly #isH264: boolean;

  constructor({ codec, decoderConfig }: Pick<VideoConfig, 'codec' | 'decoderConfig'>) {
    this.#isH264 = codec === 'h264';
    this.#reader = this.#isH264
      ? createH264QuantiserReader(decoderConfig)
      : createH265QuantiserReader(decoderConfig);
  }

  /** Of the first slice; `undefined` when it cannot be read. Called for every picture. */
  quantiserOf(unit: CodedUnit): number | undefined {
    if (!this.#reader) return undefined;
    let at = 0;
    for (let i = 0; i < MAX_UNITS && at < unit.unitBytes; i++) {
      const copied = unit.peek(at, buffer);
      if (copied <= LENGTH_BYTES) return undefined;
      if (this.#isSlice()) {
        buffer.fill(0, copied);
        return this.#reader.read(head);
      }
      at += LENGTH_BYTES + buffer.readUInt32BE(0);
    }
    return undefined;
  }

  #isSlice(): boolean {
    const first = head[0] as number;
    return this.#isH264 ? H264_SLICES.has(first & 0x1f) : ((first >> 1) & 0x3f) < H265_FIRST_OTHER;
  }
}
