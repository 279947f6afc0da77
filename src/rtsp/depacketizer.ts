import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import { AccessUnitAssembler } from './access-unit-assembler.ts';
import { NalStream } from './nal-stream.ts';

/** Where the type stands in the first byte of a header, how long that is, and which types are no NAL units. */
interface PayloadFormat {
  readonly typeBits: number;
  readonly typeShift: number;
  readonly headerBytes: number;
  /** In place, as they stand in that byte. */
  readonly aggregation: number;
  readonly fragmentation: number;
}

const FORMATS: Readonly<Record<'h264' | 'h265', PayloadFormat>> = {
  h264: { typeBits: 0x1f, typeShift: 0, headerBytes: 1, aggregation: 24, fragmentation: 28 },
  h265: { typeBits: 0x7e, typeShift: 1, headerBytes: 2, aggregation: 48 << 1, fragmentation: 49 << 1 },
};

/**
 * NAL units over RTP, one a video track. H.264, RFC 6184: single NAL units, STAP-A and FU-A (packetization modes 0 and
 * 1). H.265, RFC 7798: single NAL units, aggregation packets and fragmentation units, without DONL fields
 * (`sprop-max-don-diff` 0, which is what cameras send).
 *
 * ```
 *              0                   1                   2
 *              0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
 * FU-A:       |F|NRI|   28    |S|E|R|  Type   |  fragment …
 * FU, H.265:  |F|    49     |  LayerId  | TID |S|E|   Type    |  fragment …
 * ```
 *
 * Of the FU header only S and E count, and the type where S is set: in later fragments Tiandy sends another type (J8),
 * Longse sets R (J9). Payload types that are not known are passed over (J21).
 */
export class Depacketizer {
  readonly #format: PayloadFormat;
  readonly #assembler: AccessUnitAssembler;
  readonly #nals: NalStream;

  constructor(codec: 'h264' | 'h265', sink: AccessUnitSink) {
    this.#format = FORMATS[codec];
    this.#assembler = new AccessUnitAssembler(sink);
    this.#nals = new NalStream(codec, this.#assembler);
  }

  /** Pictures dropped because of lost or senseless packets. */
  get damaged(): number {
    return this.#assembler.damaged;
  }

  /**
   * Takes the payload of RTP packets, in order.
   * @param buffer shared read buffer; the payload is [start, end) and only valid during the call
   * @param timestamp RTP timestamp, unsigned 32-bit
   * @param lost packets are missing right before this one
   */
  packet(
    buffer: Buffer,
    start: number,
    end: number,
    timestamp: number,
    marker: boolean,
    lost: boolean,
  ): void {
    const { typeBits, headerBytes, aggregation, fragmentation } = this.#format;
    const content = start + headerBytes;
    const type = content <= end ? (buffer[start] as number) & typeBits : -1;
    const isFragment = type === fragmentation;
    const flags = isFragment && content < end ? (buffer[content] as number) : 0;
    if (isFragment && flags < 0x40 && !lost && !marker && this.#nals.middle(buffer, content + 1, end)) return;
    if (lost) this.#nals.reset();
    this.#assembler.beginPacket(timestamp, lost, isFragment && flags < 0x80);
    if (isFragment) this.#fragment(buffer, start, end, flags);
    else if (type === aggregation) this.#aggregate(buffer, content, end);
    else if (type >= 0 && type < aggregation) this.#nals.whole(buffer, start, end);
    this.#assembler.endPacket(marker);
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
      // An entry of no length is padding (J13, J14).
      if (size > 0) this.#nals.whole(buffer, at, at + size);
      at += size;
    }
  }

  #fragment(buffer: Buffer, start: number, end: number, flags: number): void {
    const { typeBits, typeShift, headerBytes } = this.#format;
    const content = start + headerBytes + 1;
    if (content > end) return;
    if (flags >= 0x80) {
      const first = ((buffer[start] as number) & ~typeBits) | ((flags << typeShift) & typeBits);
      const second = headerBytes > 1 ? (buffer[start + 1] as number) : 0;
      this.#nals.begin(first, second);
    }
    if (!this.#nals.continue(buffer, content, end, (flags & 0x40) !== 0)) this.#assembler.abandon();
  }
}
