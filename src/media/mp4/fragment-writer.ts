import type { MediaTicks, WallMicros } from '../../time/units.ts';
import type { SampleTable } from './sample-table.ts';
import type { SoundSamples, SoundTrackRun } from './sound-samples.ts';

/** Everything of a fragment but its samples, which follow in the file as they are. */
export interface FragmentHead {
  /** Counts the fragments of a file, from 1. */
  readonly sequence: number;
  /** Decoding time of the first sample, in ticks since the start of the run. */
  readonly mediaStart: MediaTicks;
  /** The same moment by the wall clock. */
  readonly wallStart: WallMicros;
  readonly samples: SampleTable;
  /** Sum of the samples' sizes. */
  readonly payloadBytes: number;
  /** `undefined`: nothing was heard, or is to be. */
  readonly sound?: SoundTrackRun | undefined;
}

/** Of the video, and of the sound beside it, in every file that is written here. */
export const VIDEO_TRACK_ID = 1;
export const SOUND_TRACK_ID = 2;
const PRFT_BYTES = 32;
/** `traf`, `tfhd` without defaults, `tfdt`, `trun` without samples. */
const TRAF_BYTES = 8 + 16 + 20 + 20;
/** `moof`, `mfhd`. */
const MOOF_BYTES = 8 + 16;
const MDAT_BYTES = 8;
const LARGE_MDAT_BYTES = 16;
const MAX_U32 = 0xffff_ffff;

/** Flags of `tfhd` and `trun` (ISO/IEC 14496-12 sections 8.8.7 and 8.8.8). */
const TFHD_DEFAULT_DURATION = 0x8;
const TFHD_DEFAULT_SIZE = 0x10;
const TFHD_BASE_IS_MOOF = 0x2_0000;
const TRUN_DATA_OFFSET = 0x1;
const TRUN_FIRST_FLAGS = 0x4;
const TRUN_DURATION = 0x100;
const TRUN_SIZE = 0x200;
const TRUN_FLAGS = 0x400;
const TRUN_COMPOSITION = 0x800;
/** "Depends on no other", sync; and "depends on others", not sync (section 8.8.3.1). */
const KEY_FLAGS = 0x0200_0000;
const OTHER_FLAGS = 0x0101_0000;
/** `prft` flags: the time is when the picture was captured. */
const CAPTURE_TIME = 24;

/** NTP counts from 1900-01-01. */
const NTP_EPOCH_SECONDS = 2_208_988_800;

/**
 * How the samples are written: what they have in common stands once.
 */
interface Shape {
  readonly sameDuration: boolean;
  /** Only the first, or none, is a key: the usual case, told by one flag. */
  readonly keysAtStart: boolean;
  readonly firstIsKey: boolean;
  readonly reordered: boolean;
  readonly sampleBytes: number;
}

function shapeOf(samples: SampleTable): Shape {
  const { count, durations, keys, compositionOffsets } = samples;
  let sameDuration = true;
  let keysAtStart = true;
  let reordered = false;
  for (let i = 0; i < count; i++) {
    if (durations[i] !== durations[0]) sameDuration = false;
    if (i > 0 && keys[i] === 1) keysAtStart = false;
    if (compositionOffsets[i] !== 0) reordered = true;
  }
  const sampleBytes = 4 + (sameDuration ? 0 : 4) + (keysAtStart ? 0 : 4) + (reordered ? 4 : 0);
  return { sameDuration, keysAtStart, firstIsKey: keys[0] === 1, reordered, sampleBytes };
}

/** Of the video's `traf`. */
function trackBytes(samples: SampleTable, shape: Shape): number {
  const optional = (shape.sameDuration ? 4 : 0) + (shape.keysAtStart && shape.firstIsKey ? 4 : 0);
  return TRAF_BYTES + optional + samples.count * shape.sampleBytes;
}

/** The same for sound, of which every frame is a key: what frames have in common, often everything, stands once. */
interface SoundShape {
  readonly sameDuration: boolean;
  readonly sameSize: boolean;
  readonly bytes: number;
}

