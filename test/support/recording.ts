import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CameraRow, Catalog } from '../../src/catalog/catalog.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import type { FragmentEntry } from '../../src/media/fragment-index.ts';
import { fragmentHead } from '../../src/media/mp4/fragment-writer.ts';
import { buildInitSegment } from '../../src/media/mp4/init-segment.ts';
import type { SampleTable } from '../../src/media/mp4/sample-table.ts';
import type { OpenSegments, SegmentView } from '../../src/catalog/segment-view.ts';
import { FolderStore } from '../../src/storage/folder-store.ts';
import { createSegmentReader } from '../../src/storage/segment-reader.ts';
import { createSegmentSource, type SegmentSource } from '../../src/playback/segment-source.ts';
import { mediaTicks, ticksToMicros, type WallMicros, wallMicros } from '../../src/time/units.ts';
import type { EncodedFrame, EncodedVideo } from './video.ts';

/** A small real recording: a SQLite catalog and segment files in a folder that goes away with it. */
export interface Recording {
  readonly catalog: Catalog;
  readonly camera: CameraRow;
  readonly storageRoot: string;
  readonly openSegments: OpenSegments;
  readonly segments: SegmentSource;
  /** Records one run; returns its segments. */
  run(video: EncodedVideo, options: RunOptions): Promise<readonly SegmentView[]>;
  path(segment: Pick<SegmentView, 'start'>): string;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly start: WallMicros;
  /** Frames of the video, in order, over and over; each entry of the list is one segment. */
  readonly framesPerSegment: readonly number[];
  /** A fragment is cut before every key frame, and after this many frames. */
  readonly framesPerFragment?: number;
  /** Micros by which the wall clock runs ahead of the media clock at the end of each segment. */
  readonly skewMicros?: number;
  /** The last segment is still being written. */
  readonly leaveOpen?: boolean;
  /** Frame at which to begin. */
  readonly firstFrame?: number;
  /** Goes on with the run that `after` ends: for a change of video in the middle. */
  readonly after?: SegmentView;
}

export async function createRecording(cameraId = 'place-d-armes-01'): Promise<Recording> {
  const storageRoot = await mkdtemp(join(tmpdir(), 'vigie-recording-'));
  const catalog = await openSqliteCatalog({ path: join(storageRoot, 'catalog.db') });
  const camera = await catalog.putCamera({ id: cameraId, name: 'Place d’Armes, nord' });
  const live = new Map<number, readonly SegmentView[]>();
  const openSegments: OpenSegments = { of: (cameraNo) => live.get(cameraNo) ?? [] };
  const folder = new FolderStore(storageRoot);
  const reader = createSegmentReader(folder, undefined, () => undefined);
  const segments = createSegmentSource({ catalog, openSegments, reader });
  const path = (segment: Pick<SegmentView, 'start'>): string => folder.path(segments.key(camera, segment));

  return {
    catalog,
    camera,
    storageRoot,
    openSegments,
    segments,
    path,
    async run(video, options) {
      const init = buildInitSegment(video.config);
      const { codecs, width, height } = video.config;
      const initNo = await catalog.putInit({ bytes: init, codecs, width, height });
      const views: SegmentView[] = [];
      const runStart = options.after?.runStart ?? options.start;
      let start = options.start;
      let media = options.after ? options.after.mediaStart + options.after.durationTicks : 0;
      let frame = options.firstFrame ?? 0;
      for (const [index, count] of options.framesPerSegment.entries()) {
        const frames = Array.from(
          { length: count },
          (_, i) => video.frames[(frame + i) % video.frames.length],
        );
        const written = await writeSegment(path({ start }), init, {
          frames: frames as EncodedFrame[],
          framesPerFragment: options.framesPerFragment ?? Number.POSITIVE_INFINITY,
          ticksPerFrame: video.ticksPerFrame,
          mediaStart: media,
          wallStart: start,
        });
        const durationTicks = count * video.ticksPerFrame;
        const end = wallMicros(start + ticksToMicros(durationTicks) + (options.skewMicros ?? 0));
        const isOpen = options.leaveOpen === true && index === options.framesPerSegment.length - 1;
        const view: SegmentView = {
          ...{
            cameraNo: camera.cameraNo,
            start,
            end,
            runStart,
            mediaStart: mediaTicks(media),
            durationTicks,
            initNo,
          },
          ...{ headBytes: written.headBytes, bytes: written.bytes, fragments: written.fragments },
          ...{ sha256: isOpen ? null : written.sha256, open: isOpen },
        };
        await catalog.apply([{ kind: 'segment-opened', ...view }]);
        if (isOpen) live.set(camera.cameraNo, [view]);
        else await catalog.apply([{ kind: 'segment-closed', ...view, recovered: false }]);
        views.push(view);
        start = end;
        media += durationTicks;
        frame += count;
      }
      return views;
    },
    async close() {
      await catalog.close();
      await rm(storageRoot, { recursive: true, force: true });
    },
  };
}

