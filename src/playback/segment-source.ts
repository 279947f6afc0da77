import type { CameraRow, Catalog, SegmentRow } from '../catalog/catalog.ts';
import { parseSegmentId, segmentKey } from '../catalog/segment-id.ts';
import type { OpenSegments, SegmentView } from '../catalog/segment-view.ts';
import type { SegmentReader } from '../storage/segment-reader.ts';
import type { WallMicros } from '../time/units.ts';

/** What playback reads from: the catalog, the segments still being written, and where their bytes are. */
export interface SegmentSource {
  /** Segments of the camera with footage in [from, to), by start. */
  between(camera: CameraRow, from: WallMicros, to: WallMicros): Promise<readonly SegmentView[]>;
  /** One segment by its id, `17-1795466400000000`. */
  one(id: string): Promise<{ readonly camera: CameraRow; readonly segment: SegmentView } | undefined>;
  /** The name of the segment's bytes in every tier. */
  key(camera: CameraRow, segment: Pick<SegmentView, 'start'>): string;
  readonly reader: SegmentReader;
}

export function createSegmentSource(options: {
  readonly catalog: Catalog;
  readonly openSegments: OpenSegments;
  readonly reader: SegmentReader;
}): SegmentSource {
  const { catalog, openSegments, reader } = options;
  /** Numbers are never given twice, so what is remembered here stays true. */
  const cameras = new Map<number, CameraRow>();

  const cameraByNumber = async (cameraNo: number): Promise<CameraRow | undefined> => {
    if (!cameras.has(cameraNo)) {
      for (const row of await catalog.cameras()) cameras.set(row.cameraNo, row);
    }
    return cameras.get(cameraNo);
  };

  return {
    async between(camera, from, to) {
      // The live view is taken before the catalog is asked: a segment that closes in between is then in both,
      // and counted once, but never in neither.
      const live = openSegments.of(camera.cameraNo);
      const rows = await catalog.segmentsBetween(camera.cameraNo, from, to);
      return mergeSegments(rows, live, from, to);
    },

    async one(id) {
      const key = parseSegmentId(id);
      const camera = key && (await cameraByNumber(key.cameraNo));
      if (!key || !camera) return undefined;
      const live = openSegments.of(key.cameraNo).find((view) => view.start === key.start);
      const row = await catalog.segment(key.cameraNo, key.start);
      const segment = row && isReadable(row) ? viewOf(row) : live;
      return segment && { camera, segment };
    },

    key: (camera, segment) => segmentKey(camera.id, camera.cameraNo, segment.start),
    reader,
  };
}

/** Closed rows and live views as one list; a row that is open in the catalog counts only with its live view. */
export function mergeSegments(
  rows: readonly SegmentRow[],
  live: readonly SegmentView[],
  from: WallMicros,
  to: WallMicros,
): readonly SegmentView[] {
  const closed = rows.filter(isReadable).map(viewOf);
  const known = new Set(closed.map((view) => view.start));
  const growing = live.filter(
    (view) => !known.has(view.start) && view.fragments.length > 0 && view.start < to && view.end > from,
  );
  return [...closed, ...growing].toSorted((a, b) => a.start - b.start);
}

const isReadable = (row: SegmentRow): boolean => row.state !== 'open' && row.state !== 'garbage';

const viewOf = (row: SegmentRow): SegmentView => ({ ...row, open: false });
