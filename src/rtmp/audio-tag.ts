/** What the rest of an audio message is. */
export type AudioTagKind =
  | 'config' // AudioSpecificConfig of AAC, identification header of Opus
  | 'frame'
  | 'other' // nothing to record, or a codec that is not recorded here
  | 'broken';

export type AudioTagCodec = 'aac' | 'pcma' | 'pcmu' | 'opus';

const PCM_A_LAW = 7;
const PCM_MU_LAW = 8;
const ENHANCED = 9;
const AAC = 10;
const FOUR_CC: Readonly<Record<string, AudioTagCodec>> = { mp4a: 'aac', Opus: 'opus' };

/**
 * The header of an audio message: FLV (Adobe FLV 10.1, annex E.4.2) and enhanced RTMP v2, section "Enhanced Audio".
 *
 * ```
 *  FLV       | format 4, rate 2, size 1, stereo 1 | AAC: packet 1 byte, 0 = configuration | data
 *  enhanced  | 9, packet 4 | four-character code | data
 * ```
 */
export class AudioTag {
  kind: AudioTagKind = 'other';
  codec: AudioTagCodec = 'aac';
  /** As FLV says it: right for G.711; AAC and Opus say it themselves. */
  channels = 1;
  /** Data is from here to the end. */
  dataStart = 0;

  read(bytes: Buffer, start: number, end: number): AudioTagKind {
    this.kind = start < end ? this.#header(bytes, start, end) : 'broken';
    return this.kind;
  }

  #header(bytes: Buffer, start: number, end: number): AudioTagKind {
    const first = bytes[start] as number;
    this.channels = (first & 1) + 1;
    switch (first >> 4) {
      case PCM_A_LAW:
      case PCM_MU_LAW:
        this.codec = first >> 4 === PCM_A_LAW ? 'pcma' : 'pcmu';
        this.dataStart = start + 1;
        return 'frame';
      case AAC:
        if (start + 2 > end) return 'broken';
        this.codec = 'aac';
        this.dataStart = start + 2;
        return bytes[start + 1] === 0 ? 'config' : 'frame';
      case ENHANCED: {
        if (start + 5 > end) return 'broken';
        const codec = FOUR_CC[bytes.toString('latin1', start + 1, start + 5)];
        if (!codec) return 'other';
        this.codec = codec;
        this.dataStart = start + 5;
        const packet = first & 0x0f;
        return packet === 0 ? 'config' : packet === 1 ? 'frame' : 'other';
      }
      default:
        return 'other';
    }
  }
}
