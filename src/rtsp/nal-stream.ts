import { findRecoveryPoint } from './recovery-point.ts';
import type { AccessUnitAssembler } from './access-unit-assembler.ts';
import {
  NAL_KEY_SLICE,
  NAL_PARAMETER_SET,
  NAL_SKIP,
  NAL_SLICE,
  NAL_SYNTAX,
  type NalSyntax,
  startsPicture,
} from './nal-syntax.ts';
import { findStartCode, withoutZeros } from './start-code.ts';

/** Slices of a new stream that are searched for start codes: who nests units does so from the beginning. */
const SEARCHED_SLICES = 64;
/** Longest parameter set or information that is put together from fragments. */
const MAX_COLLECTED_BYTES = 4096;
const FORBIDDEN_BIT = 0x80;
const ZEROS = Buffer.alloc(1024);

/** Where the bytes of a fragmented unit go. */
const NOTHING_OPEN = 0;
/** The header is not there as a whole, or the byte after it. */
const IN_HEADER = 1;
const IN_PICTURE = 2;
/** Kept until it is whole, as it must be looked into. */
const COLLECTED = 3;
const IN_SKIPPED = 4;

/**
 * Between the payload of packets and the pictures: NAL units, whole or in fragments, become what they are.
 *
 * Cameras exist that put into one unit what their encoder wrote at once: parameter sets and a key frame, or all the
 * slices of a picture, with start codes between them and perhaps before them (J15 to J17). A unit contains no start
 * code, so each one found ends a unit. Searching every byte would cost as much as all the rest; so what is searched is
 * every unit that is no slice, the first slices of a stream, and all slices once one was found to be more than one.
 *
 * Called for every packet: allocates nothing, but for supplemental information that may hold a recovery point.
 */
export class NalStream {
  readonly #codec: 'h264' | 'h265';
  readonly #syntax: NalSyntax;
  readonly #assembler: AccessUnitAssembler;
  #slicesToSearch = SEARCHED_SLICES;
  #nested = false;

  #open: 0 | 1 | 2 | 3 | 4 = NOTHING_OPEN;
  #searching = false;
  /** Zeros at the end of the last fragment: part of the unit, or of a start code that goes on in the next one. */
  #zeros = 0;
  /** Header of the open unit and the byte after it. */
  readonly #head = Buffer.alloc(3);
  #headLength = 0;
  readonly #collected = Buffer.alloc(MAX_COLLECTED_BYTES);
  #collectedLength = 0;

  constructor(codec: 'h264' | 'h265', assembler: AccessUnitAssembler) {
    this.#codec = codec;
    this.#syntax = NAL_SYNTAX[codec];
    this.#assembler = assembler;
  }

