import type { AccessUnitSink } from '../media/access-unit-sink.ts';
import {
  NAL_KEY_SLICE,
  NAL_OTHER,
  NAL_PARAMETER_SET,
  NAL_PREFIX,
  NAL_SLICE,
  type NalKind,
} from './nal-syntax.ts';
import { INTER, type IntraKind, RandomAccess } from './random-access.ts';

/** So many pictures in a row must have ended at their marker before a marker ends one at once. */
const PROOF_OF_MARKERS = 8;
/** Real pictures have up to 68 slices (H.264) or 600 (H.265), and a handful of other units (J34). */
const MAX_NALS = 1_024;
/** A picture of 4K, all intra, has about 4 MB; beyond this it is garbage (J34). */
const MAX_BYTES = 12 * 1024 * 1024;

/**
 * Finds the borders of pictures (access units) in a stream of NAL units, the same way for H.264 and H.265.
 *
 * A picture ends with the RTP marker, when the timestamp changes, or when a slice says that it is the first of a
 * picture: cameras exist that get any one of the three wrong.
 * - No marker at all (J1): timestamp and first slice do.
 * - A marker on parameter sets or supplemental information (J2, J3): it counts only once a slice is there.
 * - A marker in mid-picture (J5): the first eight pictures of a stream wait for what comes after their marker, and a
 *   stream whose markers once lied is not believed again.
 * - What stands before the slices may bear the timestamp of the picture before (J4).
 * - A unit whose last fragment is not marked as such (J10, J11) is whole if no packet is missing.
 *
 * After a lost packet the picture is dropped as a whole. The next one is kept if it shows its beginning.
 *
 * Called for every packet: no allocation.
 */
export class AccessUnitAssembler {
  /** Pictures dropped because a packet was lost or made no sense. */
  damaged = 0;

  readonly #sink: AccessUnitSink;
  readonly #randomAccess = new RandomAccess();
  #timestamp = -1;
  /** NAL units of the current picture have been handed on. */
  #begun = false;
  #hasSlice = false;
  #key = false;
  #slices = 0;
  #intra: IntraKind = INTER;
  #nals = 0;
  #bytes = 0;
  /** The rest of the current picture is to be dropped. */
  #skipping = false;
  /** A packet was lost: whether the next picture is whole shows in its first NAL unit. */
  #suspicious = false;
  #inNal = false;
  /** The current picture has had its marker, and what comes next shows whether that was true. */
  #marked = false;
  #markersProven = 0;
  #markersLie = false;
  /** Timestamp of the last picture that ended at its marker. */
  #markedTimestamp = -1;

  constructor(sink: AccessUnitSink) {
    this.#sink = sink;
  }

