import type { Catalog } from '../catalog/catalog.ts';
import type { SegmentView } from '../catalog/segment-view.ts';

/** What browsers decode (Media Source Extensions): AAC and Opus, and none of what telephones use. */
const PLAYED = /^(?:mp4a\.|Opus$)/;

/**
 * The initializations of a range whose sound a playlist has to hide. A browser refuses a file with a sound that it cannot
 * decode; and once it has begun with sound or without, what follows must be the same (Media Source Extensions, section
 * "initialization segment received"). So a playlist has sound where all of it has some that browsers play, or nowhere:
 * the video always plays, and clips have the sound in any case.
 * @param wanted false: hide all
 */
export async function hiddenSounds(
  catalog: Catalog,
  segments: readonly Pick<SegmentView, 'initNo'>[],
  wanted: boolean,
): Promise<ReadonlySet<number>> {
  const numbers = [...new Set(segments.map(({ initNo }) => initNo))];
  const sounds = new Map<number, string | undefined>();
  for (const initNo of numbers) {
    // RFC 6381: the video's codec first, then the sound's.
    sounds.set(initNo, (await catalog.init(initNo))?.codecs.split(',')[1]);
  }
  const kinds = new Set([...sounds.values()].map((codecs) => codecs?.split('.')[0]));
  const played = [...sounds.values()].every((codecs) => codecs !== undefined && PLAYED.test(codecs));
  if (wanted && played && kinds.size === 1) return new Set();
  return new Set(numbers.filter((initNo) => sounds.get(initNo) !== undefined));
}
