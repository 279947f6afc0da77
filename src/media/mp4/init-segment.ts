import type { AudioConfig } from '../audio-config.ts';
import type { VideoConfig } from '../video-config.ts';
import { MEDIA_TICKS_PER_SECOND } from '../../time/units.ts';
import { ascii, type Box, box, boxBytes, fullBox, u32, writeBox } from './box.ts';
import { boxesIn, findBox, findPath, type FoundBox, readU16, readU32 } from './box-reader.ts';
import { SOUND_TRACK_ID, VIDEO_TRACK_ID } from './fragment-writer.ts';
import { soundCodecs, soundEntry } from './sound-entry.ts';

/** Language `und`, three letters of five bits (section 8.4.2.3). */
const UNDETERMINED = 0x55c4;
const IDENTITY_MATRIX = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
/** `sample_depends_on` 1 and "not a sync sample": what most pictures are. */
const PICTURE_FLAGS = 0x0101_0000;
/** `sample_depends_on` 2: every frame of sound stands for itself. */
const SOUND_FLAGS = 0x0200_0000;
/** Full volume, 8.8, in the upper half. */
const FULL_VOLUME = 0x0100_0000;
/** A handler (section 8.4.3) that players pass over, with everything of its track. */
const HIDDEN_HANDLER = ascii('meta');
/** Of a visual sample entry, before its boxes. */
const VISUAL_ENTRY_BYTES = 78;

/** What can be read of an initialization segment, whoever wrote it. */
export interface InitInfo {
  /** Ticks a second of the video track. */
  readonly timescale: number;
  readonly width: number;
  readonly height: number;
  readonly codec: 'h264' | 'h265';
  /** The whole `avc1` or `hvc1` box. */
  readonly sampleEntry: Uint8Array;
  /** Content of its `avcC` or `hvcC`. */
  readonly decoderConfig: Uint8Array;
  /** Length of everything up to the end of `moov`. */
  readonly bytes: number;
  /** What is heard; `undefined` when there is no track of it, or none that is understood. */
  readonly sound: SoundInfo | undefined;
}

export interface SoundInfo {
  /** RFC 6381, as in `AudioConfig`. */
  readonly codecs: string;
  /** Ticks a second of its track: the sample rate. */
  readonly timescale: number;
  /** The whole `mp4a`, `alaw`, … box. */
  readonly sampleEntry: Uint8Array;
  /** Where its handler is named. */
  readonly handlerAt: number;
}

/**
 * `ftyp` + `moov` of a fragmented file with one video track in 90 kHz and perhaps one of sound in its sample rate
 * (ISO/IEC 14496-12 section 8.8, 14496-15).
 */
export function buildInitSegment(config: VideoConfig, sound?: AudioConfig): Uint8Array {
  const ftyp = box('ftyp', ascii('iso6'), u32(0), ascii('iso6'), ascii('cmfc'), ascii('mp41'));
  const moov = box(
    'moov',
    movieHeader(),
    videoTrack(config),
    ...(sound ? [soundTrack(sound)] : []),
    box(
      'mvex',
      trackDefaults(VIDEO_TRACK_ID, PICTURE_FLAGS),
      ...(sound ? [trackDefaults(SOUND_TRACK_ID, SOUND_FLAGS)] : []),
    ),
  );
  const bytes = new Uint8Array(boxBytes(ftyp) + boxBytes(moov));
  writeBox(bytes, writeBox(bytes, 0, ftyp), moov);
  return bytes;
}

function movieHeader(): Box {
  return fullBox(
    'mvhd',
    0,
    0,
    // Created, modified, timescale, duration (unknown: it is in the fragments), rate 1.0, volume 1.0.
    u32(0, 0, MEDIA_TICKS_PER_SECOND, 0, 0x1_0000, FULL_VOLUME, 0, 0),
    IDENTITY_MATRIX,
    u32(0, 0, 0, 0, 0, 0, SOUND_TRACK_ID + 1),
  );
}

function videoTrack(config: VideoConfig): Box {
  const { width, height } = displaySize(config);
  return track({
    id: VIDEO_TRACK_ID,
    timescale: MEDIA_TICKS_PER_SECOND,
    volume: 0,
    width,
    height,
    handler: 'vide',
    name: 'Video\0',
    header: fullBox('vmhd', 0, 1, u32(0, 0)),
    entry: sampleEntry(config),
  });
}

function soundTrack(config: AudioConfig): Box {
  return track({
    id: SOUND_TRACK_ID,
    timescale: config.sampleRate,
    volume: FULL_VOLUME,
    width: 0,
    height: 0,
    handler: 'soun',
    name: 'Sound\0',
    header: fullBox('smhd', 0, 0, u32(0)),
    entry: soundEntry(config),
  });
}

function track(of: {
  readonly id: number;
  readonly timescale: number;
  readonly volume: number;
  readonly width: number;
  readonly height: number;
  readonly handler: 'vide' | 'soun';
  readonly name: string;
  readonly header: Box;
  readonly entry: Box;
}): Box {
  const header = fullBox(
    'tkhd',
    0,
    // Enabled, in movie.
    3,
    u32(0, 0, of.id, 0, 0, 0, 0, 0, of.volume),
    IDENTITY_MATRIX,
    u32(of.width * 0x1_0000, of.height * 0x1_0000),
  );
  const media = box(
    'mdia',
    fullBox('mdhd', 0, 0, u32(0, 0, of.timescale, 0, UNDETERMINED << 16)),
    fullBox('hdlr', 0, 0, u32(0), ascii(of.handler), u32(0, 0, 0), ascii(of.name)),
    box(
      'minf',
      of.header,
      box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
      box(
        'stbl',
        fullBox('stsd', 0, 0, u32(1), of.entry),
        fullBox('stts', 0, 0, u32(0)),
        fullBox('stsc', 0, 0, u32(0)),
        fullBox('stsz', 0, 0, u32(0, 0)),
        fullBox('stco', 0, 0, u32(0)),
      ),
    ),
  );
  return box('trak', header, media);
}

