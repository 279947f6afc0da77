import type { VideoConfig } from '../video-config.ts';
import { MEDIA_TICKS_PER_SECOND } from '../../time/units.ts';
import { ascii, type Box, box, boxBytes, fullBox, u32, writeBox } from './box.ts';
import { boxesIn, findBox, findPath, type FoundBox, readU16, readU32 } from './box-reader.ts';

const TRACK_ID = 1;
/** Language `und`, three letters of five bits (section 8.4.2.3). */
const UNDETERMINED = 0x55c4;
const IDENTITY_MATRIX = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
/** `sample_depends_on` 1 and "not a sync sample": what most samples are. */
const DEFAULT_SAMPLE_FLAGS = 0x0101_0000;
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
}

/** `ftyp` + `moov` of a fragmented file with one video track in 90 kHz (ISO/IEC 14496-12 section 8.8, 14496-15). */
export function buildInitSegment(config: VideoConfig): Uint8Array {
  const ftyp = box('ftyp', ascii('iso6'), u32(0), ascii('iso6'), ascii('cmfc'), ascii('mp41'));
  const moov = box('moov', movieHeader(), track(config), box('mvex', trackDefaults()));
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
    u32(0, 0, MEDIA_TICKS_PER_SECOND, 0, 0x1_0000, 0x0100_0000, 0, 0),
    IDENTITY_MATRIX,
    u32(0, 0, 0, 0, 0, 0, TRACK_ID + 1),
  );
}

function track(config: VideoConfig): Box {
  const { width, height } = displaySize(config);
  const header = fullBox(
    'tkhd',
    0,
    // Enabled, in movie.
    3,
    u32(0, 0, TRACK_ID, 0, 0, 0, 0, 0, 0),
    IDENTITY_MATRIX,
    u32(width * 0x1_0000, height * 0x1_0000),
  );
  const media = box(
    'mdia',
    fullBox('mdhd', 0, 0, u32(0, 0, MEDIA_TICKS_PER_SECOND, 0, UNDETERMINED << 16)),
    fullBox('hdlr', 0, 0, u32(0), ascii('vide'), u32(0, 0, 0), ascii('Video\0')),
    box(
      'minf',
      fullBox('vmhd', 0, 1, u32(0, 0)),
      box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
      box(
        'stbl',
        fullBox('stsd', 0, 0, u32(1), sampleEntry(config)),
        fullBox('stts', 0, 0, u32(0)),
        fullBox('stsc', 0, 0, u32(0)),
        fullBox('stsz', 0, 0, u32(0, 0)),
        fullBox('stco', 0, 0, u32(0)),
      ),
    ),
  );
  return box('trak', header, media);
}

function trackDefaults(): Box {
  return fullBox('trex', 0, 0, u32(TRACK_ID, 1, 0, 0, DEFAULT_SAMPLE_FLAGS));
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

/** Reads the first video track; `undefined` when these bytes do not begin with a whole `moov` that has one. */
export function readInit(bytes: Uint8Array): InitInfo | undefined {
  const moov = findBox(bytes, 0, bytes.length, 'moov');
  if (!moov) return undefined;
  for (const trak of boxesIn(bytes, moov.contentStart, moov.end)) {
    if (trak.type !== 'trak') continue;
    const info = readTrack(bytes, trak);
    if (info) return { ...info, bytes: moov.end };
  }
  return undefined;
}

function readTrack(bytes: Uint8Array, trak: FoundBox): Omit<InitInfo, 'bytes'> | undefined {
  const mdhd = findPath(bytes, trak, ['mdia', 'mdhd']);
  const stsd = findPath(bytes, trak, ['mdia', 'minf', 'stbl', 'stsd']);
  if (!mdhd || !stsd) return undefined;
  const timescaleAt = mdhd.contentStart + (bytes[mdhd.contentStart] === 1 ? 20 : 12);
  const timescale = timescaleAt + 4 <= mdhd.end ? readU32(bytes, timescaleAt) : 0;
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
