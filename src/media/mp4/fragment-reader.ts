import { type MediaTicks, mediaTicks, type WallMicros, wallMicros } from '../../time/units.ts';
import { boxesIn, findBox, type FoundBox, readBoxHeader, readU32, readU64 } from './box-reader.ts';
import type { SampleTable } from './sample-table.ts';

/** The head of one fragment, read back. */
export interface ReadFragmentHead {
  /** Of the whole fragment, its samples included. */
  readonly totalBytes: number;
  /** From the fragment's first byte to the first sample of its video. */
  readonly payloadOffset: number;
  /** Of the video's samples. */
  readonly payloadBytes: number;
  readonly sequence: number;
  /** Decoding time of the first sample. */
  readonly mediaStart: MediaTicks;
  /** From `prft`; 0 when the fragment has none. */
  readonly wallStart: WallMicros;
  readonly durationTicks: number;
  readonly samples: SampleTable;
  /** What is heard meanwhile, in samples of the sound's rate; its frames follow the video's. */
  readonly sound: ReadSound | undefined;
}

export interface ReadSound {
  /** Of the first frame. */
  readonly mediaStart: number;
  /** From the fragment's first byte to its first frame. */
  readonly payloadOffset: number;
  readonly payloadBytes: number;
  readonly samples: SampleTable;
}

export type FragmentReading =
  | { readonly kind: 'head'; readonly head: ReadFragmentHead }
  /** At least so many more bytes are needed. */
  | { readonly kind: 'needs'; readonly bytes: number }
  | { readonly kind: 'broken'; readonly problem: string };

/** Far beyond what is written here; a hostile count must not allocate. */
const MAX_SAMPLES = 100_000;
const MAX_HEAD_BOX_BYTES = 4 * 1024 * 1024;
/** Boxes that may stand before `moof`: `prft`, `styp`, `sidx`, `emsg`, … */
const MAX_LEADING_BOXES = 8;
const NTP_EPOCH_SECONDS = 2_208_988_800;
const SYNC_BIT = 0x1_0000;

/**
 * Reads the fragment that starts at `at`: any boxes, `moof` with the video's track and perhaps one of
 * sound behind it, the header of `mdat`. Believes nothing
 * that does not agree with the rest: after a crash the tail of a file may be zeros, or half of a write.
 */
export function readFragmentHead(bytes: Uint8Array, at: number): FragmentReading {
  let wallStart = 0;
  let position = at;
  for (let boxes = 0; boxes <= MAX_LEADING_BOXES; boxes++) {
    const header = readBoxHeader(bytes, position);
    if (!header) {
      const missing = position + 16 - bytes.length;
      const known = readBoxHeaderSize(bytes, position);
      return known && missing > 0
        ? { kind: 'needs', bytes: missing }
        : broken('there is no box where one should be');
    }
    if (!/^[ -~]{4}$/.test(header.type)) return broken('a box has no name');
    if (header.type === 'mdat') return broken('samples come without a moof');
    if (header.size > MAX_HEAD_BOX_BYTES) return broken(`box ${header.type} claims ${header.size} bytes`);
    const end = position + header.size;
    if (end > bytes.length) return { kind: 'needs', bytes: end - bytes.length };
    const box: FoundBox = {
      type: header.type,
      start: position,
      contentStart: position + header.headerBytes,
      end,
    };
    if (box.type === 'moof') return readMovieFragment(bytes, at, box, wallStart);
    if (box.type === 'prft') wallStart = readProducerTime(bytes, box);
    position = end;
  }
  return broken('there is no moof');
}

/** Whether what there is of a header could still become one. */
function readBoxHeaderSize(bytes: Uint8Array, at: number): boolean {
  if (at + 4 > bytes.length) return true;
  const size = readU32(bytes, at);
  return size === 1 || size >= 8;
}

function readMovieFragment(
  bytes: Uint8Array,
  at: number,
  moof: FoundBox,
  wallStart: number,
): FragmentReading {
  const mdat = readBoxHeader(bytes, moof.end);
  if (!mdat) {
    const missing = moof.end + 16 - bytes.length;
    const known = readBoxHeaderSize(bytes, moof.end);
    return known && missing > 0
      ? { kind: 'needs', bytes: missing }
      : broken('there is no mdat behind the moof');
  }
  if (mdat.type !== 'mdat') return broken(`behind the moof comes ${JSON.stringify(mdat.type)}, not mdat`);
  const mfhd = findBox(bytes, moof.contentStart, moof.end, 'mfhd');
  const trafs: FoundBox[] = [];
  for (const box of boxesIn(bytes, moof.contentStart, moof.end)) if (box.type === 'traf') trafs.push(box);
  const [videoTraf, soundTraf, another] = trafs;
  if (!mfhd || mfhd.end - mfhd.contentStart < 8 || !videoTraf) return broken('the moof lacks mfhd or traf');
  if (another) return broken('the moof has more than two tracks');
  const track = readTrack(bytes, videoTraf);
  const sound = soundTraf && readTrack(bytes, soundTraf);
  if (typeof track === 'string') return broken(track);
  if (typeof sound === 'string') return broken(sound);
  const payloadBytes = mdat.size - mdat.headerBytes;
  const payloadAt = moof.end + mdat.headerBytes;
  const told = track.payloadBytes + (sound?.payloadBytes ?? 0);
  if (told !== payloadBytes) {
    return broken(`samples add up to ${told} bytes, but mdat holds ${payloadBytes}`);
  }
  if (moof.start + track.dataOffset !== payloadAt) return broken('the samples are not where the run says');
  const soundAt = payloadAt + track.payloadBytes;
  if (sound && moof.start + sound.dataOffset !== soundAt)
    return broken('the sound is not where the run says');
  return {
    kind: 'head',
    head: {
      totalBytes: payloadAt + payloadBytes - at,
      payloadOffset: payloadAt - at,
      payloadBytes: track.payloadBytes,
      sequence: readU32(bytes, mfhd.contentStart + 4),
      mediaStart: mediaTicks(track.mediaStart),
      wallStart: wallMicros(wallStart),
      durationTicks: track.durationTicks,
      samples: track.samples,
      sound: sound && {
        mediaStart: sound.mediaStart,
        payloadOffset: soundAt - at,
        payloadBytes: sound.payloadBytes,
        samples: sound.samples,
      },
    },
  };
}

