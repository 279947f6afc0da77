import type { AccessUnitSink } from '../media/access-unit-sink.ts';

/** What a NAL unit means for finding the borders of pictures. */
export const NAL_OTHER = 0;
/** May only stand before the first slice of a picture: delimiter, supplemental information. */
export const NAL_PREFIX = 1;
export const NAL_SLICE = 2;
export const NAL_KEY_SLICE = 3;
export const NAL_PARAMETER_SET = 4;
export type NalKind = 0 | 1 | 2 | 3 | 4;

/**
 * Finds the borders of pictures (access units) in a stream of NAL units, the same way for H.264 and H.265.
 *
 * A picture ends with the RTP marker, when the timestamp changes, or when a slice says that it is the first of
 * a picture: cameras exist that get any one of the three wrong. A marker counts only once a slice is there, as
 * some cameras set it on parameter sets, and those are not part of any picture here anyhow.
 *
 * After a lost packet the picture is dropped as a whole. The next one is kept if it shows its beginning.
 *
 * Called for every packet: no allocation.
 */
export class AccessUnitAssembler {
  /** Pictures dropped because a packet was lost or made no sense. */
  damaged = 0;

  readonly #sink: AccessUnitSink;
  #timestamp = -1;
  /** NAL units of the current picture have been handed on. */
  #begun = false;
  #hasSlice = false;
  #key = false;
  /** The rest of the current picture is to be dropped. */
  #skipping = false;
  /** A packet was lost: whether the next picture is whole shows in its first NAL unit. */
  #suspicious = false;
  #inNal = false;

  constructor(sink: AccessUnitSink) {
    this.#sink = sink;
  }

  /** Call first for each packet, with whether packets are missing right before it. */
  beginPacket(timestamp: number, lost: boolean): void {
    if (timestamp !== this.#timestamp) {
      // A picture still open when packets are missing may have lost its end.
      if (lost && this.#begun) this.abandon();
      this.#finish();
      this.#timestamp = timestamp;
      this.#suspicious = lost;
    } else if (lost) {
      if (this.#begun) this.abandon();
      else this.#suspicious = !this.#skipping;
    }
  }

  /** Call last for each packet. */
  endPacket(marker: boolean): void {
    if (marker && this.#hasSlice && !this.#inNal) this.#finish();
  }

  /** A NAL unit that is there as a whole. */
  nal(kind: NalKind, firstSlice: boolean, source: Buffer, start: number, end: number): void {
    if (kind === NAL_PARAMETER_SET) {
      this.#suspicious = false;
      this.#sink.parameterSet(source, start, end);
      return;
    }
    if (!this.openNal(kind, firstSlice)) return;
    this.#sink.write(source, start, end);
    this.closeNal();
  }

  /** Begins a NAL unit that comes in fragments. False: it is not wanted. */
  openNal(kind: NalKind, firstSlice: boolean): boolean {
    if (this.#inNal) this.closeNal();
    const slice = kind === NAL_SLICE || kind === NAL_KEY_SLICE;
    if (this.#hasSlice && (kind === NAL_PREFIX || (slice && firstSlice))) this.#finish();
    if (this.#suspicious) {
      this.#suspicious = false;
      if (kind === NAL_OTHER || (slice && !firstSlice)) this.abandon();
    }
    if (this.#skipping) return false;
    if (slice) {
      this.#hasSlice = true;
      if (kind === NAL_KEY_SLICE) this.#key = true;
    }
    this.#begun = true;
    this.#inNal = true;
    this.#sink.beginNal();
    return true;
  }

  headerByte(value: number): void {
    this.#sink.writeByte(value);
  }

  /** A fragment of the open NAL unit; false when none is open: its beginning was lost. */
  continueNal(source: Buffer, start: number, end: number): boolean {
    if (!this.#inNal) return false;
    this.#sink.write(source, start, end);
    return true;
  }

  closeNal(): void {
    if (!this.#inNal) return;
    this.#inNal = false;
    this.#sink.endNal();
  }

  /** Drops the picture that is being received, with everything of it that still comes. */
  abandon(): void {
    if (!this.#skipping) {
      this.damaged++;
      this.#sink.abandonAccessUnit();
    }
    this.#skipping = true;
    this.#suspicious = false;
    this.#begun = false;
    this.#hasSlice = false;
    this.#key = false;
    this.#inNal = false;
  }

  #finish(): void {
    // A NAL unit whose last fragment never came is cut short: the picture is not whole.
    if (this.#inNal) this.abandon();
    if (this.#hasSlice) this.#sink.endAccessUnit(this.#timestamp, this.#key);
    else if (this.#begun) this.#sink.abandonAccessUnit();
    this.#begun = false;
    this.#hasSlice = false;
    this.#key = false;
    this.#skipping = false;
  }
}