function trackDefaults(id: number, sampleFlags: number): Box {
  return fullBox('trex', 0, 0, u32(id, 1, 0, 0, sampleFlags));
}

function sampleEntry(config: VideoConfig): Box {
  const entry = new Uint8Array(VISUAL_ENTRY_BYTES);
  const view = new DataView(entry.buffer);
  view.setUint16(6, 1); // data_reference_index
  view.setUint16(24, config.width);
  view.setUint16(26, config.height);
  view.setUint32(28, 0x0048_0000); // 72 dpi, as everybody writes
  view.setUint32(32, 0x0048_0000);
  view.setUint16(40, 1); // one frame a sample
  view.setUint16(74, 0x18); // depth
  view.setInt16(76, -1);
  const parts: (Box | Uint8Array)[] = [
    entry,
    box(config.codec === 'h264' ? 'avcC' : 'hvcC', config.decoderConfig),
  ];
  const { pixelAspect } = config;
  if (pixelAspect.width !== pixelAspect.height) {
    parts.push(box('pasp', u32(pixelAspect.width, pixelAspect.height)));
  }
  return box(config.codec === 'h264' ? 'avc1' : 'hvc1', ...parts);
}

/** As the picture is to be shown: pixels that are not square widen it. */
function displaySize({ width, height, pixelAspect }: VideoConfig): { width: number; height: number } {
  const shown = Math.round((width * pixelAspect.width) / pixelAspect.height);
  return { width: shown > 0 && shown <= 0xffff ? shown : width, height };
}

/**
 * Reads the first video track and the first of sound; `undefined` when these bytes do not begin with a whole `moov`
 * that has a video.
 */
export function readInit(bytes: Uint8Array): InitInfo | undefined {
  const moov = findBox(bytes, 0, bytes.length, 'moov');
  if (!moov) return undefined;
  let video: VideoTrack | undefined;
  let sound: SoundInfo | undefined;
  for (const trak of boxesIn(bytes, moov.contentStart, moov.end)) {
    if (trak.type !== 'trak') continue;
    video ??= readTrack(bytes, trak);
    sound ??= readSoundTrack(bytes, trak);
  }
  return video && { ...video, bytes: moov.end, sound };
}

type VideoTrack = Omit<InitInfo, 'bytes' | 'sound'>;

/**
 * The same initialization with its sound hidden: for players that would refuse the whole file over a sound that they
 * cannot decode. The track stays, as fragments speak of it, and is none of sound any more. Nothing moves.
 */
export function hideSound(bytes: Uint8Array): Uint8Array {
  const sound = readInit(bytes)?.sound;
  const hidden = Uint8Array.from(bytes);
  if (sound) hidden.set(HIDDEN_HANDLER, sound.handlerAt);
  return hidden;
}

function readSoundTrack(bytes: Uint8Array, trak: FoundBox): SoundInfo | undefined {
  const hdlr = findPath(bytes, trak, ['mdia', 'hdlr']);
  const stsd = findPath(bytes, trak, ['mdia', 'minf', 'stbl', 'stsd']);
  const timescale = timescaleOf(bytes, trak);
  if (!hdlr || hdlr.end - hdlr.contentStart < 12 || !stsd || timescale === 0) return undefined;
  const handlerAt = hdlr.contentStart + 8;
  if (Buffer.from(bytes.subarray(handlerAt, handlerAt + 4)).toString('latin1') !== 'soun') return undefined;
  for (const entry of boxesIn(bytes, stsd.contentStart + 8, stsd.end)) {
    const codecs = soundCodecs(bytes, entry);
    if (codecs === undefined) continue;
    return { codecs, timescale, sampleEntry: bytes.slice(entry.start, entry.end), handlerAt };
  }
  return undefined;
}

/** Ticks a second of a track; 0 when it does not say. */
function timescaleOf(bytes: Uint8Array, trak: FoundBox): number {
  const mdhd = findPath(bytes, trak, ['mdia', 'mdhd']);
  if (!mdhd) return 0;
  const at = mdhd.contentStart + (bytes[mdhd.contentStart] === 1 ? 20 : 12);
  return at + 4 <= mdhd.end ? readU32(bytes, at) : 0;
}

function readTrack(bytes: Uint8Array, trak: FoundBox): VideoTrack | undefined {
  const stsd = findPath(bytes, trak, ['mdia', 'minf', 'stbl', 'stsd']);
  const timescale = timescaleOf(bytes, trak);
  if (!stsd) return undefined;
  for (const entry of boxesIn(bytes, stsd.contentStart + 8, stsd.end)) {
    const codec = codecOf(entry.type);
    if (!codec || entry.contentStart + VISUAL_ENTRY_BYTES > entry.end || timescale === 0) continue;
    const boxesStart = entry.contentStart + VISUAL_ENTRY_BYTES;
    const config = findBox(bytes, boxesStart, entry.end, codec === 'h264' ? 'avcC' : 'hvcC');
    if (!config) continue;
    return {
      timescale,
      width: readU16(bytes, entry.contentStart + 24),
      height: readU16(bytes, entry.contentStart + 26),
      codec,
      sampleEntry: bytes.slice(entry.start, entry.end),
      decoderConfig: bytes.slice(config.contentStart, config.end),
    };
  }
  return undefined;
}

function codecOf(type: string): 'h264' | 'h265' | undefined {
  if (type === 'avc1' || type === 'avc3') return 'h264';
  return type === 'hvc1' || type === 'hev1' ? 'h265' : undefined;
}
