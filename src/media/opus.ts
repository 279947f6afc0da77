import type { AudioConfig } from './audio-config.ts';

/** Opus always counts at this rate, whatever was recorded (RFC 7587 section 4.1). */
const OPUS_RATE = 48_000;
/** A packet holds 120 ms at most (RFC 6716 section 3.2.5). */
const MAX_PACKET_SAMPLES = 5_760;
const CODE_ARBITRARY = 3;
const MAGIC = 'OpusHead';
const HEAD_BYTES = 19;
const CHANNELS_AT = 9;

/** Samples of one frame by the packet's configuration number (RFC 6716 table 2). */
const FRAME_SAMPLES: readonly number[] = Array.from({ length: 32 }, (_, config) => {
  if (config < 12) return [480, 960, 1920, 2880][config % 4] as number;
  if (config < 16) return [480, 960][config % 2] as number;
  return [120, 240, 480, 960][config % 4] as number;
});

/** Cameras send stereo by the letter of RFC 7587 and mono in truth: a decoder finds out by itself. */
export const opusConfig = (channels: number): AudioConfig =>
  // dOps: version, channels, samples to skip (none: recording begins anywhere), input rate, gain, mapping family.
  describedOpus(Uint8Array.of(0, channels, 0, 0, 0, 0, 0xbb, 0x80, 0, 0, 0));

/** @param box payload of `dOps` */
export const describedOpus = (box: Uint8Array): AudioConfig => ({
  codec: 'opus',
  codecs: 'Opus',
  sampleRate: OPUS_RATE,
  channels: box[1] ?? 1,
  clockRate: OPUS_RATE,
  sharesVideoClock: false,
  samplesPerFrame: 0,
  bytesPerSample: 0,
  decoderConfig: box,
});

/**
 * The identification header that an encoder sends (RFC 7845 section 5.1) as the payload of `dOps` (Opus in ISOBMFF,
 * section 4.3.2): the same fields without the name, version 0, numbers with their highest byte first. `undefined` when
 * it is none.
 *
 * ```
 *  "OpusHead" | version 1 | channels 1 | pre-skip 2 | input rate 4 | gain 2 | mapping 1 | mapping table
 * ```
 */
export function opusBox(data: Uint8Array): Uint8Array | undefined {
  const head = Buffer.from(data.buffer, data.byteOffset, data.length);
  if (head.length < HEAD_BYTES || head.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const channels = head[CHANNELS_AT] as number;
  // Any mapping but the first has its table: streams, those with two channels, and a number for each channel.
  const bytes = HEAD_BYTES + (head[HEAD_BYTES - 1] === 0 ? 0 : 2 + channels);
  if (channels === 0 || head.length < bytes) return undefined;
  const box = Buffer.from(head.subarray(MAGIC.length, bytes));
  box[0] = 0;
  box.subarray(2, 4).swap16();
  box.subarray(4, 8).swap32();
  box.subarray(8, 10).swap16();
  return new Uint8Array(box);
}

/**
 * Samples that a packet stands for (RFC 6716 section 3.1); 0 when it is no Opus packet.
 *
 *     +-+-+-+-+-+-+-+-+   +-+-+-+-+-+-+-+-+
 *     | config  |s| c |   |v|p|  frames   |  the second byte only where c is 3
 *     +-+-+-+-+-+-+-+-+   +-+-+-+-+-+-+-+-+
 */
export function opusSamples(source: Uint8Array, start: number, end: number): number {
  if (start >= end) return 0;
  const toc = source[start] as number;
  const code = toc & 3;
  const frames =
    code === 0 ? 1 : code < CODE_ARBITRARY ? 2 : start + 1 < end ? (source[start + 1] as number) & 63 : 0;
  const samples = frames * (FRAME_SAMPLES[toc >> 3] as number);
  return samples <= MAX_PACKET_SAMPLES ? samples : 0;
}
