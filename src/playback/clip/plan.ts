import type { CameraRow, Catalog } from '../../catalog/catalog.ts';
import { segmentId } from '../../catalog/segment-id.ts';
import { VigieError } from '../../errors/catalog.ts';
import type { SampleTable } from '../../media/mp4/sample-table.ts';
import { readInit } from '../../media/mp4/init-segment.ts';
import { MEDIA_TICKS_PER_SECOND, microsToTicks } from '../../time/units.ts';
import { type ByteLayout, type BytePart, layoutOf } from '../byte-layout.ts';
import { type FragmentSpan, spanStart } from '../fragment-span.ts';
import type { SegmentSource } from '../segment-source.ts';
import { inLanes } from '../lanes.ts';
import { readSpanHeads } from './heads.ts';
import { movieHead } from './movie.ts';
import { sampleColumns } from './sample-columns.ts';
import type { ClipSelection } from './select.ts';
import { type SoundDescription, soundTrack } from './sound-track.ts';

/** A clip that is ready to be sent: its head is in memory, its samples are where they were recorded. */
export interface ClipPlan {
  readonly layout: ByteLayout;
  /** Samples, in decoding order. */
  readonly samples: number;
  /** Presentation time in the file of the sample on screen at the last moment of the clip, before any edit. */
  readonly lastShownTicks: number;
  /** Its first picture comes after the first moment: pictures before it belong to the group before. */
  readonly startsLate: boolean;
}

export interface ClipSources {
  readonly catalog: Catalog;
  readonly segments: SegmentSource;
}

/** Files whose heads are read at once, and reads a file: sixteen in all keep a disk busy and the loop free. */
const FILES_AT_ONCE = 4;

/**
 * Turns a selection into one progressive MP4. Reads the heads of the fragments and no sample.
 * @param picturesOnly no sound, and the file plays from its first sample on: for a reader that counts samples
 * @throws {VigieError} VIGIE_SEGMENT_UNREADABLE when a file is missing or is not what the catalog says
 */
export async function planClip(
  sources: ClipSources,
  camera: CameraRow,
  selection: ClipSelection,
  picturesOnly = false,
): Promise<ClipPlan> {
  const { spans } = selection;
  const inits = await readInits(sources.catalog, selection);
  const heads = await inLanes(spans, FILES_AT_ONCE, (span) =>
    readSpanHeads(
      sources.segments.reader.open(sources.segments.key(camera, span.segment)),
      span,
      inits.sounds.has(span.segment.initNo),
    ),
  );
  const columns = sampleColumns(spans.reduce((sum, span) => sum + expectedSamples(span), 0));
  const parts: BytePart[] = [];
  let payloadBytes = 0;
  let last: Cut | undefined;
  let endTicks = Number.MAX_SAFE_INTEGER / MEDIA_TICKS_PER_SECOND;
  const sound = soundTrack(selection.leadTicks, () => endTicks);
  let soundJoins = false;
  for (const [index, span] of spans.entries()) {
    const key = sources.segments.key(camera, span.segment);
    const { initNo } = span.segment;
    const video = inits.numbers.indexOf(initNo) + 1;
    const description = picturesOnly ? undefined : inits.sounds.get(initNo);
    if (selection.gapsBefore.has(index)) {
      columns.hold(gapTicks(selection, span, columns.ticks()));
      soundJoins = false;
    }
    let ticks = span.startTicks;
    for (const head of heads[index] ?? []) {
      const clipTicks = columns.ticks();
      const final = index === spans.length - 1 && head.fragment === span.end - 1;
      const cut = final ? cutAt(head.samples, selection.tailTicks - ticks) : undefined;
      if (cut) {
        last = { count: cut.count, shownTicks: clipTicks + cut.shownTicks };
        endTicks = clipTicks + selection.tailTicks - ticks;
      }
      const length = columns.add(head.samples, 0, cut?.count ?? head.samples.count, video, payloadBytes);
      parts.push({ kind: 'file', key, offset: head.payloadAt, length });
      payloadBytes += length;
      ticks += head.durationTicks;
      if (!description || !head.sound) continue;
      const { mediaStart } = head;
      const taken = sound.add({
        ...{ sound: head.sound, description, clipTicks, mediaStart, joins: soundJoins, at: payloadBytes },
      });
      soundJoins = true;
      if (taken.length === 0) continue;
      parts.push({ kind: 'file', key, offset: head.soundAt + taken.offset, length: taken.length });
      payloadBytes += taken.length;
    }
  }
  const built = columns.build();
  const hidden = picturesOnly ? 0 : Math.min(selection.leadTicks, built.ticks - 1);
  const shownTicks = built.ticks - hidden;
  const head = movieHead({
    video: {
      timescale: inits.first.timescale,
      sampleEntries: inits.sampleEntries,
      columns: built,
      edit: { emptyTicks: 0, mediaTicks: hidden, durationTicks: shownTicks },
    },
    width: inits.first.width,
    height: inits.first.height,
    sound: sound.build(shownTicks),
    payloadBytes,
    takenAt: Math.floor(selection.start / 1_000_000),
  });
  return {
    layout: layoutOf([{ kind: 'memory', bytes: head, offset: 0, length: head.length }, ...parts]),
    samples: built.count,
    lastShownTicks: last?.shownTicks ?? 0,
    startsLate: (heads[0]?.[0]?.samples.compositionOffsets[0] ?? 0) > selection.leadTicks,
  };
}

