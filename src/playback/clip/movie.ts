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

/** What of a track is shown: from `mediaTicks` on, for `durationTicks` of the presentation, after `emptyTicks` of nothing. */
export interface Edit {
  readonly emptyTicks: number;
  /** In the track's own ticks. */
  readonly mediaTicks: number;
  readonly durationTicks: number;
}

export interface MovieTrack {
  /** Ticks a second of its samples. */
  readonly timescale: number;
  /** Whole `avc1`, `hvc1`, `mp4a`, … boxes, one a different initialization. */
  readonly sampleEntries: readonly Uint8Array[];
  readonly columns: SampleColumns;
  readonly edit: Edit;
}

export interface Movie {
  /** Its ticks are those of the presentation, too: so an edit is exact to the tick. */
  readonly video: MovieTrack;
  readonly width: number;
  readonly height: number;
  readonly sound: MovieTrack | undefined;
  readonly payloadBytes: number;
  /** Seconds since 1970 of the first picture shown. */
  readonly takenAt: number;
}

/** ISO/IEC 14496-12 counts seconds from 1904-01-01. */
const EPOCH_1904 = 2_082_844_800;
const MAX_U32 = 0xffff_ffff;
const MAX_I32 = 0x7fff_ffff;
/** 8.8 in the upper half. */
const FULL_VOLUME = 0x100_0000;
/** The unity matrix of section 8.2.2, 16.16 and 2.30 fixed point. */
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

/**
 * Everything of a progressive MP4 that stands before its samples, the header of the last box included:
 *
 *     ftyp | moov ( mvhd trak ( tkhd edts mdia ( … stbl ) ) [ trak of the sound ] ) | mdat header
 *
 * Sizes and times are known before a sample is read, so the file can be sent as it is made, with its length known.
 */
export function movieHead(movie: Movie): Uint8Array {
  const { payloadBytes } = movie;
  const tracks = movie.sound ? [movie.video, movie.sound] : [movie.video];
  const samples = tracks.reduce((sum, { columns }) => sum + columns.count, 0);
  const ftyp = box('ftyp', ascii('isom'), u32(0x200), ascii('isomiso2avc1mp41'));
  // The offset table's width depends on the file's size and changes it; 64 bits are taken a little early.
  const wide = payloadBytes + samples * 32 + 0x10_0000 > MAX_U32;
  const offsets = tracks.map(({ columns }) => new Uint8Array(columns.chunkAt.length * (wide ? 8 : 4)));
  const moov = moovBox(movie, offsets, wide);
  const mdatHeader = wide
    ? Buffer.concat([u32(1), ascii('mdat'), u64(payloadBytes + 16)])
    : Buffer.concat([u32(payloadBytes + 8), ascii('mdat')]);

  const head = new Uint8Array(boxBytes(ftyp) + boxBytes(moov) + mdatHeader.length);
  for (const [i, { columns }] of tracks.entries()) {
    fillOffsets(offsets[i] as Uint8Array, wide, columns.chunkAt, head.length);
  }
  const end = writeBox(head, writeBox(head, 0, ftyp), moov);
  head.set(mdatHeader, end);
  return head;
}

function fillOffsets(table: Uint8Array, wide: boolean, chunkAt: readonly number[], first: number): void {
  const view = new DataView(table.buffer);
  for (const [i, at] of chunkAt.entries()) {
    if (wide) view.setBigUint64(i * 8, BigInt(first + at));
    else view.setUint32(i * 4, first + at);
  }
}

function moovBox(movie: Movie, offsets: readonly Uint8Array[], wide: boolean): Box {
  const { video, sound, width, height } = movie;
  const created = movie.takenAt + EPOCH_1904;
  const [videoOffsets, soundOffsets] = offsets;
  return box(
    'moov',
    timed('mvhd', 0, created, [video.timescale], video.edit.durationTicks, [
      u32(0x10000, FULL_VOLUME, 0, 0, ...MATRIX, 0, 0, 0, 0, 0, 0, sound ? 3 : 2),
    ]),
    trackBox(video, created, videoOffsets as Uint8Array, wide, {
      id: 1,
      shape: [0, ...MATRIX, width * 0x10000, height * 0x10000],
      handler: 'vide',
      name: 'VideoHandler\0',
      header: fullBox('vmhd', 0, 1, u32(0, 0)),
    }),
    ...(sound
      ? [
          trackBox(sound, created, soundOffsets as Uint8Array, wide, {
            id: 2,
            shape: [FULL_VOLUME, ...MATRIX, 0, 0],
            handler: 'soun',
            name: 'SoundHandler\0',
            header: fullBox('smhd', 0, 0, u32(0)),
          }),
        ]
      : []),
  );
}

function trackBox(
  track: MovieTrack,
  created: number,
  chunkOffsets: Uint8Array,
  wide: boolean,
  of: {
    readonly id: number;
    /** Volume, matrix, width, height. */
    readonly shape: readonly number[];
    readonly handler: 'vide' | 'soun';
    readonly name: string;
    readonly header: Box;
  },
): Box {
  const { edit, timescale, columns } = track;
  return box(
    'trak',
    // Flags 7: enabled, in the movie, in the preview.
    timed('tkhd', 7, created, [of.id, 0], edit.emptyTicks + edit.durationTicks, [u32(0, 0, 0, ...of.shape)]),
    box('edts', editList(edit)),
    box(
      'mdia',
      // Language "und", packed as three five-bit letters.
      timed('mdhd', 0, created, [timescale], columns.ticks, [u32(0x55c40000)]),
      fullBox('hdlr', 0, 0, u32(0), ascii(of.handler), u32(0, 0, 0), ascii(of.name)),
      box(
        'minf',
        of.header,
        box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
        sampleTableBox(track, chunkOffsets, wide),
      ),
    ),
  );
}

function sampleTableBox(
  { sampleEntries, columns }: MovieTrack,
  chunkOffsets: Uint8Array,
  wide: boolean,
): Box {
  const negative = columns.offsets.some((value, i) => i % 2 === 1 && value < 0);
  const chunks = u32(columns.chunkAt.length);
  const { keys, sameSize, count } = columns;
  return box(
    'stbl',
    fullBox('stsd', 0, 0, u32(sampleEntries.length), ...sampleEntries),
    fullBox('stts', 0, 0, u32(columns.durations.length / 2), u32Column(columns.durations)),
    ...(columns.offsets.length > 0
      ? [fullBox('ctts', negative ? 1 : 0, 0, u32(columns.offsets.length / 2), u32Column(columns.offsets))]
      : []),
    // Left out, it says that every sample is a key frame.
    ...(keys ? [fullBox('stss', 0, 0, u32(keys.length), u32Column(keys))] : []),
    fullBox('stsc', 0, 0, u32(columns.chunkRuns.length / 3), u32Column(columns.chunkRuns)),
    sameSize > 0
      ? fullBox('stsz', 0, 0, u32(sameSize, count))
      : fullBox('stsz', 0, 0, u32(0, count), u32Column(columns.sizes)),
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

function editList({ emptyTicks, mediaTicks, durationTicks }: Edit): Box {
  const long = mediaTicks > MAX_I32 || durationTicks > MAX_U32;
  const number = long ? u64 : u32;
  const nothing = emptyTicks > 0 ? [number(emptyTicks, -1), u32(0x10000)] : [];
  return fullBox(
    'elst',
    long ? 1 : 0,
    0,
    u32(emptyTicks > 0 ? 2 : 1),
    ...nothing,
    number(durationTicks, mediaTicks),
    u32(0x10000),
  );
}
