import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import { AccessUnitAssembler } from './access-unit-assembler.ts';
import type { Depacketizer } from './depacketizer.ts';
import { NalStream } from './nal-stream.ts';

const STAP_A = 24;
const FU_A = 28;

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
 *
 * Of the FU header only S and E count, and the type where S is set: in later fragments Tiandy sends another type (J8),
 * Longse sets R (J9). Payload types that are not known are passed over (J21).
 */
export class H264Depacketizer implements Depacketizer {
  readonly #assembler: AccessUnitAssembler;
  readonly #nals: NalStream;

  constructor(sink: AccessUnitSink) {
    this.#assembler = new AccessUnitAssembler(sink);
    this.#nals = new NalStream('h264', this.#assembler);
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
    const type = end > start ? (buffer[start] as number) & 0x1f : -1;
    const flags = type === FU_A && end - start >= 2 ? (buffer[start + 1] as number) : 0;
    if (type === FU_A && flags < 0x40 && !lost && !marker && this.#nals.middle(buffer, start + 2, end))
      return;
    if (lost) this.#nals.reset();
    this.#assembler.beginPacket(timestamp, lost, type === FU_A && flags < 0x80);
    if (type === FU_A) this.#fragment(buffer, start, end, flags);
    else if (type === STAP_A) this.#aggregate(buffer, start + 1, end);
    else if (type >= 0 && type < STAP_A) this.#nals.whole(buffer, start, end);
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
    if (end - start < 2) return;
    if (flags >= 0x80) this.#nals.begin(((buffer[start] as number) & 0xe0) | (flags & 0x1f), 0);
    if (!this.#nals.continue(buffer, start + 2, end, (flags & 0x40) !== 0)) this.#assembler.abandon();
  }
}
