/** Packets of a new source in order, with none of the old one between them, that make it the source (RFC 3550 A.1). */
const PROOF = 4;
/** Of two packets in order, at most so many are lost between them. */
const MAX_STEP = 16;

/**
 * Packets of a source that is not the stream's: strays of another session (I1), or the camera's encoder started anew
 * with another SSRC. Which of the two it is shows after a few packets, which are kept meanwhile: a new source begins
 * with a key frame, and that must not be lost. Allocates, as it is nothing that happens often.
 */
export class SourceCandidate {
  readonly packets: Buffer[] = [];
  #ssrc = -1;
  #payloadType = -1;
  #sequence = 0;

  /** Keeps a copy of a packet; whether that proves its source. The caller then takes `packets` and calls `clear`. */
  offer(header: CandidateHeader, buffer: Buffer, start: number, end: number): boolean {
    const step = (header.sequence - this.#sequence) & 0xffff;
    const continues =
      header.ssrc === this.#ssrc &&
      header.payloadType === this.#payloadType &&
      step >= 1 &&
      step <= MAX_STEP &&
      this.packets.length > 0;
    if (!continues) this.clear();
    this.#ssrc = header.ssrc;
    this.#payloadType = header.payloadType;
    this.#sequence = header.sequence;
    this.packets.push(Buffer.from(buffer.subarray(start, end)));
    return this.packets.length >= PROOF;
  }

  clear(): void {
    this.packets.length = 0;
  }
}

interface CandidateHeader {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly sequence: number;
}
