import type { ReadSound } from '../../media/mp4/fragment-reader.ts';
import type { SampleTable } from '../../media/mp4/sample-table.ts';
import { MEDIA_TICKS_PER_SECOND } from '../../time/units.ts';
import type { MovieTrack } from './movie.ts';
import { sampleColumns } from './sample-columns.ts';

/** The sound of one initialization. */
export interface SoundDescription {
  /** Samples a second. */
  readonly timescale: number;
  /** The whole `mp4a`, `alaw`, … box. */
  readonly sampleEntry: Uint8Array;
}

/** The sound of one fragment, and where it belongs in the clip. */
export interface SoundPiece {
  readonly sound: ReadSound;
  readonly description: SoundDescription;
  /** Clip time at which the fragment's video begins, ticks; the same moment as the file counts it. */
  readonly clipTicks: number;
  readonly mediaStart: number;
  /** It follows the fragment before it without a gap. */
  readonly joins: boolean;
  /** Position in the clip's payload of what is taken. */
  readonly at: number;
}

/** Of a piece, in bytes from its first frame. */
export interface TakenSound {
  readonly offset: number;
  readonly length: number;
}

export interface SoundTrackBuilder {
  /** Takes the frames that are heard in the clip. */
  add(piece: SoundPiece): TakenSound;
  /** @param shownTicks ticks that the pictures are shown for; `undefined` without any sound */
  build(shownTicks: number): MovieTrack | undefined;
}

/** Decoders need the frame before the first one that is heard. */
const WARM_UP_FRAMES = 1;

/**
 * The second track of a clip: whole frames, from the one that is heard at the clip's first moment on, exactly placed by
 * an edit list. Where sound is missing the frame before lasts longer, which players fill with silence. All in samples
 * of the first sound that comes.
 * @param leadTicks clip time of the first moment
 * @param endTicks clip time of the end
 */
export function soundTrack(leadTicks: number, endTicks: () => number): SoundTrackBuilder {
  const entries: Uint8Array[] = [];
  const columns = sampleColumns(0, true);
  let rate = 0;
  /** From the file's count to the clip's; the same as long as fragments join, so that no rounding adds up. */
  let shift = 0;
  let started = false;
  /** Clip time of the first frame. */
  let first = 0;

  const clip = (ticks: number): number => Math.round((ticks * rate) / MEDIA_TICKS_PER_SECOND);

  return {
    add({ sound, description, clipTicks, mediaStart, joins, at }) {
      rate ||= description.timescale;
      const { timescale } = description;
      const samples = timescale === rate ? sound.samples : scaled(sound.samples, timescale, rate);
      if (!joins || !started) shift = clip(clipTicks) - clip(mediaStart);
      const soundStart = Math.round((sound.mediaStart * rate) / timescale) + shift;
      const end = clip(endTicks());

      const behind = started ? first + columns.ticks() : clip(leadTicks);
      let from = 0;
      let start = soundStart;
      // What ends before it can be heard, or was heard already.
      while (from < samples.count) {
        const after = start + (samples.durations[from] as number);
        if (started ? start >= behind : after > behind) break;
        start = after;
        from++;
      }
      if (from === samples.count) return { offset: 0, length: 0 };
      for (let i = 0; i < WARM_UP_FRAMES && !started && from > 0; i++) {
        from--;
        start -= samples.durations[from] as number;
      }
      let to = from;
      for (let next = start; to < samples.count && next < end; to++) next += samples.durations[to] as number;
      if (to === from) return { offset: 0, length: 0 };

      if (started) columns.hold(start - behind);
      else first = start;
      started = true;
      let offset = 0;
      for (let i = 0; i < from; i++) offset += samples.sizes[i] as number;
      return { offset, length: columns.add(samples, from, to, entryNumber(entries, description), at) };
    },

    build(shownTicks) {
      if (!started) return undefined;
      const built = columns.build();
      const lead = clip(leadTicks);
      const ticks = (length: number): number => Math.round((length * MEDIA_TICKS_PER_SECOND) / rate);
      const emptyTicks = Math.min(ticks(Math.max(0, first - lead)), shownTicks);
      const mediaTicks = Math.max(0, lead - first);
      const durationTicks = Math.min(ticks(built.ticks - mediaTicks), shownTicks - emptyTicks);
      if (durationTicks <= 0) return undefined;
      return {
        timescale: rate,
        sampleEntries: entries,
        columns: built,
        edit: { emptyTicks, mediaTicks, durationTicks },
      };
    },
  };
}

/** One-based; a description that is there already is not entered twice. */
function entryNumber(entries: Uint8Array[], { sampleEntry }: SoundDescription): number {
  const known = entries.findIndex((entry) => Buffer.compare(entry, sampleEntry) === 0);
  return known >= 0 ? known + 1 : entries.push(sampleEntry);
}

/** The same frames at another rate; rounded against their sum, so that none drifts. */
function scaled(samples: SampleTable, from: number, to: number): SampleTable {
  const durations = new Uint32Array(samples.count);
  let sum = 0;
  for (let i = 0; i < samples.count; i++) {
    const next = sum + (samples.durations[i] as number);
    durations[i] = Math.round((next * to) / from) - Math.round((sum * to) / from);
    sum = next;
  }
  return { ...samples, durations };
}