function soundShapeOf({ count, sizes, durations }: SoundSamples): SoundShape {
  let sameDuration = true;
  let sameSize = true;
  for (let i = 1; i < count; i++) {
    if (durations[i] !== durations[0]) sameDuration = false;
    if (sizes[i] !== sizes[0]) sameSize = false;
  }
  const optional = (sameDuration ? 4 : 0) + (sameSize ? 4 : 0);
  const sampleBytes = (sameDuration ? 0 : 4) + (sameSize ? 0 : 4);
  return { sameDuration, sameSize, bytes: TRAF_BYTES + optional + count * sampleBytes };
}

/**
 * `prft` + `moof` + header of `mdat`, as bytes of their own. One allocation, no object a sample.
 *
 *      prft | moof ( mfhd traf ( tfhd tfdt trun ) [ traf ] ) | mdat header | samples … | [ sound … ]
 */
export function fragmentHead(head: FragmentHead): Uint8Array {
  const { samples, sound } = head;
  const shape = shapeOf(samples);
  const soundShape = sound && soundShapeOf(sound.samples);
  const payloadBytes = head.payloadBytes + (sound?.payloadBytes ?? 0);
  const videoBytes = trackBytes(samples, shape);
  const moofBytes = MOOF_BYTES + videoBytes + (soundShape?.bytes ?? 0);
  const mdatHeaderBytes = payloadBytes + MDAT_BYTES > MAX_U32 ? LARGE_MDAT_BYTES : MDAT_BYTES;
  const bytes = Buffer.allocUnsafe(PRFT_BYTES + moofBytes + mdatHeaderBytes);
  let at = writeProducerTime(bytes, head);

  const dataOffset = moofBytes + mdatHeaderBytes;
  at = writeHeader(bytes, at, moofBytes, 'moof');
  at = writeFullHeader(bytes, at, 16, 'mfhd', 0, 0);
  at = bytes.writeUInt32BE(head.sequence, at);

  const trafEnd = at + videoBytes;
  at = writeHeader(bytes, at, videoBytes, 'traf');
  const tfhdBytes = shape.sameDuration ? 20 : 16;
  const tfhdFlags = TFHD_BASE_IS_MOOF | (shape.sameDuration ? TFHD_DEFAULT_DURATION : 0);
  at = writeFullHeader(bytes, at, tfhdBytes, 'tfhd', 0, tfhdFlags);
  at = bytes.writeUInt32BE(VIDEO_TRACK_ID, at);
  if (shape.sameDuration) at = bytes.writeUInt32BE(samples.durations[0] ?? 0, at);
  at = writeDecodingTime(bytes, at, head.mediaStart);
  at = writeRun(bytes, at, trafEnd - at, samples, shape, dataOffset);

  if (sound && soundShape) at = writeSound(bytes, at, sound, soundShape, dataOffset + head.payloadBytes);

  if (mdatHeaderBytes === MDAT_BYTES) {
    writeHeader(bytes, at, MDAT_BYTES + payloadBytes, 'mdat');
  } else {
    at = writeHeader(bytes, at, 1, 'mdat');
    bytes.writeBigUInt64BE(BigInt(LARGE_MDAT_BYTES + payloadBytes), at);
  }
  return bytes;
}

