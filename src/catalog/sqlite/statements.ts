import type { DatabaseSync, StatementSync } from 'node:sqlite';

const SEGMENT_COLUMNS = `s.camera_no, s.start, s."end", s.run_start, s.media_start, s.duration, s.init_no,
  s.head_bytes, s.bytes, s.state, s.recovered, s.sha256, f.fragments`;
const SEGMENTS = `SELECT ${SEGMENT_COLUMNS} FROM segment s LEFT JOIN fragment_index f USING (camera_no, start)`;

/**
 * The statements of the hot path. Each finds its rows by a seek in a primary key or a partial index, so none gets
 * slower as the catalog grows: what overlaps a range is what starts in it, and the one that starts last before it.
 */
export const SQL = {
  segment: `${SEGMENTS} WHERE s.camera_no = ? AND s.start = ?`,
  segmentsBetween: `${SEGMENTS} WHERE s.camera_no = ? AND s.start >= ? AND s.start < ? ORDER BY s.start`,
  segmentBefore: `${SEGMENTS} WHERE s.camera_no = ? AND s.start < ? ORDER BY s.start DESC LIMIT 1`,
  openSegments: `${SEGMENTS} WHERE s.state = 0`,
  lastSegment: `${SEGMENTS} WHERE s.camera_no = ? ORDER BY s.start DESC LIMIT 1`,
  runsBetween: 'SELECT * FROM run WHERE camera_no = ? AND start >= ? AND start < ? ORDER BY start',
  runBefore: 'SELECT * FROM run WHERE camera_no = ? AND start < ? ORDER BY start DESC LIMIT 1',
  gapsBetween: 'SELECT * FROM gap WHERE camera_no = ? AND "from" >= ? AND "from" < ? ORDER BY "from"',
  gapBefore: 'SELECT * FROM gap WHERE camera_no = ? AND "from" < ? ORDER BY "from" DESC LIMIT 1',
  openGaps: 'SELECT * FROM gap WHERE "to" IS NULL',

  insertRun: 'INSERT INTO run (camera_no, start, "end") VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  extendRun: 'UPDATE run SET "end" = ? WHERE camera_no = ? AND start = ? AND "end" < ?',
  insertSegment: `INSERT INTO segment (camera_no, start, "end", run_start, media_start, duration, init_no,
    head_bytes, bytes, state, recovered, sha256)
    VALUES (?, ?, ?, ?, ?, 0, ?, ?, 0, 0, 0, NULL) ON CONFLICT DO NOTHING`,
  closeSegment: `UPDATE segment SET "end" = ?, duration = ?, bytes = ?, state = 1, recovered = ?, sha256 = ?
    WHERE camera_no = ? AND start = ? AND state = 0 RETURNING run_start`,
  insertIndex: 'INSERT INTO fragment_index (camera_no, start, fragments) VALUES (?, ?, ?)',
  hashSegment: 'UPDATE segment SET sha256 = ? WHERE camera_no = ? AND start = ? AND state <> 0',
  moveSegment: 'UPDATE segment SET state = ? WHERE camera_no = ? AND start = ? AND state = ?',
  deleteSegment: 'DELETE FROM segment WHERE camera_no = ? AND start = ? RETURNING run_start',
  lastOfRun: `SELECT "end" FROM segment WHERE camera_no = ? AND start >= ? AND run_start = ?
    ORDER BY start DESC LIMIT 1`,
  setRunEnd: 'UPDATE run SET "end" = ? WHERE camera_no = ? AND start = ?',
  deleteRun: 'DELETE FROM run WHERE camera_no = ? AND start = ?',

  openGap: 'SELECT "from", cause FROM gap WHERE camera_no = ? AND "to" IS NULL',
  insertGap: 'INSERT INTO gap (camera_no, "from", "to", cause) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  insertOpenGap: `INSERT INTO gap (camera_no, "from", "to", cause) VALUES (?, ?, NULL, ?)
    ON CONFLICT (camera_no, "from") DO UPDATE SET "to" = NULL, cause = excluded.cause`,
  endGap: 'UPDATE gap SET "to" = ? WHERE camera_no = ? AND "from" = ?',
  deleteGap: 'DELETE FROM gap WHERE camera_no = ? AND "from" = ?',
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

export function prepare(database: DatabaseSync): Statements {
  const names = Object.keys(SQL) as (keyof typeof SQL)[];
  return Object.fromEntries(names.map((name) => [name, database.prepare(SQL[name])])) as Statements;
}
