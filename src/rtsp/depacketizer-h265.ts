import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import {
  AccessUnitAssembler,
  NAL_KEY_SLICE,
  NAL_OTHER,
  NAL_PARAMETER_SET,
  NAL_PREFIX,
  NAL_SLICE,
  type NalKind,
} from './access-unit-assembler.ts';
import type { Depacketizer } from './depacketizer.ts';

const AGGREGATION = 48;
const FRAGMENTATION = 49;

/** Kind of each H.265 NAL unit type (Rec. ITU-T H.265 table 7-1); 16 to 23 are random access points. */
const KINDS: readonly NalKind[] = Array.from({ length: 64 }, (_, type): NalKind => {
  if (type >= 16 && type <= 23) return NAL_KEY_SLICE;
  if (type < 32) return NAL_SLICE;
  if (type <= 34) return NAL_PARAMETER_SET;
  if (type === 35 || type === 39) return NAL_PREFIX;
  return NAL_OTHER;
});

/**
 * H.265 over RTP, RFC 7798: single NAL units, aggregation packets and fragmentation units, without DONL fields
 * (`sprop-max-don-diff` 0, which is what cameras send).
 *
 * ```
 * NAL header:  |F|   Type    |  LayerId  | TID |      FU header:  |S|E|  FuType   |
 *               1      6           6        3                      1 1      6
 * ```
 */
export class H265Depacketizer implements Depacketizer {
  readonly #assembler: AccessUnitAssembler;

  constructor(sink: AccessUnitSink) {
    this.#assembler = new AccessUnitAssembler(sink);
  }

  get damaged(): number {
    return this.#assembler.damaged;
  }

  packet(
    buffer: Buffer,
    start: number,
    end: number,
    timestamp: number,
    marker: boolean,
    lost: boolean,
  ): void {
    const assembler = this.#assembler;
    assembler.beginPacket(timestamp, lost);
    if (end - start >= 2) {
      const type = ((buffer[start] as number) >> 1) & 0x3f;
      if (type === FRAGMENTATION) this.#fragment(buffer, start, end);
      else if (type === AGGREGATION) this.#aggregate(buffer, start + 2, end);
      else if (type < AGGREGATION) this.#single(buffer, start, end);
      else assembler.abandon();
    }
    assembler.endPacket(marker);
  }

  #single(buffer: Buffer, start: number, end: number): void {
    const kind = KINDS[((buffer[start] as number) >> 1) & 0x3f] as NalKind;
    this.#assembler.nal(kind, isFirstSlice(buffer, start + 2, end), buffer, start, end);
  }

  #aggregate(buffer: Buffer, start: number, end: number): void {
    let at = start;
    while (at + 2 < end) {
      const size = buffer.readUInt16BE(at);
      at += 2;
      if (at + size > end) {
        this.#assembler.abandon();
        return;
      }
      if (size >= 2) this.#single(buffer, at, at + size);
      at += size;
    }
  }

  #fragment(buffer: Buffer, start: number, end: number): void {
    const assembler = this.#assembler;
    if (end - start < 3) return;
    const header = buffer[start + 2] as number;
    if (header & 0x80) {
      const type = header & 0x3f;
      if (assembler.openNal(KINDS[type] as NalKind, isFirstSlice(buffer, start + 3, end))) {
        assembler.headerByte(((buffer[start] as number) & 0x81) | (type << 1));
        assembler.headerByte(buffer[start + 1] as number);
      }
    }
    if (!assembler.continueNal(buffer, start + 3, end)) {
      assembler.abandon();
      return;
    }
    if (header & 0x40) assembler.closeNal();
  }
}

/** `first_slice_segment_in_pic_flag` is the first bit after the NAL header. */
function isFirstSlice(buffer: Buffer, at: number, end: number): boolean {
  return at < end && ((buffer[at] as number) & 0x80) !== 0;
}
