import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { type WallMicros, wallMicros } from '../../time/units.ts';
import type {
  Backlog,
  CondemnedSegment,
  DeletionQuery,
  LockWork,
  SegmentKey,
  Sentence,
  StillQuery,
  StillSegments,
  StoredSegment,
  Sweep,
  SweepOrder,
  TierQuery,
} from '../catalog.ts';
import { classOf } from '../footage-class.ts';
import type { Deletion, DeletionReason, DoneDeletion, Hold, HoldRequest } from '../keeping.ts';
import { ClassSweep } from './class-sweep.ts';
import { EvidenceStore } from './evidence-store.ts';
import { shortenRun } from './write.ts';
import { STATES } from './rows.ts';
import type { Statements } from './statements.ts';
import { inTransaction, prepareAll } from './transaction.ts';

type Row = Record<string, SQLOutputValue>;

/** Entries of the journal are extended up to this length, so that each says exactly what went, and there are few. */
const ENTRY_MICROS = 3_600_000_000;
/** Five times the longest that can be configured: what a camera without key frames may make. */
const LONGEST_SEGMENT_MICROS = 5 * 3_600_000_000;

const STORED = 's.camera_no, s.start, s."end", s.bytes, s.sha256, s.state';

/** A hold that is in force at ?1 on the segment `s`. */
const HELD = `EXISTS (SELECT 1 FROM hold h WHERE h.camera_no = s.camera_no AND h.released IS NULL
  AND (h.until IS NULL OR h.until > ?1) AND h."from" < s."end" AND h."to" > s.start)`;

