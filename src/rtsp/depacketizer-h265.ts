import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import { AccessUnitAssembler } from './access-unit-assembler.ts';
import type { Depacketizer } from './depacketizer.ts';
import { NalStream } from './nal-stream.ts';

const AGGREGATION = 48;
const FRAGMENTATION = 49;

/**
 * H.265 over RTP, RFC 7798: single NAL units, aggregation packets and fragmentation units, without DONL fields
 * (`sprop-max-don-diff` 0, which is what cameras send).
 *
 * ```
 * NAL header:  |F|   Type    |  LayerId  | TID |      FU header:  |S|E|  FuType   |
 *               1      6           6        3                      1 1      6
 * ```
 *
 * Of the FU header only S and E count, and the type where S is set (J8). Payload types that are not known are passed
 * over (J21).
 */
export class H265Depacketizer implements Depacketizer {
  readonly #assembler: AccessUnitAssembler;
  readonly #nals: NalStream;

  constructor(sink: AccessUnitSink) {
    this.#assembler = new AccessUnitAssembler(sink);
    this.#nals = new NalStream('h265', this.#assembler);
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
    const type = end - start >= 2 ? ((buffer[start] as number) >> 1) & 0x3f : -1;
    const flags = type === FRAGMENTATION && end - start >= 3 ? (buffer[start + 2] as number) : 0;
    if (
      type === FRAGMENTATION &&
      flags < 0x40 &&
      !lost &&
      !marker &&
      this.#nals.middle(buffer, start + 3, end)
    )
      return;
    if (lost) this.#nals.reset();
    this.#assembler.beginPacket(timestamp, lost, type === FRAGMENTATION && flags < 0x80);
    if (type === FRAGMENTATION) this.#fragment(buffer, start, end, flags);
    else if (type === AGGREGATION) this.#aggregate(buffer, start + 2, end);
    else if (type >= 0 && type < AGGREGATION) this.#nals.whole(buffer, start, end);
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
      if (size > 0) this.#nals.whole(buffer, at, at + size);
      at += size;
    }
  }

  #fragment(buffer: Buffer, start: number, end: number, flags: number): void {
    if (end - start < 3) return;
    if (flags >= 0x80) {
      this.#nals.begin(
        ((buffer[start] as number) & 0x81) | ((flags & 0x3f) << 1),
        buffer[start + 1] as number,
      );
    }
    if (!this.#nals.continue(buffer, start + 3, end, (flags & 0x40) !== 0)) this.#assembler.abandon();
  }
}
