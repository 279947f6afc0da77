import type { CameraRow, Catalog } from '../../catalog/catalog.ts';
import { segmentId } from '../../catalog/segment-id.ts';
import { VigieError } from '../../errors/catalog.ts';
import type { SampleTable } from '../../media/mp4/sample-table.ts';
import { readInit } from '../../media/mp4/init-segment.ts';
import { microsToTicks } from '../../time/units.ts';
import { type ByteLayout, type BytePart, layoutOf } from '../byte-layout.ts';
import { type FragmentSpan, spanStart } from '../fragment-span.ts';
import type { SegmentSource } from '../segment-source.ts';
import { inLanes } from '../lanes.ts';
import { readSpanHeads } from './heads.ts';
import { movieHead } from './movie.ts';
import { sampleColumns } from './sample-columns.ts';
import type { ClipSelection } from './select.ts';

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
 * @param editList false: the file plays from its first sample on, for a reader that counts samples
 * @throws {VigieError} VIGIE_SEGMENT_UNREADABLE when a file is missing or is not what the catalog says
 */
export async function planClip(
  sources: ClipSources,
  camera: CameraRow,
  selection: ClipSelection,
  editList = true,
): Promise<ClipPlan> {
  const { spans } = selection;
  const inits = await readInits(sources.catalog, selection);
  const heads = await inLanes(spans, FILES_AT_ONCE, (span) =>
    readSpanHeads(sources.segments.path(camera, span.segment), span),
  );
  const columns = sampleColumns(spans.reduce((sum, span) => sum + expectedSamples(span), 0));
  const parts: BytePart[] = [];
  let last: Cut | undefined;
  for (const [index, span] of spans.entries()) {
    const path = sources.segments.path(camera, span.segment);
    const description = inits.numbers.indexOf(span.segment.initNo) + 1;
    if (selection.gapsBefore.has(index)) columns.hold(gapTicks(selection, span, columns.ticks()));
    let ticks = span.startTicks;
    for (const head of heads[index] ?? []) {
      const final = index === spans.length - 1 && head.fragment === span.end - 1;
      const cut = final ? cutAt(head.samples, selection.tailTicks - ticks) : undefined;
      if (cut) last = { count: cut.count, shownTicks: columns.ticks() + cut.shownTicks };
      const length = columns.add(head.samples, cut?.count ?? head.samples.count, description);
      parts.push({ kind: 'file', path, offset: head.payloadAt, length });
      ticks += head.durationTicks;
    }
  }
  const built = columns.build();
  const hidden = editList ? Math.min(selection.leadTicks, built.ticks - 1) : 0;
  const head = movieHead({
    timescale: inits.first.timescale,
    width: inits.first.width,
    height: inits.first.height,
    sampleEntries: inits.sampleEntries,
    columns: built,
    edit: { mediaTicks: hidden, durationTicks: built.ticks - hidden },
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
  readonly first: { readonly timescale: number; readonly width: number; readonly height: number };
}

/** One sample description for every different initialization: a camera may change its resolution in the middle. */
async function readInits(catalog: Catalog, selection: ClipSelection): Promise<Inits> {
  const numbers = [...new Set(selection.spans.map((span) => span.segment.initNo))];
  const sampleEntries: Uint8Array[] = [];
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
    first ??= init;
  }
  if (!first) throw new Error('A clip was planned of nothing.');
  return { numbers, sampleEntries, first };
}

function expectedSamples(span: FragmentSpan): number {
  let samples = 0;
  for (let i = span.first; i < span.end; i++) samples += span.segment.fragments[i]?.samples ?? 0;
  return samples;
}
