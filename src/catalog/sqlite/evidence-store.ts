import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Evidence, minuteOf, type Stretch, Stretches } from '../footage-class.ts';
import { LONGEST_EVENT_MICROS } from '../motion.ts';
import { prepareAll } from './transaction.ts';

/** Up to when there is footage of what began before ?1. */
const COVERED = (until: string): string => `coalesce((SELECT CASE s.state WHEN 0 THEN 9e15 ELSE s."end" END
    FROM segment s WHERE s.camera_no = ?1 AND s.start < ${until} ORDER BY s.start DESC LIMIT 1), 0)`;

/** Left alone, the planner walks all events of the camera to find those that last. */
export const EVIDENCE_SQL = {
  events: `SELECT "from", "to", kind FROM event WHERE camera_no = ?1
      AND "from" > ?2 - ${LONGEST_EVENT_MICROS} AND "from" < ?3 AND ("to" IS NULL OR "to" > ?2)
    UNION ALL SELECT "from", "to", kind FROM event INDEXED BY event_open
      WHERE camera_no = ?1 AND "to" IS NULL AND "from" <= ?2 - ${LONGEST_EVENT_MICROS}`,
  looked: 'SELECT minute FROM looked WHERE camera_no = ?1 AND minute >= ?2 AND minute < ?3',
  forgetEvents: `DELETE FROM event WHERE camera_no = ?1
      AND "from" > ?2 - ${LONGEST_EVENT_MICROS} AND "from" < ?3 AND "to" > ?2
      AND ${COVERED('event."to"')} <= event."from"`,
  forgetLooked: `DELETE FROM looked WHERE camera_no = ?1 AND minute >= ?2 AND minute < ?3
      AND ${COVERED('looked.minute + 60000000')} <= looked.minute`,
} as const;

/** What is known of footage beside the footage, and is forgotten with it. */
export class EvidenceStore {
  readonly #sql: Readonly<Record<keyof typeof EVIDENCE_SQL, StatementSync>>;

  constructor(database: DatabaseSync) {
    this.#sql = prepareAll(database, EVIDENCE_SQL);
  }

  /** Of a camera in [from, to). */
  read(cameraNo: number, from: number, to: number): Evidence {
    const moved: Stretch[] = [];
    const told: Stretch[] = [];
    for (const row of this.#sql.events.iterate(cameraNo, from, to)) {
      const end = row['to'] === null ? Number.POSITIVE_INFINITY : Number(row['to']);
      (row['kind'] === 'motion' ? moved : told).push({ from: Number(row['from']), to: end });
    }
    const looked = new Set<number>();
    for (const row of this.#sql.looked.iterate(cameraNo, minuteOf(from), to)) {
      looked.add(Number(row['minute']));
    }
    return { moved: new Stretches(moved), told: new Stretches(told), looked };
  }

  /** A segment of [start, end) is gone: so is what was known of it, except where there is still footage beside it. */
  forget(cameraNo: number, start: number, end: number): void {
    this.#sql.forgetEvents.run(cameraNo, start, end);
    this.#sql.forgetLooked.run(cameraNo, minuteOf(start), end);
  }
}