  /** A NAL unit that is there as a whole. */
  whole(buffer: Buffer, start: number, end: number): void {
    if (this.#open !== NOTHING_OPEN) this.end();
    if (start >= end) return;
    if (!this.#mustSearch(buffer[start] as number, buffer[start + 1] ?? 0)) {
      this.#emit(buffer, start, end);
      return;
    }
    let at = start;
    for (let code = findStartCode(buffer, at, end); code >= 0; code = findStartCode(buffer, at, end)) {
      this.#nested = true;
      this.#emit(buffer, at, code);
      at = code + 3;
    }
    this.#emit(buffer, at, end);
  }

  /**
   * Begins a unit that comes in fragments.
   * @param second of the header, 0 where the codec has one byte
   */
  begin(first: number, second: number): void {
    if (this.#open !== NOTHING_OPEN) this.end();
    this.#open = IN_HEADER;
    this.#searching = this.#mustSearch(first, second);
    this.#head[0] = first;
    this.#head[1] = second;
    this.#headLength = this.#syntax.headerBytes;
    if (first === 0 && second === 0) {
      // No header, but the beginning of a start code that was taken for one.
      this.#zeros = this.#headLength;
      this.#headLength = 0;
    }
  }

  /** A fragment from the middle of a slice that is being received: nearly all packets. False: take the long way. */
  middle(buffer: Buffer, start: number, end: number): boolean {
    return this.#open === IN_PICTURE && !this.#searching && this.#assembler.continueNal(buffer, start, end);
  }

  /** Content of a fragment; false when none has begun. */
  continue(buffer: Buffer, start: number, end: number, last: boolean): boolean {
    if (this.#open === NOTHING_OPEN) return false;
    if (this.#searching) this.#search(buffer, start, end);
    else this.#put(buffer, start, last ? withoutZeros(buffer, start, end) : end);
    if (last) this.end();
    return true;
  }

  /** Ends the unit that comes in fragments. */
  end(): void {
    this.#endUnit();
    this.#open = NOTHING_OPEN;
  }

  /** Packets were lost, and with them the rest of what is open. */
  reset(): void {
    this.#open = NOTHING_OPEN;
    this.#zeros = 0;
    this.#headLength = 0;
  }

  #mustSearch(first: number, second: number): boolean {
    if (first === 0 && second === 0) return true;
    const kind = this.#syntax.kinds[first];
    if ((kind !== NAL_SLICE && kind !== NAL_KEY_SLICE) || this.#nested) return true;
    if (this.#slicesToSearch === 0) return false;
    this.#slicesToSearch--;
    return true;
  }

  /** One whole unit, surely. */
  #emit(buffer: Buffer, start: number, untrimmed: number): void {
    const { headerBytes, kinds, isSei, intra } = this.#syntax;
    const end = withoutZeros(buffer, start, untrimmed);
    const content = start + headerBytes;
    if (content >= end || !this.#isSound(buffer, start)) return;
    const first = buffer[start] as number;
    const kind = kinds[first] ?? NAL_SKIP;
    if (kind === NAL_SKIP) return;
    const assembler = this.#assembler;
    const next = buffer[content] as number;
    if (first < FORBIDDEN_BIT || kind === NAL_PARAMETER_SET) {
      assembler.nal(kind, startsPicture(next), intra[next] ?? 0, buffer, start, end);
    } else if (assembler.openNal(kind, startsPicture(next), intra[next] ?? 0)) {
      assembler.headerByte(first & ~FORBIDDEN_BIT);
      assembler.continueNal(buffer, start + 1, end);
      assembler.closeNal();
    }
    if (isSei[first]) {
      const pictures = findRecoveryPoint(this.#codec, buffer, content, end);
      if (pictures >= 0) assembler.recoveryPoint(pictures);
    }
  }

  /** The temporal id of H.265 is never zero in a header; in the middle of a start code it is. */
  #isSound(buffer: Buffer, start: number): boolean {
    return this.#syntax.headerBytes === 1 || ((buffer[start + 1] as number) & 7) !== 0;
  }

  #search(buffer: Buffer, start: number, end: number): void {
    let at = start;
    if (this.#zeros > 0) {
      while (at < end && buffer[at] === 0) at++;
      const zeros = this.#zeros + at - start;
      this.#zeros = zeros;
      if (at === end) return;
      if (zeros >= 2 && buffer[at] === 1) {
        this.#endUnit();
        this.#beginNested();
        at++;
      } else {
        this.#flushZeros();
      }
    }
    for (let code = findStartCode(buffer, at, end); code >= 0; code = findStartCode(buffer, at, end)) {
      this.#put(buffer, at, withoutZeros(buffer, at, code));
      this.#endUnit();
      this.#beginNested();
      at = code + 3;
    }
    const solid = withoutZeros(buffer, at, end);
    this.#put(buffer, at, solid);
    this.#zeros = end - solid;
  }

  #flushZeros(): void {
    while (this.#zeros > 0) {
      const count = Math.min(this.#zeros, ZEROS.length);
      this.#zeros -= count;
      this.#put(ZEROS, 0, count);
    }
  }

  #beginNested(): void {
    this.#nested = true;
    this.#open = IN_HEADER;
    this.#headLength = 0;
  }

  #put(buffer: Buffer, start: number, end: number): void {
    let at = start;
    if (this.#open === IN_HEADER) {
      while (at < end && this.#headLength <= this.#syntax.headerBytes) {
        this.#head[this.#headLength++] = buffer[at++] as number;
      }
      if (this.#headLength <= this.#syntax.headerBytes) return;
      this.#openUnit();
    }
    if (at >= end) return;
    if (this.#open === IN_PICTURE) {
      this.#assembler.continueNal(buffer, at, end);
    } else if (this.#open === COLLECTED) {
      if (this.#collectedLength + end - at > MAX_COLLECTED_BYTES) this.#giveUpCollecting(buffer, at, end);
      else this.#collectedLength += buffer.copy(this.#collected, this.#collectedLength, at, end);
    }
  }

  #openUnit(): void {
    const { headerBytes, kinds, isSei, intra } = this.#syntax;
    const head = this.#head;
    const first = (head[0] as number) & ~FORBIDDEN_BIT;
    const next = head[headerBytes] as number;
    const kind = this.#isSound(head, 0) ? (kinds[first] ?? NAL_SKIP) : NAL_SKIP;
    this.#open = IN_SKIPPED;
    if (kind === NAL_PARAMETER_SET || (isSei[first] && kind !== NAL_SKIP)) {
      this.#open = COLLECTED;
      this.#collectedLength = head.copy(this.#collected, 0, 0, headerBytes + 1);
    } else if (kind !== NAL_SKIP && this.#assembler.openNal(kind, startsPicture(next), intra[next] ?? 0)) {
      this.#open = IN_PICTURE;
      this.#assembler.headerByte(first);
      for (let i = 1; i <= headerBytes; i++) this.#assembler.headerByte(head[i] as number);
    }
  }

  /** No parameter set is so long; information may be, and then goes on as it comes. */
  #giveUpCollecting(buffer: Buffer, start: number, end: number): void {
    const kind = this.#syntax.kinds[this.#collected[0] as number];
    this.#open = IN_SKIPPED;
    if (kind === NAL_PARAMETER_SET || kind === undefined || !this.#assembler.openNal(kind, false, 0)) return;
    this.#open = IN_PICTURE;
    this.#assembler.continueNal(this.#collected, 0, this.#collectedLength);
    this.#assembler.continueNal(buffer, start, end);
  }

  /** What is open is whole: zeros that came last belong to no unit. */
  #endUnit(): void {
    if (this.#open === IN_PICTURE) this.#assembler.closeNal();
    else if (this.#open === COLLECTED) this.#emit(this.#collected, 0, this.#collectedLength);
    this.#zeros = 0;
    this.#headLength = 0;
  }
}