interface SegmentContent {
  readonly frames: readonly EncodedFrame[];
  readonly framesPerFragment: number;
  readonly ticksPerFrame: number;
  readonly mediaStart: number;
  readonly wallStart: WallMicros;
}

/** Writes a segment file as the recorder lays it out; a box that readers skip stands between the head and the footage. */
export async function writeSegment(
  path: string,
  init: Uint8Array,
  content: SegmentContent,
): Promise<{ headBytes: number; bytes: number; sha256: Uint8Array; fragments: FragmentEntry[] }> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  let bytes = 0;
  const write = async (data: Uint8Array): Promise<void> => {
    await file.write(data);
    hash.update(data);
    bytes += data.length;
  };
  try {
    await write(init);
    await write(Buffer.concat([Buffer.from([0, 0, 0, 40]), Buffer.from('uuid'), Buffer.alloc(32, 0x56)]));
    const headBytes = bytes;
    const fragments: FragmentEntry[] = [];
    let ticks = 0;
    for (const frames of cutFragments(content)) {
      const samples = tableOf(frames, content.ticksPerFrame);
      const payloadBytes = frames.reduce((sum, frame) => sum + frame.data.length, 0);
      const before = bytes;
      await write(
        fragmentHead({
          sequence: fragments.length + 1,
          wallStart: wallMicros(content.wallStart + ticksToMicros(ticks)),
          mediaStart: mediaTicks(content.mediaStart + ticks),
          samples,
          payloadBytes,
        }),
      );
      await write(Buffer.concat(frames.map((frame) => frame.data)));
      const durationTicks = frames.length * content.ticksPerFrame;
      fragments.push({
        bytes: bytes - before,
        durationTicks,
        samples: frames.length,
        key: frames[0]?.key === true,
      });
      ticks += durationTicks;
    }
    return { headBytes, bytes, sha256: hash.digest(), fragments };
  } finally {
    await file.close();
  }
}

function* cutFragments({ frames, framesPerFragment }: SegmentContent): Generator<EncodedFrame[]> {
  let fragment: EncodedFrame[] = [];
  for (const frame of frames) {
    if (fragment.length > 0 && (frame.key || fragment.length >= framesPerFragment)) {
      yield fragment;
      fragment = [];
    }
    fragment.push(frame);
  }
  if (fragment.length > 0) yield fragment;
}

/** Decoding times are the presentation times in order, as the recorder makes them. */
function tableOf(frames: readonly EncodedFrame[], ticksPerFrame: number): SampleTable {
  const shown = frames.map((frame) => frame.ticks);
  const first = Math.min(...shown);
  return {
    count: frames.length,
    sizes: Uint32Array.from(frames, (frame) => frame.data.length),
    durations: new Uint32Array(frames.length).fill(ticksPerFrame),
    compositionOffsets: Int32Array.from(shown, (ticks, i) => ticks - first - i * ticksPerFrame),
    keys: Uint8Array.from(frames, (frame) => (frame.key ? 1 : 0)),
  };
}