  /**
   * Call first for each packet.
   * @param lost packets are missing right before this one
   * @param continues it holds a later fragment of a NAL unit
   */
  beginPacket(timestamp: number, lost: boolean, continues: boolean): void {
    // A picture's timestamp is that of its beginning.
    if (continues && this.#inNal && !lost) {
      if (this.#marked) this.#markersLie = true;
      this.#marked = false;
      return;
    }
    if (lost && this.#begun) {
      // With its marker it was whole; any other one may have lost its end.
      if (this.#marked) this.#finish();
      else this.abandon();
    }
    if (lost) this.#sink.packetsMissing?.();
    if (timestamp === this.#timestamp) {
      if (lost) this.#suspicious = !this.#skipping;
      return;
    }
    if (this.#hasSlice) this.#finish();
    this.#timestamp = timestamp;
    this.#skipping = false;
    this.#suspicious = lost;
  }

  /** Call last for each packet. */
  endPacket(marker: boolean): void {
    if (!marker || this.#markersLie) return;
    if (this.#skipping) {
      // The end of what is being dropped: the next picture may have the same timestamp.
      this.#skipping = false;
      this.#suspicious = true;
    } else if (this.#hasSlice) {
      if (this.#inNal || this.#markersProven < PROOF_OF_MARKERS) this.#marked = true;
      else this.#finishAtMarker();
    }
  }

  /** A NAL unit that is there as a whole; `starts` and `intra` as in `openNal`. */
  nal(kind: NalKind, starts: boolean, intra: IntraKind, source: Buffer, start: number, end: number): void {
    if (kind === NAL_PARAMETER_SET) {
      if (this.#marked) this.#finish();
      this.#suspicious = false;
      this.#sink.parameterSet(source, start, end);
      return;
    }
    if (!this.openNal(kind, starts, intra)) return;
    this.continueNal(source, start, end);
    this.closeNal();
  }

  /**
   * Begins a NAL unit that comes in pieces. False: it is not wanted.
   * @param starts of a slice: it is the first one of its picture
   * @param intra of such a slice
   */
  openNal(kind: NalKind, starts: boolean, intra: IntraKind): boolean {
    if (this.#inNal) this.closeNal();
    const slice = kind === NAL_SLICE || kind === NAL_KEY_SLICE;
    if (this.#hasSlice && (kind === NAL_PREFIX || (slice && starts))) this.#finish();
    if (slice && starts) this.#skipping = false;
    else if (slice && this.#refutesMarker()) this.#markersLie = true;
    if (this.#suspicious) {
      this.#suspicious = false;
      if (kind === NAL_OTHER || (slice && !starts)) this.abandon();
    }
    if (this.#skipping) return false;
    if (++this.#nals > MAX_NALS) {
      this.abandon();
      return false;
    }
    if (slice) {
      this.#hasSlice = true;
      this.#slices++;
      if (starts) this.#intra = intra;
      if (kind === NAL_KEY_SLICE) this.#key = true;
    }
    this.#begun = true;
    this.#inNal = true;
    this.#sink.beginNal();
    return true;
  }

  headerByte(value: number): void {
    if (this.#inNal) this.#sink.writeByte(value);
  }

  /** A piece of the open NAL unit; false when none is open: its beginning was lost. */
  continueNal(source: Buffer, start: number, end: number): boolean {
    if (!this.#inNal) return false;
    this.#bytes += end - start;
    if (this.#bytes > MAX_BYTES) this.abandon();
    else this.#sink.write(source, start, end);
    return true;
  }

  closeNal(): void {
    if (!this.#inNal) return;
    this.#inNal = false;
    this.#sink.endNal();
  }

  /** The picture to come, or that has begun, is a recovery point: see `RandomAccess`. */
  recoveryPoint(pictures: number): void {
    if (!this.#skipping) this.#randomAccess.announce(pictures);
  }

  /** Drops the picture that is being received, with everything of it that still comes. */
  abandon(): void {
    if (!this.#skipping) {
      this.damaged++;
      this.#sink.abandonAccessUnit();
    }
    this.#reset();
    this.#randomAccess.forget();
    this.#skipping = true;
    this.#suspicious = false;
  }

  /** A slice goes on with a picture that its marker had ended. */
  #refutesMarker(): boolean {
    if (this.#marked) {
      this.#marked = false;
      return true;
    }
    if (this.#begun || this.#suspicious || this.#skipping || this.#timestamp !== this.#markedTimestamp)
      return false;
    // What came before the marker has been handed on already: the rest alone is no picture.
    this.abandon();
    return true;
  }

  #finishAtMarker(): void {
    this.#finish();
    this.#markedTimestamp = this.#timestamp;
  }

  /** Hands on the picture. */
  #finish(): void {
    this.closeNal();
    if (this.#marked) this.#markersProven++;
    const key = this.#randomAccess.take(this.#key, this.#intra, this.#slices);
    this.#reset();
    this.#sink.endAccessUnit(this.#timestamp, key);
  }

  #reset(): void {
    this.#begun = false;
    this.#hasSlice = false;
    this.#slices = 0;
    this.#key = false;
    this.#intra = INTER;
    this.#nals = 0;
    this.#bytes = 0;
    this.#inNal = false;
    this.#marked = false;
  }
}