interface TrackRun {
  readonly mediaStart: number;
  readonly dataOffset: number;
  readonly payloadBytes: number;
  readonly durationTicks: number;
  readonly samples: SampleTable;
}

/** One `traf` with one `trun`, or what is wrong with it. */
function readTrack(bytes: Uint8Array, traf: FoundBox): TrackRun | string {
  let tfhd: FoundBox | undefined;
  let tfdt: FoundBox | undefined;
  let trun: FoundBox | undefined;
  for (const box of boxesIn(bytes, traf.contentStart, traf.end)) {
    if (box.type === 'tfhd') tfhd = box;
    else if (box.type === 'tfdt') tfdt = box;
    else if (box.type === 'trun') {
      if (trun) return 'a fragment has several runs';
      trun = box;
    }
  }
  if (!tfhd || !tfdt || !trun) return 'the traf lacks tfhd, tfdt or trun';
  const wide = bytes[tfdt.contentStart] === 1;
  if (tfdt.end - tfdt.contentStart < (wide ? 12 : 8)) return 'tfdt is too short';
  const mediaStart = wide ? readU64(bytes, tfdt.contentStart + 4) : readU32(bytes, tfdt.contentStart + 4);
  if (!Number.isSafeInteger(mediaStart)) return 'the decoding time makes no sense';
  const defaults = readDefaults(bytes, tfhd);
  return defaults ? readRun(bytes, trun, defaults, mediaStart) : 'tfhd is too short';
}

interface Defaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** `tfhd` (section 8.8.7): optional fields in the order of their flags. */
function readDefaults(bytes: Uint8Array, tfhd: FoundBox): Defaults | undefined {
  const flags = readU32(bytes, tfhd.contentStart) & 0xff_ffff;
  let at = tfhd.contentStart + 8;
  if (flags & 0x1) at += 8;
  if (flags & 0x2) at += 4;
  const field = (flag: number, otherwise: number): number => {
    if (!(flags & flag)) return otherwise;
    at += 4;
    return readU32(bytes, at - 4);
  };
  const duration = field(0x8, 0);
  const size = field(0x10, 0);
  const sampleFlags = field(0x20, SYNC_BIT);
  return at <= tfhd.end ? { duration, size, flags: sampleFlags } : undefined;
}

/** `trun` (section 8.8.8). */
function readRun(
  bytes: Uint8Array,
  trun: FoundBox,
  defaults: Defaults,
  mediaStart: number,
): TrackRun | string {
  const flags = readU32(bytes, trun.contentStart) & 0xff_ffff;
  const count = readU32(bytes, trun.contentStart + 4);
  if (count === 0 || count > MAX_SAMPLES) return `a run of ${count} samples`;
  if (!(flags & 0x1)) return 'a run does not say where its samples are';
  let at = trun.contentStart + 8;
  const dataOffset = readU32(bytes, at);
  at += 4;
  const firstFlags = flags & 0x4 ? readU32(bytes, at) : undefined;
  if (flags & 0x4) at += 4;
  const fields = [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length;
  if (at + count * fields * 4 !== trun.end) return 'a run is not as long as its samples';

  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const sizes = new Uint32Array(count);
  const durations = new Uint32Array(count);
  const compositionOffsets = new Int32Array(count);
  const keys = new Uint8Array(count);
  let payloadBytes = 0;
  let durationTicks = 0;
  for (let i = 0; i < count; i++) {
    let duration = defaults.duration;
    let size = defaults.size;
    let sampleFlags = i === 0 ? (firstFlags ?? defaults.flags) : defaults.flags;
    if (flags & 0x100) {
      duration = view.getUint32(at);
      at += 4;
    }
    if (flags & 0x200) {
      size = view.getUint32(at);
      at += 4;
    }
    if (flags & 0x400) {
      sampleFlags = view.getUint32(at);
      at += 4;
    }
    if (flags & 0x800) {
      compositionOffsets[i] = view.getInt32(at);
      at += 4;
    }
    sizes[i] = size;
    durations[i] = duration;
    keys[i] = sampleFlags & SYNC_BIT ? 0 : 1;
    payloadBytes += size;
    durationTicks += duration;
  }
  const samples: SampleTable = { count, sizes, durations, compositionOffsets, keys };
  return { mediaStart, dataOffset, payloadBytes, durationTicks, samples };
}

/** `prft`: the NTP time, to the microsecond; 0 when it is too short. */
function readProducerTime(bytes: Uint8Array, prft: FoundBox): number {
  if (prft.end - prft.contentStart < 16) return 0;
  const seconds = readU32(bytes, prft.contentStart + 8);
  const fraction = readU32(bytes, prft.contentStart + 12);
  // RFC 4330 section 3: a clear top bit means the era that begins in 2036.
  const since1900 = seconds >= 0x8000_0000 ? seconds : seconds + 0x1_0000_0000;
  return (since1900 - NTP_EPOCH_SECONDS) * 1_000_000 + Math.floor((fraction * 1_000_000) / 0x1_0000_0000);
}

const broken = (problem: string): FragmentReading => ({ kind: 'broken', problem });