function writeSound(
  bytes: Buffer,
  start: number,
  { mediaStart, samples }: SoundTrackRun,
  { sameDuration, sameSize, bytes: trafBytes }: SoundShape,
  dataOffset: number,
): number {
  let at = writeHeader(bytes, start, trafBytes, 'traf');
  const tfhdFlags =
    TFHD_BASE_IS_MOOF | (sameDuration ? TFHD_DEFAULT_DURATION : 0) | (sameSize ? TFHD_DEFAULT_SIZE : 0);
  const tfhdBytes = 16 + (sameDuration ? 4 : 0) + (sameSize ? 4 : 0);
  at = writeFullHeader(bytes, at, tfhdBytes, 'tfhd', 0, tfhdFlags);
  at = bytes.writeUInt32BE(SOUND_TRACK_ID, at);
  if (sameDuration) at = bytes.writeUInt32BE(samples.durations[0] ?? 0, at);
  if (sameSize) at = bytes.writeUInt32BE(samples.sizes[0] ?? 0, at);
  at = writeDecodingTime(bytes, at, mediaStart);
  const trunFlags = TRUN_DATA_OFFSET | (sameDuration ? 0 : TRUN_DURATION) | (sameSize ? 0 : TRUN_SIZE);
  at = writeFullHeader(bytes, at, start + trafBytes - at, 'trun', 0, trunFlags);
  at = bytes.writeUInt32BE(samples.count, at);
  at = bytes.writeUInt32BE(dataOffset, at);
  if (sameDuration && sameSize) return at;
  for (let i = 0; i < samples.count; i++) {
    if (!sameDuration) at = bytes.writeUInt32BE(samples.durations[i] as number, at);
    if (!sameSize) at = bytes.writeUInt32BE(samples.sizes[i] as number, at);
  }
  return at;
}

function writeDecodingTime(bytes: Buffer, start: number, mediaStart: number): number {
  const at = writeFullHeader(bytes, start, 20, 'tfdt', 1, 0);
  return bytes.writeBigUInt64BE(BigInt(mediaStart), at);
}

/** `prft` (section 8.16.5): which wall time the fragment's media time is. */
function writeProducerTime(bytes: Buffer, head: FragmentHead): number {
  const seconds = Math.floor(head.wallStart / 1_000_000);
  const micros = head.wallStart - seconds * 1_000_000;
  let at = writeFullHeader(bytes, 0, PRFT_BYTES, 'prft', 1, CAPTURE_TIME);
  at = bytes.writeUInt32BE(VIDEO_TRACK_ID, at);
  at = bytes.writeUInt32BE((seconds + NTP_EPOCH_SECONDS) % 0x1_0000_0000, at);
  at = bytes.writeUInt32BE(Math.ceil((micros * 0x1_0000_0000) / 1_000_000) >>> 0, at);
  return bytes.writeBigUInt64BE(BigInt(head.mediaStart), at);
}

function writeRun(
  bytes: Buffer,
  start: number,
  size: number,
  samples: SampleTable,
  shape: Shape,
  dataOffset: number,
): number {
  const firstFlags = shape.keysAtStart && shape.firstIsKey;
  const flags =
    TRUN_DATA_OFFSET |
    TRUN_SIZE |
    (firstFlags ? TRUN_FIRST_FLAGS : 0) |
    (shape.sameDuration ? 0 : TRUN_DURATION) |
    (shape.keysAtStart ? 0 : TRUN_FLAGS) |
    (shape.reordered ? TRUN_COMPOSITION : 0);
  // Version 1: composition offsets are signed.
  let at = writeFullHeader(bytes, start, size, 'trun', shape.reordered ? 1 : 0, flags);
  at = bytes.writeUInt32BE(samples.count, at);
  at = bytes.writeUInt32BE(dataOffset, at);
  if (firstFlags) at = bytes.writeUInt32BE(KEY_FLAGS, at);
  for (let i = 0; i < samples.count; i++) {
    if (!shape.sameDuration) at = bytes.writeUInt32BE(samples.durations[i] as number, at);
    at = bytes.writeUInt32BE(samples.sizes[i] as number, at);
    if (!shape.keysAtStart) at = bytes.writeUInt32BE(samples.keys[i] === 1 ? KEY_FLAGS : OTHER_FLAGS, at);
    if (shape.reordered) at = bytes.writeInt32BE(samples.compositionOffsets[i] as number, at);
  }
  return at;
}

function writeHeader(bytes: Buffer, at: number, size: number, type: string): number {
  bytes.writeUInt32BE(size, at);
  return at + 4 + bytes.write(type, at + 4, 'latin1');
}

function writeFullHeader(
  bytes: Buffer,
  at: number,
  size: number,
  type: string,
  version: number,
  flags: number,
): number {
  const end = writeHeader(bytes, at, size, type);
  return bytes.writeUInt32BE(((version << 24) | flags) >>> 0, end);
}