const SQL = {
  localOldest: `SELECT ${STORED} FROM segment s WHERE s.state = 1 AND NOT (?1 > 0 AND ${HELD}) ORDER BY s.start LIMIT ?2`,
  localNewest: `SELECT ${STORED} FROM segment s WHERE s.state = 1 AND NOT (?1 > 0 AND ${HELD}) ORDER BY s.start DESC LIMIT ?2`,
  localAfter: `SELECT ${STORED} FROM segment s WHERE s.state = 1 AND s.start > ?2 AND NOT ${HELD}
    ORDER BY s.start LIMIT ?3`,
  stored: `SELECT ${STORED} FROM segment s WHERE s.state = 2 AND s.start <= ?1 AND s."end" <= ?1
    ORDER BY s.start LIMIT ?2`,
  backlog:
    'SELECT count(*) AS segments, sum(bytes) AS bytes, min(start) AS oldest FROM segment WHERE state = 1',
  from: `SELECT ${STORED} FROM segment s WHERE s.camera_no = ? AND s.start >= ? ORDER BY s.start LIMIT ?`,

  candidates: `SELECT s.start, s.state FROM segment s
    WHERE s.camera_no = ?2 AND s.start <= ?3 AND s."end" <= ?4
      AND s.start >= ?7 AND (s.state = 1 OR (?5 = 0 AND s.state IN (2, 3))) AND NOT ${HELD}
    ORDER BY s.start LIMIT ?6`,
  mark: 'UPDATE segment SET state = 4 WHERE camera_no = ? AND start = ?',
  sentence: 'INSERT INTO condemned (camera_no, start, reason, decided, remote) VALUES (?, ?, ?, ?, ?)',
  condemned: `SELECT ${STORED}, c.reason, c.decided, c.remote FROM condemned c
    JOIN segment s USING (camera_no, start)
    WHERE (c.camera_no, c.start) > (?1, ?2)
      AND NOT EXISTS (SELECT 1 FROM locked l WHERE l.camera_no = c.camera_no AND l.start = c.start)
    ORDER BY c.camera_no, c.start LIMIT ?3`,
  drop: 'DELETE FROM segment WHERE camera_no = ? AND start = ? AND state = 4 RETURNING run_start',
  extend: `UPDATE deletion SET "to" = ?, segments = segments + 1, bytes = bytes + ?, local_gone = ?, remote_gone = ?
    WHERE deletion_no = (SELECT deletion_no FROM deletion WHERE camera_no = ? AND "from" <= ? AND "from" >= ?
        ORDER BY "from" DESC LIMIT 1)
      AND "to" = ? AND reason = ? AND (remote_gone IS NULL) = ?`,
  enter: `INSERT INTO deletion (camera_no, "from", "to", segments, bytes, reason, decided, local_gone, remote_gone)
    VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)`,
  deletionsBetween: `SELECT * FROM deletion WHERE camera_no = ? AND "from" > ? AND "from" < ? ORDER BY "from"`,

  toLock: `SELECT DISTINCT s.camera_no, s.start FROM hold h JOIN segment s ON s.camera_no = h.camera_no
      AND s.start < h."to" AND s.start > h."from" - ${LONGEST_SEGMENT_MICROS} AND s."end" > h."from"
    WHERE h.released IS NULL AND (h.until IS NULL OR h.until > ?1) AND s.state IN (2, 3)
      AND NOT EXISTS (SELECT 1 FROM locked l WHERE l.camera_no = s.camera_no AND l.start = s.start)
    LIMIT ?2`,
  toUnlock: `SELECT s.camera_no, s.start FROM locked l JOIN segment s USING (camera_no, start)
    WHERE NOT ${HELD} LIMIT ?2`,
  locked: 'INSERT INTO locked (camera_no, start) VALUES (?, ?) ON CONFLICT DO NOTHING',
  unlocked: 'DELETE FROM locked WHERE camera_no = ? AND start = ?',

  putHold: `INSERT INTO hold (camera_no, "from", "to", reference, reason, author, created, until)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
  holds: 'SELECT * FROM hold ORDER BY hold_no DESC',
  hold: 'SELECT * FROM hold WHERE hold_no = ?',
  release: 'UPDATE hold SET released = ?, released_by = ? WHERE hold_no = ? AND released IS NULL',
} as const;

const MAX_TIME = Number.MAX_SAFE_INTEGER;
const NO_TIME = wallMicros(0);

/** Where segments are, which must go, which must stay: the part of the catalog that storage works with. */
export class KeepingStore {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>;
  readonly #evidence: EvidenceStore;
  readonly #classes: ClassSweep;

  constructor(database: DatabaseSync, statements: Statements) {
    this.#database = database;
    this.#statements = statements;
    this.#sql = prepareAll(database, SQL);
    this.#evidence = new EvidenceStore(database);
    this.#classes = new ClassSweep(database, this.#evidence, (order, start, state) =>
      this.#condemn(order, start, state),
    );
  }

  localSegments({ limit, newestFirst, cameras, unheldAt = NO_TIME }: TierQuery): readonly StoredSegment[] {
    const statement = newestFirst === true ? this.#sql.localNewest : this.#sql.localOldest;
    if (!cameras) return statement.all(unheldAt, limit).map(storedRow);
    const rows: StoredSegment[] = [];
    // What is sought is near the beginning, unless everything that is left belongs to others.
    for (const row of statement.iterate(unheldAt, -1)) {
      if (cameras.has(Number(row['camera_no']))) rows.push(storedRow(row));
      if (rows.length === limit) break;
    }
    return rows;
  }

  stillSegments({ after, at, limit }: StillQuery): StillSegments {
    const rows = this.#sql.localAfter.all(at, after, limit).map(storedRow);
    const segments = rows.filter(
      (row) => classOf(row, this.#evidence.read(row.cameraNo, row.start, row.end)) === 'continuous',
    );
    return { segments, next: rows.length < limit ? undefined : rows.at(-1)?.start };
  }

  storedSegments(endedBy: WallMicros, limit: number): readonly StoredSegment[] {
    return this.#sql.stored.all(endedBy, limit).map(storedRow);
  }

  backlog(): Backlog {
    const row = this.#sql.backlog.get() as Row;
    return {
      segments: Number(row['segments']),
      bytes: Number(row['bytes'] ?? 0),
      oldest: row['oldest'] === null ? null : wall(row['oldest']),
    };
  }

  segmentsFrom(cameraNo: number, start: WallMicros, limit: number): readonly StoredSegment[] {
    return this.#sql.from.all(cameraNo, start, limit).map(storedRow);
  }

  condemn(sentence: Sentence): number {
    const { cameraNo, at, limit, startedFrom = 0, startedBy = MAX_TIME, endedBy = MAX_TIME } = sentence;
    return inTransaction(this.#database, () => {
      const rows = this.#sql.candidates.all(
        // What has ended has started: without this bound, all that is younger would be looked at too.
        ...[at, cameraNo, Math.min(startedBy, endedBy), endedBy],
        ...[sentence.localOnly === true ? 1 : 0, limit, startedFrom],
      );
      for (const row of rows) this.#condemn(sentence, Number(row['start']), Number(row['state']));
      return rows.length;
    });
  }

  sweep(order: SweepOrder): Sweep {
    return inTransaction(this.#database, () => this.#classes.run(order));
  }

  /** Marks it as garbage, and says why. */
  #condemn(
    { cameraNo, reason, at, remote }: Pick<Sentence, 'cameraNo' | 'reason' | 'at' | 'remote'>,
    start: number,
    state: number,
  ): void {
    this.#sql.mark.run(cameraNo, start);
    this.#sql.sentence.run(cameraNo, start, reason, at, remote || state !== 1 ? 1 : 0);
  }

  condemned(after: SegmentKey | undefined, limit: number): readonly CondemnedSegment[] {
    return this.#sql.condemned.all(after?.cameraNo ?? 0, after?.start ?? 0, limit).map((row) => ({
      ...storedRow(row),
      reason: row['reason'] as DeletionReason,
      decided: wall(row['decided']),
      remote: row['remote'] === 1,
    }));
  }

  bury(done: readonly DoneDeletion[]): void {
    inTransaction(this.#database, () => {
      const runs = new Map<string, readonly [number, number]>();
      for (const entry of done) {
        const { cameraNo, start } = entry;
        const dropped = this.#sql.drop.get(cameraNo, start);
        // Twice is once: the journal must not count it again.
        if (!dropped) continue;
        const runStart = Number(dropped['run_start']);
        runs.set(`${cameraNo} ${runStart}`, [cameraNo, runStart]);
        this.#enter(entry);
      }
      for (const { cameraNo, start, end } of done) this.#evidence.forget(cameraNo, start, end);
      for (const [cameraNo, runStart] of runs.values()) shortenRun(this.#statements, cameraNo, runStart);
    });
  }

  #enter({ cameraNo, start, end, bytes, reason, decided, localGone, remoteGone }: DoneDeletion): void {
    const extended = this.#sql.extend.run(
      ...[end, bytes, localGone, remoteGone, cameraNo, start, end - ENTRY_MICROS, start, reason],
      remoteGone === null ? 1 : 0,
    );
    if (extended.changes === 0) {
      this.#sql.enter.run(cameraNo, start, end, bytes, reason, decided, localGone, remoteGone);
    }
  }

  deletions(query: DeletionQuery): readonly Deletion[] {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    const where = (condition: string, value: SQLInputValue | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    where('camera_no = ?', query.cameraNo);
    where('"to" > ?', query.from);
    where('"from" < ?', query.to);
    where('deletion_no < ?', query.before);
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.#database
      .prepare(`SELECT * FROM deletion ${filter} ORDER BY deletion_no DESC LIMIT ?`)
      .all(...values, query.limit)
      .map(deletionRow);
  }

  deletionsBetween(cameraNo: number, from: WallMicros, to: WallMicros): readonly Deletion[] {
    return this.#sql.deletionsBetween
      .all(cameraNo, from - ENTRY_MICROS - LONGEST_SEGMENT_MICROS, to)
      .map(deletionRow)
      .filter((entry) => entry.to > from);
  }

  lockWork(at: WallMicros, limit: number): LockWork {
    const keyOf = (row: Row): SegmentKey => ({
      cameraNo: Number(row['camera_no']),
      start: wall(row['start']),
    });
    return {
      lock: this.#sql.toLock.all(at, limit).map(keyOf),
      unlock: this.#sql.toUnlock.all(at, limit).map(keyOf),
    };
  }

  putLocked({ cameraNo, start }: SegmentKey, locked: boolean): void {
    this.#sql[locked ? 'locked' : 'unlocked'].run(cameraNo, start);
  }

  putHold(hold: HoldRequest): Hold {
    const { cameraNo, from, to, reference, reason, author, created, until } = hold;
    return holdRow(
      this.#sql.putHold.get(cameraNo, from, to, reference, reason, author, created, until) as Row,
    );
  }

  holds(): readonly Hold[] {
    return this.#sql.holds.all().map(holdRow);
  }

  releaseHold(holdNo: number, at: WallMicros, by: string): Hold | undefined {
    this.#sql.release.run(at, by, holdNo);
    const row = this.#sql.hold.get(holdNo);
    return row && holdRow(row);
  }
}

function storedRow(row: Row): StoredSegment {
  return {
    cameraNo: Number(row['camera_no']),
    start: wall(row['start']),
    end: wall(row['end']),
    bytes: Number(row['bytes']),
    sha256: row['sha256'] as Uint8Array | null,
    state: STATES[Number(row['state'])] as StoredSegment['state'],
  };
}

function deletionRow(row: Row): Deletion {
  return {
    deletionNo: Number(row['deletion_no']),
    cameraNo: Number(row['camera_no']),
    from: wall(row['from']),
    to: wall(row['to']),
    segments: Number(row['segments']),
    bytes: Number(row['bytes']),
    reason: row['reason'] as DeletionReason,
    decided: wall(row['decided']),
    localGone: wall(row['local_gone']),
    remoteGone: row['remote_gone'] === null ? null : wall(row['remote_gone']),
  };
}

function holdRow(row: Row): Hold {
  return {
    holdNo: Number(row['hold_no']),
    cameraNo: Number(row['camera_no']),
    from: wall(row['from']),
    to: wall(row['to']),
    reference: String(row['reference']),
    reason: String(row['reason']),
    author: String(row['author']),
    created: wall(row['created']),
    until: row['until'] === null ? null : wall(row['until']),
    released: row['released'] === null ? null : wall(row['released']),
    releasedBy: row['released_by'] === null ? null : String(row['released_by']),
  };
}

const wall = (value: SQLOutputValue | undefined): WallMicros => wallMicros(Number(value));
