/** What the rest of a video message is. */
export type VideoTagKind =
  | 'config' // avcC or hvcC
  | 'frame' // NAL units, each with its length before it
  | 'other' // metadata, the end of a sequence, commands: nothing to record
  | 'unsupported' // a codec that is not recorded here
  | 'broken'; // shorter than its own header says

/** Codecs with more names than one. HEVC as number 12 is a habit of older Chinese encoders and ffmpeg forks. */
const LEGACY_CODECS: Readonly<Record<number, 'h264' | 'h265'>> = { 7: 'h264', 12: 'h265' };
const FOUR_CC: Readonly<Record<string, 'h264' | 'h265'>> = {
  avc1: 'h264',
  hvc1: 'h265',
  hev1: 'h265',
};

const COMMAND_FRAME = 5;
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const CODED_FRAMES_X = 3;
const MULTITRACK = 6;
const MOD_EX = 7;
/** Extensions before a frame; the standard has one, with the nanoseconds of the timestamp. */
const MAX_EXTENSIONS = 8;
const ONE_TRACK = 0;
const MANY_CODECS = 2;

/**
 * The header of a video message: FLV (Adobe FLV 10.1, annex E.4.3) and enhanced RTMP v2, section "Enhanced Video".
 *
 * ```
 *  FLV       | frame type 4, codec 4 | packet 1 byte | composition time, signed 24 bits | data
 *  enhanced  | 1, frame type 3, packet 4 | four-character code | composition time of packet 1 | data
 * ```
 *
 * One object reads any number of messages: nothing is allocated for one that is recorded.
 */
export class VideoTag {
  kind: VideoTagKind = 'other';
  codec: 'h264' | 'h265' = 'h264';
  /** What is not supported, for people: `av01`, `codec 2`. */
  codecName = '';
  /** Presentation minus decoding, milliseconds: negative where an encoder counts from the other end (L9). */
  compositionMillis = 0;
  /** Data is from here to `dataEnd`. */
  dataStart = 0;
  dataEnd = 0;

  read(bytes: Buffer, start: number, end: number): VideoTagKind {
    this.compositionMillis = 0;
    this.dataEnd = end;
    const first = start < end ? (bytes[start] as number) : 0;
    if (start >= end) this.kind = 'broken';
    else if (((first >> 4) & 7) === COMMAND_FRAME) this.kind = 'other';
    else if (first & 0x80) this.kind = this.#enhanced(bytes, start, end);
    else this.kind = this.#legacy(bytes, start, end);
    return this.kind;
  }

  #legacy(bytes: Buffer, start: number, end: number): VideoTagKind {
    const number = (bytes[start] as number) & 0x0f;
    const codec = LEGACY_CODECS[number];
    if (!codec) return this.#unsupported(`codec ${number}`);
    this.codec = codec;
    if (start + 5 > end) return 'broken';
    this.compositionMillis = bytes.readIntBE(start + 2, 3);
    this.dataStart = start + 5;
    const packet = bytes[start + 1];
    return packet === 0 ? 'config' : packet === 1 ? 'frame' : 'other';
  }

  #enhanced(bytes: Buffer, start: number, end: number): VideoTagKind {
    let packet = (bytes[start] as number) & 0x0f;
    let at = start + 1;
    for (let extensions = 0; packet === MOD_EX; extensions++) {
      // Size minus one in a byte, or, where that is full, in the two that follow; then 4 bits of kind, 4 of packet.
      let size = (bytes[at] ?? 0) + 1;
      at += 1;
      if (size === 256 && at + 2 <= end) {
        size = bytes.readUInt16BE(at) + 1;
        at += 2;
      }
      at += size;
      if (at >= end || extensions >= MAX_EXTENSIONS) return 'broken';
      packet = (bytes[at] as number) & 0x0f;
      at += 1;
    }
    let tracks: number | undefined;
    if (packet === MULTITRACK) {
      if (at >= end) return 'broken';
      tracks = (bytes[at] as number) >> 4;
      packet = (bytes[at] as number) & 0x0f;
      at += 1;
    }
    if (at + 4 > end) return 'broken';
    const name = bytes.toString('latin1', at, at + 4);
    at += 4;
    if (tracks !== undefined) {
      const track = this.#firstTrack(bytes, at, end, tracks);
      if (track !== undefined) return track;
      at = this.dataStart;
    }
    const codec = FOUR_CC[name];
    if (!codec) return this.#unsupported(name);
    this.codec = codec;
    if (packet === CODED_FRAMES) {
      if (at + 3 > this.dataEnd) return 'broken';
      this.compositionMillis = bytes.readIntBE(at, 3);
      at += 3;
    }
    this.dataStart = at;
    if (packet === SEQUENCE_START) return 'config';
    return packet === CODED_FRAMES || packet === CODED_FRAMES_X ? 'frame' : 'other';
  }

  /** Of several tracks the one with number 0 is recorded; it comes first where a message holds many. */
  #firstTrack(bytes: Buffer, at: number, end: number, tracks: number): VideoTagKind | undefined {
    if (at >= end || tracks > MANY_CODECS) return 'broken';
    const isFirst = bytes[at] === 0;
    this.dataStart = at + 1;
    if (tracks !== ONE_TRACK) {
      if (at + 4 > end) return 'broken';
      this.dataStart = at + 4;
      this.dataEnd = this.dataStart + bytes.readUIntBE(at + 1, 3);
      if (this.dataEnd > end) return 'broken';
    }
    return isFirst ? undefined : 'other';
  }

  #unsupported(name: string): VideoTagKind {
    this.codecName = /^[\w.-]+(?: \d+)?$/.test(name) ? name : 'unknown';
    return 'unsupported';
  }
}
