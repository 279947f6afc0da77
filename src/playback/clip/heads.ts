import { segmentId } from '../../catalog/segment-id.ts';
import { VigieError } from '../../errors/catalog.ts';
import { readFragmentHead, type ReadSound } from '../../media/mp4/fragment-reader.ts';
import type { SampleTable } from '../../media/mp4/sample-table.ts';
import type { FragmentSpan } from '../fragment-span.ts';
import { asStoreError } from '../../storage/object-store.ts';
import type { SegmentBytes } from '../../storage/segment-reader.ts';
import { inLanes } from '../lanes.ts';

/** The head of one fragment, placed in its file. */
export interface PlacedHead {
  /** Index in the segment. */
  readonly fragment: number;
  readonly samples: SampleTable;
  /** Of its first sample, as the file counts it. */
  readonly mediaStart: number;
  readonly durationTicks: number;
  /** Position in the segment of its first sample. */
  readonly payloadAt: number;
  readonly sound: ReadSound | undefined;
  /** Position in the segment of the first frame of its sound. */
  readonly soundAt: number;
}

const READS_AT_ONCE = 4;
/** `prft`, `moof` without its samples, and the header of `mdat`, with room to spare; then up to 16 bytes a sample. */
const HEAD_BYTES = 256;
/** Two seconds of 47 frames of AAC, with the sizes that they all have. */
const SOUND_HEAD_BYTES = 512;
const SAMPLE_BYTES = 16;
/** No head is larger: a thousand samples take 16 kB. */
const MAX_HEAD_BYTES = 1024 * 1024;

/**
 * Reads the heads of the fragments of a span; the samples behind them stay where they are.
 * @param withSound their sound makes the heads longer: only how much is read at first depends on it
 * @throws {VigieError} VIGIE_SEGMENT_UNREADABLE
 */
export async function readSpanHeads(
  bytes: SegmentBytes,
  span: FragmentSpan,
  withSound: boolean,
): Promise<PlacedHead[]> {
  const unreadable = (problem: string): VigieError => {
    const segment = segmentId(span.segment.cameraNo, span.segment.start);
    return new VigieError('VIGIE_SEGMENT_UNREADABLE', { segment, problem });
  };
  const wanted = placesOf(span);
  try {
    return await inLanes(wanted, READS_AT_ONCE, async (place) => {
      const head = await readHead(bytes, place, withSound);
      if (typeof head === 'string') throw unreadable(head);
      return head;
    });
  } catch (error) {
    throw error instanceof VigieError ? error : unreadable(asStoreError(error).message);
  } finally {
    await bytes.close();
  }
}

interface Place {
  readonly fragment: number;
  readonly offset: number;
  readonly bytes: number;
  readonly samples: number;
}

function placesOf(span: FragmentSpan): Place[] {
  const places: Place[] = [];
  let offset = span.offset;
  for (let fragment = span.first; fragment < span.end; fragment++) {
    const entry = span.segment.fragments[fragment];
    if (!entry) break;
    places.push({ fragment, offset, bytes: entry.bytes, samples: entry.samples });
    offset += entry.bytes;
  }
  return places;
}

/** The head, or what is wrong with it. It must agree with the catalog: a clip is sent by the catalog's byte counts. */
async function readHead(
  segment: SegmentBytes,
  place: Place,
  withSound: boolean,
): Promise<PlacedHead | string> {
  const usual = HEAD_BYTES + (withSound ? SOUND_HEAD_BYTES : 0);
  let wanted = Math.min(place.bytes, usual + place.samples * SAMPLE_BYTES);
  for (;;) {
    const buffer = Buffer.allocUnsafe(wanted);
    const bytesRead = await segment.read(buffer, 0, buffer.length, place.offset);
    if (bytesRead < wanted) return `it ends at byte ${place.offset + bytesRead}`;
    const result = readFragmentHead(buffer, 0);
    if (result.kind === 'needs') {
      const more = wanted + result.bytes;
      if (more > Math.min(place.bytes, MAX_HEAD_BYTES))
        return `its fragment at byte ${place.offset} is cut short`;
      wanted = more;
      continue;
    }
    if (result.kind === 'broken') return `its fragment at byte ${place.offset} is broken: ${result.problem}`;
    const { head } = result;
    if (head.totalBytes !== place.bytes || head.samples.count !== place.samples) {
      return `its fragment at byte ${place.offset} is not the one that was recorded`;
    }
    return {
      fragment: place.fragment,
      samples: head.samples,
      mediaStart: head.mediaStart,
      durationTicks: head.durationTicks,
      payloadAt: place.offset + head.payloadOffset,
      sound: head.sound,
      soundAt: place.offset + (head.sound?.payloadOffset ?? 0),
    };
  }
}
