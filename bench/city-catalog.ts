import { DatabaseSync } from 'node:sqlite';
import { openSqliteCatalog } from '../src/catalog/sqlite/open.ts';
import { encodeFragmentIndex, type FragmentEntry } from '../src/media/fragment-index.ts';

const MINUTE = 60_000_000;
const MINUTE_TICKS = 5_400_000;

export interface CityCatalog {
  readonly path: string;
  readonly cameras: number;
  /** Segments of each camera, a minute each, without a gap. */
  readonly minutes: number;
  /** Wall time, microseconds; each camera begins a tenth of a second after the one before. */
  readonly first: number;
  /** What every segment is. */
  readonly segment: {
    readonly headBytes: number;
    readonly bytes: number;
    readonly fragments: readonly FragmentEntry[];
    readonly init: {
      readonly bytes: Uint8Array;
      readonly codecs: string;
      readonly width: number;
      readonly height: number;
    };
  };
  /** The last so many minutes are on disk as well. */
  readonly minutesOnDisk: number;
  /** Of the rest: only on disk, or only in the object store. */
  readonly rest: 'local' | 'remote';
  /** Every minute was looked at, and in one of so many something moved; left out: nobody looked. */
  readonly movesEvery?: number;
}

export const cameraId = (cameraNo: number): string => `cam-${cameraNo}`;

/** Where the segment of a camera begins. */
export const segmentStart = (first: number, cameraNo: number, minute: number): number =>
  first + cameraNo * 100_000 + minute * MINUTE;

/** Makes a catalog by SQL, as recording it would take a month. */
export async function makeCityCatalog(city: CityCatalog): Promise<void> {
  const { path, cameras, minutes, first, segment, minutesOnDisk, rest, movesEvery } = city;
  const empty = await openSqliteCatalog({ path });
  for (let i = 1; i <= cameras; i++) await empty.putCamera({ id: cameraId(i), name: `Camera ${i}` });
  const initNo = await empty.putInit(segment.init);
  await empty.close();
  const database = new DatabaseSync(path);
  const fragments = encodeFragmentIndex(segment.fragments);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF');
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)';
  const segments = database.prepare(`${numbers}
    INSERT INTO segment (camera_no, start, "end", run_start, media_start, duration, init_no, head_bytes, bytes, state,
      recovered, sha256)
    SELECT ?2, ?3 + i * ${MINUTE}, ?3 + (i + 1) * ${MINUTE}, ?3, i * ${MINUTE_TICKS}, ${MINUTE_TICKS}, ?4, ?5, ?6,
      CASE WHEN i >= ?1 - ?7 THEN 2 ELSE ?8 END, 0, zeroblob(32) FROM n`);
  const indexes = database.prepare(`${numbers}
    INSERT INTO fragment_index (camera_no, start, fragments) SELECT ?2, ?3 + i * ${MINUTE}, ?4 FROM n`);
  const looked = database.prepare(`${numbers}
    INSERT INTO looked (camera_no, minute, pictures, moving, passed)
    SELECT ?2, ?3 + i * ${MINUTE}, 30, 10 * (i % ?4 = 0), 0 FROM n`);
  const events = database.prepare(`${numbers}
    INSERT INTO event (camera_no, "from", "to", kind, continues, score, zones, changed)
    SELECT ?2, ?3 + i * ${MINUTE} + 9000000, ?3 + i * ${MINUTE} + 29000000, 'motion', 0, 0.1, '[]',
      ?2 * 1000000 + i FROM n WHERE i % ?4 = 0`);
  const run = database.prepare('INSERT INTO run (camera_no, start, "end") VALUES (?, ?, ?)');
  for (let camera = 1; camera <= cameras; camera++) {
    database.exec('BEGIN');
    const start = segmentStart(first, camera, 0);
    segments.run(
      ...([minutes, camera, start, initNo, segment.headBytes, segment.bytes] as const),
      ...([minutesOnDisk, rest === 'local' ? 1 : 3] as const),
    );
    indexes.run(minutes, camera, start, fragments);
    run.run(camera, start, start + minutes * MINUTE);
    if (movesEvery !== undefined) {
      looked.run(minutes, camera, Math.floor(first / MINUTE) * MINUTE, movesEvery);
      events.run(minutes, camera, start, movesEvery);
    }
    database.exec('COMMIT');
  }
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

/**
 * Makes some segments begin a run of their own, as their files say that they do: media time 0.
 * @param places number of the camera and of the minute
 */
export function beginRuns(
  city: CityCatalog,
  places: Iterable<readonly [camera: number, minute: number]>,
): void {
  const database = new DatabaseSync(city.path);
  const update = database.prepare(
    'UPDATE segment SET run_start = start, media_start = 0 WHERE camera_no = ? AND start = ?',
  );
  database.exec('BEGIN');
  for (const [camera, minute] of places) update.run(camera, segmentStart(city.first, camera, minute));
  database.exec('COMMIT');
  database.close();
}
