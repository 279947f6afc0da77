import { randomUUID } from 'node:crypto';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type WallMicros, wallMicros } from '../../time/units.ts';
import {
  type ChangedEvent,
  type EventGroup,
  type EventQuery,
  type EventRow,
  type EventState,
  type Forgetting,
  LONGEST_EVENT_MICROS,
  type LookedMinute,
  type MotionCatalog,
  type MotionDensity,
  type MotionWrite,
  type RefusedWrite,
} from '../motion.ts';
import { changedRow, encodeBox, eventRow, groupRow, lookedRow, wall } from './motion-rows.ts';
import { inTransaction, prepareAll } from './transaction.ts';

/** SQLITE_CONSTRAINT, in the low byte of an error. */
const CONSTRAINT = 19;
/** Parts of a range in one answer. */
const MOST_PARTS = 10_000;
const MINUTE_MICROS = 60_000_000;

/** A hold in force at ?1 on footage of the camera ?2 between two columns. */
const held = (from: string, to: string): string => `EXISTS (SELECT 1 FROM hold h WHERE h.camera_no = ?2
  AND h.released IS NULL AND (h.until IS NULL OR h.until > ?1) AND h."from" < ${to} AND h."to" > ${from})`;

/**
 * No event is longer than LONGEST_EVENT_MICROS, so what overlaps a range began in it or at most that long before: each
 * of these is one seek in an index and a walk over what it answers.
 */
