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

const STAP_A = 24;
const FU_A = 28;

/** Kind of each H.264 NAL unit type (Rec. ITU-T H.264 table 7-1). */
const KINDS: readonly NalKind[] = Array.from({ length: 32 }, (_, type): NalKind => {
  if (type === 5) return NAL_KEY_SLICE;
  if (type >= 1 && type <= 4) return NAL_SLICE;
  if (type === 7 || type === 8) return NAL_PARAMETER_SET;
  if (type === 6 || type === 9) return NAL_PREFIX;
  return NAL_OTHER;
});

/**
 * H.264 over RTP, RFC 6184: single NAL units, STAP-A and FU-A (packetization modes 0 and 1).
 *
 * ```
 * FU-A:  +---------------+---------------+
 *        |0|1|2|3|4|5|6|7|0|1|2|3|4|5|6|7|
 *        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *        |F|NRI|  28     |S|E|R|  Type   |  fragment …
 *        +---------------+---------------+
 * ```
 */
export class H264Depacketizer implements Depacketizer {
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
    if (end > start) {
      const type = (buffer[start] as number) & 0x1f;
      if (type === FU_A) this.#fragment(buffer, start, end);
      else if (type === STAP_A) this.#aggregate(buffer, start + 1, end);
      else if (type >= 1 && type < STAP_A) this.#single(buffer, start, end);
      else assembler.abandon();
    }
    assembler.endPacket(marker);
  }

  #single(buffer: Buffer, start: number, end: number): void {
    const kind = KINDS[(buffer[start] as number) & 0x1f] as NalKind;
    this.#assembler.nal(kind, isFirstSlice(buffer, start + 1, end), buffer, start, end);
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
      if (size > 0) this.#single(buffer, at, at + size);
      at += size;
    }
  }

  #fragment(buffer: Buffer, start: number, end: number): void {
    const assembler = this.#assembler;
    if (end - start < 2) return;
    const header = buffer[start + 1] as number;
    if (header & 0x80) {
      const kind = KINDS[header & 0x1f] as NalKind;
      if (assembler.openNal(kind, isFirstSlice(buffer, start + 2, end))) {
        assembler.headerByte(((buffer[start] as number) & 0xe0) | (header & 0x1f));
      }
    }
    if (!assembler.continueNal(buffer, start + 2, end)) {
      assembler.abandon();
      return;
    }
    if (header & 0x40) assembler.closeNal();
  }
}

/** `first_mb_in_slice` is Exp-Golomb coded: zero, the picture's first macroblock, is a single 1 bit. */
function isFirstSlice(buffer: Buffer, at: number, end: number): boolean {
  return at < end && ((buffer[at] as number) & 0x80) !== 0;
}
