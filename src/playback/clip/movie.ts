import {
  ascii,
  type Box,
  box,
  boxBytes,
  fullBox,
  u32,
  u32Column,
  u64,
  writeBox,
} from '../../media/mp4/box.ts';
import type { SampleColumns } from './sample-columns.ts';

/** What of the track is shown: from `mediaTicks` on, for `durationTicks`. */
export interface Edit {
  readonly mediaTicks: number;
  readonly durationTicks: number;
}

export interface Movie {
  /** Ticks a second, of the track and of the presentation alike: so an edit is exact to the tick. */
  readonly timescale: number;
  readonly width: number;
  readonly height: number;
  /** Whole `avc1`, `hvc1` boxes, one a different initialization. */
  readonly sampleEntries: readonly Uint8Array[];
  readonly columns: SampleColumns;
  readonly edit: Edit;
  /** Seconds since 1970 of the first picture shown. */
  readonly takenAt: number;
}

/** ISO/IEC 14496-12 counts seconds from 1904-01-01. */
const EPOCH_1904 = 2_082_844_800;
const MAX_U32 = 0xffff_ffff;
const MAX_I32 = 0x7fff_ffff;
/** The unity matrix of section 8.2.2, 16.16 and 2.30 fixed point. */
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

/**
 * Everything of a progressive MP4 that stands before its samples, the header of the last box included:
 *
 *     ftyp | moov ( mvhd trak ( tkhd edts mdia ( … stbl ) ) ) | mdat header
 *
 * Sizes and times are known before a sample is read, so the file can be sent as it is made, with its length known.
 */
export function movieHead(movie: Movie): Uint8Array {
  const payloadBytes = movie.columns.chunkBytes.reduce((sum, bytes) => sum + bytes, 0);
  const ftyp = box('ftyp', ascii('isom'), u32(0x200), ascii('isomiso2avc1mp41'));
  // The offset table's width depends on the file's size and changes it; 64 bits are taken a little early.
  const wide = payloadBytes + movie.columns.count * 32 + 0x10_0000 > MAX_U32;
  const offsets = new Uint8Array(movie.columns.chunkBytes.length * (wide ? 8 : 4));
  const moov = moovBox(movie, offsets, wide);
  const mdatHeader = wide
    ? Buffer.concat([u32(1), ascii('mdat'), u64(payloadBytes + 16)])
    : Buffer.concat([u32(payloadBytes + 8), ascii('mdat')]);

  const head = new Uint8Array(boxBytes(ftyp) + boxBytes(moov) + mdatHeader.length);
  fillOffsets(offsets, wide, movie.columns.chunkBytes, head.length);
  const end = writeBox(head, writeBox(head, 0, ftyp), moov);
  head.set(mdatHeader, end);
  return head;
}

function fillOffsets(table: Uint8Array, wide: boolean, chunkBytes: readonly number[], first: number): void {
  const view = new DataView(table.buffer);
  let offset = first;
  for (const [i, bytes] of chunkBytes.entries()) {
    if (wide) view.setBigUint64(i * 8, BigInt(offset));
    else view.setUint32(i * 4, offset);
    offset += bytes;
  }
}

function moovBox(movie: Movie, chunkOffsets: Uint8Array, wide: boolean): Box {
  const { timescale, edit } = movie;
  const created = movie.takenAt + EPOCH_1904;
  return box(
    'moov',
    timed('mvhd', 0, created, [timescale], edit.durationTicks, [
      u32(0x10000, 0x1000000, 0, 0, ...MATRIX, 0, 0, 0, 0, 0, 0, 2),
    ]),
    box(
      'trak',
      // Flags 7: enabled, in the movie, in the preview.
      timed('tkhd', 7, created, [1, 0], edit.durationTicks, [
        u32(0, 0, 0, 0, ...MATRIX, movie.width * 0x10000, movie.height * 0x10000),
      ]),
      box('edts', editList(edit)),
      box(
        'mdia',
        // Language "und", packed as three five-bit letters.
        timed('mdhd', 0, created, [timescale], movie.columns.ticks, [u32(0x55c40000)]),
        fullBox('hdlr', 0, 0, u32(0), ascii('vide'), u32(0, 0, 0), ascii('VideoHandler\0')),
        box(
          'minf',
          fullBox('vmhd', 0, 1, u32(0, 0)),
          box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
          sampleTableBox(movie, chunkOffsets, wide),
        ),
      ),
    ),
  );
}

function sampleTableBox({ sampleEntries, columns }: Movie, chunkOffsets: Uint8Array, wide: boolean): Box {
  const negative = columns.offsets.some((value, i) => i % 2 === 1 && value < 0);
  const chunks = u32(columns.chunkBytes.length);
  return box(
    'stbl',
    fullBox('stsd', 0, 0, u32(sampleEntries.length), ...sampleEntries),
    fullBox('stts', 0, 0, u32(columns.durations.length / 2), u32Column(columns.durations)),
    ...(columns.offsets.length > 0
      ? [fullBox('ctts', negative ? 1 : 0, 0, u32(columns.offsets.length / 2), u32Column(columns.offsets))]
      : []),
    // Left out, it would say that every sample is a key frame.
    ...(columns.keys.length < columns.count
      ? [fullBox('stss', 0, 0, u32(columns.keys.length), u32Column(columns.keys))]
      : []),
    fullBox('stsc', 0, 0, u32(columns.chunkRuns.length / 3), u32Column(columns.chunkRuns)),
    fullBox('stsz', 0, 0, u32(0, columns.count), u32Column(columns.sizes)),
    fullBox(wide ? 'co64' : 'stco', 0, 0, chunks, chunkOffsets),
  );
}

/** `mvhd`, `tkhd` and `mdhd` begin alike: two dates, something, a duration; 64-bit ones from 13 h on at 90 kHz. */
function timed(
  type: string,
  flags: number,
  created: number,
  between: readonly number[],
  duration: number,
  after: readonly Uint8Array[],
): Box {
  const long = duration > MAX_U32 || created > MAX_U32;
  const number = long ? u64 : u32;
  return fullBox(
    type,
    long ? 1 : 0,
    flags,
    number(created, created),
    u32(...between),
    number(duration),
    ...after,
  );
}

function editList(edit: Edit): Box {
  const long = edit.mediaTicks > MAX_I32 || edit.durationTicks > MAX_U32;
  const number = long ? u64 : u32;
  return fullBox('elst', long ? 1 : 0, 0, u32(1), number(edit.durationTicks, edit.mediaTicks), u32(0x10000));
}
