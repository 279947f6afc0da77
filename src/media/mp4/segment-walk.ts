import { type MediaTicks, mediaTicks, ticksToMicros, type WallMicros, wallMicros } from '../../time/units.ts';
import type { FragmentEntry } from '../fragment-index.ts';
import { readBoxHeader } from './box-reader.ts';
import { readFragmentHead, type ReadFragmentHead } from './fragment-reader.ts';
import { type InitInfo, readInit } from './init-segment.ts';
import { parseSegmentIdentity, type SegmentIdentity } from './segment-identity.ts';

/** What a segment file holds up to the first thing that is not whole. */
export interface SegmentWalk {
  /** `ftyp` + `moov`; `undefined` when the file does not even have these. */
  readonly init: Uint8Array | undefined;
  readonly initInfo: InitInfo | undefined;
  readonly identity: SegmentIdentity | undefined;
  /** Where the first fragment begins. */
  readonly headBytes: number;
  readonly fragments: readonly FragmentEntry[];
  /** Where the last whole fragment ends: what lies behind it is void. */
  readonly goodBytes: number;
  /** Of the first sample; 0 without fragments. */
  readonly mediaStart: MediaTicks;
  readonly wallStart: WallMicros;
  /** Where the last sample ends. */
  readonly wallEnd: WallMicros;
  readonly durationTicks: number;
  /** What stands behind the good part; `undefined` when the file ends there. */
  readonly problem: string | undefined;
}

/** Reads up to `length` bytes at an offset; fewer only at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

/** No head of a file written here is a tenth as long. */
const MAX_FILE_HEAD_BYTES = 256 * 1024;
const FILE_HEAD_GUESS = 4 * 1024;
/** Enough for the head of most fragments in one read. */
const FRAGMENT_HEAD_GUESS = 1024;
const MAX_FRAGMENT_HEAD_BYTES = 8 * 1024 * 1024;

/**
 * Walks a segment from its first byte. Reads heads only, about one read a fragment. Fragments must follow each other
 * to the tick, as they were written; what comes after one that does not, or is not whole, does not count.
 */
export async function walkSegment(readAt: ReadAt, size: number): Promise<SegmentWalk> {
  const head = await readFileHead(readAt, size);
  const fragments: FragmentEntry[] = [];
  let at = head.headBytes;
  let first: ReadFragmentHead | undefined;
  let last: ReadFragmentHead | undefined;
  let durationTicks = 0;
  let problem = head.problem;
  while (problem === undefined && at < size) {
    const fragment = await readHeadAt(readAt, at, size);
    if (typeof fragment === 'string') {
      problem = fragment;
    } else if (at + fragment.totalBytes > size) {
      problem = `the last fragment lacks ${at + fragment.totalBytes - size} bytes`;
    } else if (first && fragment.mediaStart !== first.mediaStart + durationTicks) {
      problem = 'a fragment does not continue the one before';
    } else {
      first ??= fragment;
      last = fragment;
      durationTicks += fragment.durationTicks;
      at += fragment.totalBytes;
      fragments.push({
        bytes: fragment.totalBytes,
        durationTicks: fragment.durationTicks,
        samples: fragment.samples.count,
        key: fragment.samples.keys[0] === 1,
      });
    }
  }
  const wallEnd = last ? last.wallStart + ticksToMicros(last.durationTicks) : 0;
  return {
    init: head.init,
    initInfo: head.initInfo,
    identity: head.identity,
    headBytes: head.headBytes,
    fragments,
    goodBytes: at,
    mediaStart: first?.mediaStart ?? mediaTicks(0),
    wallStart: first?.wallStart ?? wallMicros(0),
    wallEnd: wallMicros(wallEnd),
    durationTicks,
    problem,
  };
}

interface FileHead {
  readonly init: Uint8Array | undefined;
  readonly initInfo: InitInfo | undefined;
  readonly identity: SegmentIdentity | undefined;
  readonly headBytes: number;
  readonly problem: string | undefined;
}

/** Everything up to the first fragment. */
async function readFileHead(readAt: ReadAt, size: number): Promise<FileHead> {
  let bytes = await readAt(0, Math.min(size, FILE_HEAD_GUESS));
  let info = readInit(bytes);
  // A file that was cut off since its size was asked for never gives all of it: read on once, not until it does.
  let isAll = size <= FILE_HEAD_GUESS;
  if (!info && !isAll) {
    bytes = await readAt(0, Math.min(size, MAX_FILE_HEAD_BYTES));
    info = readInit(bytes);
    isAll = true;
  }
  if (!info) {
    const problem = 'the file has no whole initialization segment';
    return { init: undefined, initInfo: undefined, identity: undefined, headBytes: 0, problem };
  }
  let at = info.bytes;
  let identity: SegmentIdentity | undefined;
  for (;;) {
    // A short read may end within the box behind the moov.
    const header = readBoxHeader(bytes, at);
    if ((!header || at + header.size > bytes.length) && !isAll) {
      bytes = await readAt(0, Math.min(size, MAX_FILE_HEAD_BYTES));
      isAll = true;
      continue;
    }
    if (header?.type !== 'uuid' || at + header.size > bytes.length) break;
    identity ??= parseSegmentIdentity(bytes.subarray(at, at + header.size));
    at += header.size;
  }
  return { init: bytes.slice(0, info.bytes), initInfo: info, identity, headBytes: at, problem: undefined };
}

/** The fragment's head, or what is there instead. */
async function readHeadAt(readAt: ReadAt, at: number, size: number): Promise<ReadFragmentHead | string> {
  let wanted = FRAGMENT_HEAD_GUESS;
  for (;;) {
    const bytes = await readAt(at, Math.min(wanted, size - at));
    const reading = readFragmentHead(bytes, 0);
    if (reading.kind === 'head') return reading.head;
    if (reading.kind === 'broken') return reading.problem;
    if (bytes.length < wanted) return `the file ends ${reading.bytes} bytes too early`;
    wanted += reading.bytes;
    if (wanted > MAX_FRAGMENT_HEAD_BYTES) return 'the head of a fragment is too long';
  }
}
