import { segmentId } from '../catalog/segment-id.ts';
import { MEDIA_TICKS_PER_SECOND, type WallMicros } from '../time/units.ts';
import { coveringSpan, type FragmentSpan, spanOf, spanStart } from './fragment-span.ts';
import type { SegmentView } from '../catalog/segment-view.ts';
import { joins } from './segment-time.ts';

/**
 * A playlist is at most this long: the longest civil day (25 h, when daylight saving ends) and three hours on
 * either side of it. At ten seconds an entry that is 11,000 entries, about 1.2 MB.
 */
export const MAX_PLAYLIST_HOURS = 31;

/** Up to here a playlist has one entry a group of pictures, so that a player can start at any of them. */
const FINE_RANGE_MICROS = 3_600_000_000;
/** A camera that sends key frames only would have an entry a frame: entries are joined to at least this. */
const FINE_ENTRY_TICKS = MEDIA_TICKS_PER_SECOND / 2;
const COARSE_ENTRY_TICKS = 10 * MEDIA_TICKS_PER_SECOND;
/** Only a camera with key frames further apart than this has longer entries. */
const LONGEST_USUAL_ENTRY_MICROS = 10_000_000;
const NONE: ReadonlySet<number> = new Set();

/**
 * The playlist (RFC 8216) of [from, to): whole segment files by byte range, nothing rewritten. The range is widened
 * to whole entries, and `EXT-X-START` says where `from` is in the first. `undefined` when nothing in it is recorded.
 *
 * `growing`, for a range that is not over yet: an event playlist, which players ask for again until it ends. What it
 * once listed never changes, so the group of pictures that is still being written is left out.
 *
 * `silenced`: initializations whose sound is to be hidden, see `hiddenSounds`.
 */
export function buildPlaylist(
  segments: readonly SegmentView[],
  from: WallMicros,
  to: WallMicros,
  growing = false,
  silenced: ReadonlySet<number> = NONE,
): string | undefined {
  const target = to - from <= FINE_RANGE_MICROS ? FINE_ENTRY_TICKS : COARSE_ENTRY_TICKS;
  const files = segments.flatMap((segment) => coveringSpan(segment, from, to) ?? []);

  const lines: string[] = [];
  /** Section 4.3.3.1 allows no change of the target duration between two loads of a growing playlist. */
  let longest = growing ? LONGEST_USUAL_ENTRY_MICROS : 0;
  let independent = true;
  let before: FragmentSpan | undefined;
  /** Ticks and microseconds since the last discontinuity: lengths are rounded against their sum, so none drifts. */
  let ticks = 0;
  for (const file of files) {
    const entries = entriesOf(file, target);
    if (growing && file === files.at(-1) && file.segment.open) entries.pop();
    if (entries.length === 0) continue;
    const broken = before !== undefined && !continues(before, file);
    if (broken) lines.push('#EXT-X-DISCONTINUITY');
    if (broken || before === undefined) ticks = 0;
    const path = `/api/segments/${segmentId(file.segment.cameraNo, file.segment.start)}`;
    const uri = `${path}.mp4`;
    if (before?.segment.initNo !== file.segment.initNo) {
      // The head of a segment file is `ftyp` + `moov` and then a box that players skip.
      lines.push(
        silenced.has(file.segment.initNo)
          ? `#EXT-X-MAP:URI="${path}/silent-head.mp4"`
          : `#EXT-X-MAP:URI="${uri}",BYTERANGE="${file.segment.headBytes}@0"`,
      );
    }
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${playlistTime(spanStart(file))}`);
    for (const entry of entries) {
      const micros = microsOf(ticks + entry.durationTicks) - microsOf(ticks);
      ticks += entry.durationTicks;
      longest = Math.max(longest, micros);
      independent &&= entry.segment.fragments[entry.first]?.key === true;
      lines.push(
        `#EXTINF:${decimalSeconds(micros)},`,
        `#EXT-X-BYTERANGE:${entry.bytes}@${entry.offset}`,
        uri,
      );
    }
    before = file;
  }
  if (before === undefined) return undefined;
  const head = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    // RFC 8216 section 4.3.3.1: each length, rounded to the nearest second, is at most this.
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(longest / 1_000_000))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${growing ? 'EVENT' : 'VOD'}`,
    ...(independent ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : []),
    ...startOf(files, from, growing),
  ];
  return [...head, ...lines, ...(growing ? [] : ['#EXT-X-ENDLIST']), ''].join('\n');
}

/**
 * Where to start: the first entry begins with a key frame, up to a group of pictures before what was asked for. Of a
 * playlist that grows it is always said: players would start near its end otherwise (RFC 8216, section 6.3.3).
 */
function startOf(files: readonly FragmentSpan[], from: WallMicros, growing: boolean): readonly string[] {
  const before = files[0] ? Math.max(0, from - spanStart(files[0])) : 0;
  return before > 0 || growing ? [`#EXT-X-START:TIME-OFFSET=${decimalSeconds(before)},PRECISE=YES`] : [];
}

function continues(before: FragmentSpan, next: FragmentSpan): boolean {
  return (
    before.segment.initNo === next.segment.initNo &&
    joins(before.segment, next.segment) &&
    before.end === before.segment.fragments.length &&
    next.first === 0
  );
}

/** Cuts at key fragments only, so that every entry can be decoded by itself. */
function entriesOf(file: FragmentSpan, targetTicks: number): FragmentSpan[] {
  const entries: FragmentSpan[] = [];
  const { fragments } = file.segment;
  let first = file.first;
  let ticks = 0;
  for (let index = file.first; index < file.end; index++) {
    const fragment = fragments[index];
    if (!fragment) break;
    if (
      index > first &&
      fragment.key &&
      (ticks >= targetTicks || ticks + groupTicks(file, index) > COARSE_ENTRY_TICKS)
    ) {
      entries.push(spanOf(file.segment, first, index));
      first = index;
      ticks = 0;
    }
    ticks += fragment.durationTicks;
  }
  if (first < file.end) entries.push(spanOf(file.segment, first, file.end));
  return entries;
}

/** Ticks of the group of pictures that begins at the key fragment `index`. */
function groupTicks(file: FragmentSpan, index: number): number {
  let ticks = file.segment.fragments[index]?.durationTicks ?? 0;
  for (let i = index + 1; i < file.end; i++) {
    const fragment = file.segment.fragments[i];
    if (!fragment || fragment.key) break;
    ticks += fragment.durationTicks;
  }
  return ticks;
}

const microsOf = (ticks: number): number => Math.round((ticks * 100) / 9);

const decimalSeconds = (micros: number): string =>
  `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;

/** RFC 8216 section 4.3.2.6 asks for milliseconds, and not every player reads more decimals. */
const playlistTime = (at: WallMicros): string => new Date(Math.floor(at / 1000)).toISOString();