interface Cut {
  /** Samples to take of the fragment. */
  readonly count: number;
  /** Presentation time, after the fragment's start, of the latest of them. */
  readonly shownTicks: number;
}

/** Ends a fragment behind the sample that is on screen just before `endTicks`; what it refers to comes before it. */
function cutAt(samples: SampleTable, endTicks: number): Cut {
  let count = 1;
  let shownTicks = samples.compositionOffsets[0] ?? 0;
  let decode = 0;
  for (let i = 0; i < samples.count; i++) {
    const shown = decode + (samples.compositionOffsets[i] as number);
    if (shown < endTicks) {
      count = i + 1;
      shownTicks = Math.max(shownTicks, shown);
    }
    decode += samples.durations[i] as number;
  }
  return { count, shownTicks };
}

/**
 * The clip's clock starts at its first moment and stays true to the wall: behind a gap, footage comes as much later
 * as it was taken later, and until then the last picture stays. (An edit without a picture would say it better, but
 * ffmpeg, and with it Chromium, honours one only at the very start.) Between gaps it is the camera's own clock.
 * Not positive when the machine's clock was set back between two runs: then they follow without a pause.
 */
const gapTicks = (selection: ClipSelection, next: FragmentSpan, soFar: number): number =>
  microsToTicks(spanStart(next) - selection.start) + selection.leadTicks - soFar;

interface Inits {
  /** Position in this list + 1 is the sample description's number. */
  readonly numbers: readonly number[];
  readonly sampleEntries: readonly Uint8Array[];
  /** What is heard in segments of an initialization, where anything is. */
  readonly sounds: ReadonlyMap<number, SoundDescription>;
  readonly first: { readonly timescale: number; readonly width: number; readonly height: number };
}

/** One sample description for every different initialization: a camera may change its resolution in the middle. */
async function readInits(catalog: Catalog, selection: ClipSelection): Promise<Inits> {
  const numbers = [...new Set(selection.spans.map((span) => span.segment.initNo))];
  const sampleEntries: Uint8Array[] = [];
  const sounds = new Map<number, SoundDescription>();
  let first: Inits['first'] | undefined;
  for (const number of numbers) {
    const row = await catalog.init(number);
    const init = row && readInit(row.bytes);
    if (!init) {
      const span = selection.spans.find((candidate) => candidate.segment.initNo === number) as FragmentSpan;
      const segment = segmentId(span.segment.cameraNo, span.segment.start);
      throw new VigieError('VIGIE_SEGMENT_UNREADABLE', {
        segment,
        problem: 'its initialization is not known',
      });
    }
    sampleEntries.push(init.sampleEntry);
    if (init.sound) sounds.set(number, init.sound);
    first ??= init;
  }
  if (!first) throw new Error('A clip was planned of nothing.');
  return { numbers, sampleEntries, sounds, first };
}

function expectedSamples(span: FragmentSpan): number {
  let samples = 0;
  for (let i = span.first; i < span.end; i++) samples += span.segment.fragments[i]?.samples ?? 0;
  return samples;
}