export const SQL = {
  find: 'SELECT event_no, "to" FROM event WHERE camera_no = ? AND "from" = ? AND kind = ?',
  enter: `INSERT INTO event (camera_no, "from", "to", kind, continues, score, box, zones, changed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING event_no`,
  update: `UPDATE event SET "to" = ?, continues = ?, score = ?, box = ?, zones = ?, changed = ?
    WHERE event_no = ?`,
  endOther: `UPDATE event SET "to" = max("from" + 1, min(?3, "from" + ${LONGEST_EVENT_MICROS})), changed = ?4
    WHERE camera_no = ?1 AND kind = ?2 AND "to" IS NULL AND "from" <> ?3`,
  tell: `INSERT INTO delivery (hook, id, event_no, ended, created) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  open: 'SELECT * FROM event WHERE "to" IS NULL',
  between: `SELECT * FROM event WHERE camera_no = ?1 AND "from" > ?2 - ${LONGEST_EVENT_MICROS} AND "from" < ?3
    AND ("to" IS NULL OR "to" > ?2) ORDER BY "from" LIMIT ?4`,
  // By the index, which has them by time: what is grouped is at most as much as what is answered.
  groups: `SELECT min(event_no) AS event_no, kind, min("from") AS "from", count(*) AS count,
      CASE WHEN count("to") < count(*) THEN NULL ELSE max("to") END AS "to", max(score) AS score, min(zones) AS zones
    FROM event WHERE camera_no = ?1 AND "from" > ?2 - ${LONGEST_EVENT_MICROS} AND "from" < ?3
      AND ("to" IS NULL OR "to" > ?2)
    GROUP BY CAST(("from" - ?2) / ?4 AS INTEGER), kind ORDER BY 3`,
  changes: 'SELECT * FROM event WHERE changed > ? ORDER BY changed LIMIT ?',
  lastChange: 'SELECT max(changed) AS changed FROM event',

  look: `INSERT INTO looked (camera_no, minute, pictures, moving, passed) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET pictures = pictures + excluded.pictures, moving = moving + excluded.moving,
      passed = passed + excluded.passed`,
  heat: 'SELECT heat FROM heat WHERE camera_no = ? AND minute = ?',
  putHeat: `INSERT INTO heat (camera_no, minute, heat) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET heat = excluded.heat`,
  looked: `SELECT l.*, h.heat FROM looked l LEFT JOIN heat h USING (camera_no, minute)
    WHERE l.camera_no = ? AND l.minute >= ? AND l.minute < ? ORDER BY l.minute`,
  lastLooked: 'SELECT minute FROM looked WHERE camera_no = ? ORDER BY minute DESC LIMIT 1',
  // Numbers are bound as floating point.
  density: `SELECT (minute - CAST(?2 AS INTEGER)) / CAST(?4 AS INTEGER) AS part, count(*) AS minutes, sum(pictures) AS pictures,
      sum(moving) AS moving, sum(passed) AS passed
    FROM looked WHERE camera_no = ?1 AND minute >= ?2 AND minute < ?3 GROUP BY part ORDER BY part`,

  forgetEvents: `DELETE FROM event WHERE event_no IN (SELECT event_no FROM event e WHERE e.camera_no = ?2
    AND e."from" < ?3 AND NOT ${held('e."from"', `coalesce(e."to", e."from" + ${LONGEST_EVENT_MICROS})`)}
    ORDER BY e."from" LIMIT ?4)`,
  forgetLooked: `DELETE FROM looked WHERE camera_no = ?2 AND minute IN (SELECT l.minute FROM looked l
    WHERE l.camera_no = ?2 AND l.minute < ?3 AND NOT ${held('l.minute', `l.minute + ${MINUTE_MICROS}`)}
    ORDER BY l.minute LIMIT ?4)`,
} as const;

/** What happened before the cameras, and when anybody looked. */
export class MotionStore implements MotionCatalog {
  readonly #database: DatabaseSync;
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>;
  #changed: number;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#sql = prepareAll(database, SQL);
    this.#changed = Number(this.#sql.lastChange.get()?.['changed'] ?? 0);
  }

  async apply(writes: readonly MotionWrite[], at: WallMicros): Promise<readonly RefusedWrite[]> {
    const refused: RefusedWrite[] = [];
    inTransaction(this.#database, () => {
      for (const write of writes) {
        try {
          if (write.kind === 'event') this.#putEvent(write.event, write.tell, at);
          else this.#look(write.looked);
        } catch (error) {
          // A statement that breaks a rule has done nothing, and takes nothing else along.
          if (!breaksRule(error)) throw error;
          refused.push({ write, problem: (error as Error).message });
        }
      }
    });
    return refused;
  }

  async openEvents(): Promise<readonly EventRow[]> {
    return this.#sql.open.all().map(eventRow);
  }

  async eventsBetween(
    cameraNo: number,
    from: WallMicros,
    to: WallMicros,
    limit: number,
  ): Promise<readonly EventRow[]> {
    return this.#sql.between.all(cameraNo, from, to, limit).map(eventRow);
  }

  async eventGroups(
    cameraNo: number,
    from: WallMicros,
    to: WallMicros,
    resolution: number,
  ): Promise<readonly EventGroup[]> {
    return this.#sql.groups.all(cameraNo, from, to, resolution).map(groupRow);
  }

  async events(query: EventQuery): Promise<readonly EventRow[]> {
    const { sql, values } = eventPage(query);
    return this.#database
      .prepare(sql)
      .all(...values)
      .map(eventRow);
  }

  async changesAfter(changed: number, limit: number): Promise<readonly ChangedEvent[]> {
    return this.#sql.changes.all(changed, limit).map(changedRow);
  }

  async lastChange(): Promise<number> {
    return this.#changed;
  }

  async lookedBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly LookedMinute[]> {
    return this.#sql.looked.all(cameraNo, from, to).map(lookedRow);
  }

  async lastLooked(cameraNo: number): Promise<WallMicros | undefined> {
    const row = this.#sql.lastLooked.get(cameraNo);
    return row && wall(row['minute']);
  }

  async density(
    cameraNo: number,
    from: WallMicros,
    to: WallMicros,
    resolution: number,
  ): Promise<readonly MotionDensity[]> {
    const length = Math.ceil(Math.max(MINUTE_MICROS, resolution, (to - from) / MOST_PARTS));
    return this.#sql.density.all(cameraNo, from, to, length).map((row) => ({
      from: wallMicros(from + Number(row['part']) * length),
      minutes: Number(row['minutes']),
      pictures: Number(row['pictures']),
      moving: Number(row['moving']),
      passed: Number(row['passed']),
    }));
  }

  async forget({ cameraNo, before, at, limit }: Forgetting): Promise<number> {
    return inTransaction(this.#database, () => {
      const events = this.#sql.forgetEvents.run(at, cameraNo, before, limit).changes;
      return Number(events) + Number(this.#sql.forgetLooked.run(at, cameraNo, before, limit).changes);
    });
  }

  #putEvent(event: EventState, tell: readonly string[], at: WallMicros): void {
    const { cameraNo, from, to, kind, continues, score } = event;
    const zones = JSON.stringify(event.zones);
    const box = encodeBox(event.box);
    // One of a kind at a time: what was left open ends where the next begins.
    if (to === null) this.#sql.endOther.run(cameraNo, kind, from, this.#nextChange(at));
    const found = this.#sql.find.get(cameraNo, from, kind);
    const changed = this.#nextChange(at);
    let eventNo: number;
    if (found) {
      eventNo = Number(found['event_no']);
      this.#sql.update.run(to, continues ? 1 : 0, score, box, zones, changed, eventNo);
    } else {
      const row = this.#sql.enter.get(
        ...[cameraNo, from, to, kind, continues ? 1 : 0, score, box],
        ...[zones, changed],
      );
      eventNo = Number(row?.['event_no']);
    }
    for (const hook of tell) this.#sql.tell.run(hook, randomUUID(), eventNo, to === null ? 0 : 1, at);
  }

  #nextChange(at: WallMicros): number {
    this.#changed = Math.max(this.#changed + 1, at);
    return this.#changed;
  }

  #look({ cameraNo, minute, pictures, moving, passed, heat }: LookedMinute): void {
    this.#sql.look.run(cameraNo, minute, pictures, moving, passed);
    if (!heat) return;
    const before = this.#sql.heat.get(cameraNo, minute)?.['heat'] as Uint8Array | undefined;
    const sum = before ? heat.map((value, cell) => Math.min(255, value + (before[cell] ?? 0))) : heat;
    this.#sql.putHeat.run(cameraNo, minute, sum);
  }
}

/** A page of events, newest first, by the index that has the fewest rows to pass over. */
export function eventPage(query: EventQuery): { readonly sql: string; readonly values: SQLInputValue[] } {
  const { cameraNo, kind, zone, from, to, after, limit } = query;
  const byZone = zone !== undefined && cameraNo === undefined && (kind ?? 'motion') === 'motion';
  const place = byZone ? 'z' : 'e';
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const where = (condition: string, ...operands: SQLInputValue[]): void => {
    conditions.push(condition);
    values.push(...operands);
  };
  if (byZone) where('z.zone = ?', zone);
  if (cameraNo !== undefined) where('e.camera_no = ?', cameraNo);
  if (kind !== undefined) where(kind === 'motion' ? 'e.kind = ?' : "e.kind = ? AND e.kind <> 'motion'", kind);
  if (zone !== undefined && !byZone)
    where(
      `EXISTS (SELECT 1 FROM event_zone z WHERE z.zone = ? AND z."from" = e."from" AND z.event_no = e.event_no)`,
      zone,
    );
  if (from !== undefined) {
    where(`${place}."from" > ?`, from - LONGEST_EVENT_MICROS);
    where('(e."to" IS NULL OR e."to" > ?)', from);
  }
  if (to !== undefined) where(`${place}."from" < ?`, to);
  if (after) where(`(${place}."from", ${place}.event_no) < (?, ?)`, after.from, after.eventNo);
  const source = byZone ? 'event_zone z CROSS JOIN event e ON e.event_no = z.event_no' : 'event e';
  const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return {
    sql: `SELECT e.* FROM ${source} ${filter} ORDER BY ${place}."from" DESC, ${place}.event_no DESC LIMIT ?`,
    values: [...values, limit],
  };
}

function breaksRule(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && (errcode & 0xff) === CONSTRAINT;
}
