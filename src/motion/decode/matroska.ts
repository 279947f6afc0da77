import type { VideoConfig } from '../../media/video-config.ts';

/**
 * The least of Matroska (RFC 9559) that carries single pictures into a decoder, each under a number of ours that comes
 * out again as its time. Elementary streams have no numbers, FLV has no H.265, MP4 would want an index first.
 *
 *      EBML | Segment, size unknown ( Info | Tracks ) | Cluster ( Timestamp | SimpleBlock ) | Cluster …
 */

const EBML = 0x1a45_dfa3;
const EBML_DOCUMENT_TYPE = 0x4282;
const SEGMENT = 0x1853_8067;
const INFO = 0x1549_a966;
const TIMESTAMP_SCALE = 0x2a_d7b1;
const TRACKS = 0x1654_ae6b;
const TRACK_ENTRY = 0xae;
const TRACK_NUMBER = 0xd7;
const TRACK_UID = 0x73c5;
const TRACK_TYPE = 0x83;
const CODEC_ID = 0x86;
const CODEC_PRIVATE = 0x63a2;
const VIDEO = 0xe0;
const PIXEL_WIDTH = 0xb0;
const PIXEL_HEIGHT = 0xba;
const CLUSTER = 0x1f43_b675;
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;

const TYPE_VIDEO = 1;
const NANOSECONDS_A_MILLISECOND = 1_000_000;
/** A size field of eight bytes, all ones: it ends when the stream does. */
const UNKNOWN_SIZE = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
const CODECS = { h264: 'V_MPEG4/ISO/AVC', h265: 'V_MPEGH/ISO/HEVC' } as const;

/** What stands before the first picture. Times are in milliseconds, the coarsest that every demuxer takes. */
export function matroskaHead(
  config: Pick<VideoConfig, 'codec' | 'width' | 'height' | 'decoderConfig'>,
): Buffer {
  return Buffer.concat([
    element(EBML, element(EBML_DOCUMENT_TYPE, Buffer.from('matroska', 'latin1'))),
    idBytes(SEGMENT),
    UNKNOWN_SIZE,
    element(INFO, unsigned(TIMESTAMP_SCALE, NANOSECONDS_A_MILLISECOND)),
    element(
      TRACKS,
      element(
        TRACK_ENTRY,
        unsigned(TRACK_NUMBER, 1),
        unsigned(TRACK_UID, 1),
        unsigned(TRACK_TYPE, TYPE_VIDEO),
        element(CODEC_ID, Buffer.from(CODECS[config.codec], 'latin1')),
        element(CODEC_PRIVATE, config.decoderConfig),
        element(VIDEO, unsigned(PIXEL_WIDTH, config.width), unsigned(PIXEL_HEIGHT, config.height)),
      ),
    ),
  ]);
}

/**
 * A picture, in a cluster of its own.
 * @param id its time, in milliseconds: rising from one to the next
 * @param parts length-prefixed NAL units, in order
 * @param key it stands alone
 */
export function matroskaPicture(id: number, parts: readonly Uint8Array[], key: boolean): Buffer[] {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  // Track 1, no time of its own beside the cluster's, a key frame or not.
  const blockHead = Buffer.from([0x81, 0, 0, key ? 0x80 : 0]);
  const timestamp = unsigned(TIMESTAMP, id);
  const block = Buffer.concat([idBytes(SIMPLE_BLOCK), sizeBytes(blockHead.length + bytes), blockHead]);
  return [
    Buffer.concat([idBytes(CLUSTER), sizeBytes(timestamp.length + block.length + bytes), timestamp, block]),
    ...parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
  ];
}

function element(id: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([idBytes(id), sizeBytes(bytes), ...content]);
}

function unsigned(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return element(id, bytes);
}

/** An id holds its own length in its leading bits. */
function idBytes(id: number): Buffer {
  const length = id > 0xff_ffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1;
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(id, 0, length);
  return bytes;
}

/** Always eight bytes: `0x01` and 56 bits. */
function sizeBytes(size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(size));
  bytes[0] = 0x01;
  return bytes;
}
