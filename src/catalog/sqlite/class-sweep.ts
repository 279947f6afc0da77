import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { wallMicros } from '../../time/units.ts';
import type { Sweep, SweepOrder } from '../catalog.ts';
import { classOf, FOOTAGE_CLASSES, Stretches } from '../footage-class.ts';
import type { EvidenceStore } from './evidence-store.ts';
import { prepareAll } from './transaction.ts';

const GARBAGE = 4;

const ENDED_HOLDS = 'camera_no = ?1 AND settled = 0 AND (released IS NOT NULL OR until <= ?2)';

export const SWEEP_SQL = {
  mark: 'SELECT until FROM swept WHERE camera_no = ? AND rule = ?',
  setMark: `INSERT INTO swept (camera_no, rule, until) VALUES (?, ?, ?)
    ON CONFLICT (camera_no, rule) DO UPDATE SET until = excluded.until`,
  next: `SELECT start, "end", state FROM segment WHERE camera_no = ? AND start >= ? AND start <= ?
    ORDER BY start LIMIT ?`,
  held: `SELECT "from", "to" FROM hold WHERE camera_no = ?1 AND released IS NULL
    AND (until IS NULL OR until > ?2) AND "from" < ?4 AND "to" > ?3`,
  endedHolds: `SELECT min("from") AS "from" FROM hold WHERE ${ENDED_HOLDS}`,
  settleHolds: `UPDATE hold SET settled = 1 WHERE ${ENDED_HOLDS}`,
  pullBack: `UPDATE swept SET until = min(until,
      coalesce((SELECT max(start) FROM segment WHERE camera_no = ?1 AND start <= ?2), ?2))
    WHERE camera_no = ?1`,
} as const;

/**
 * Judges footage by what happened in it, in order of time, each segment once: a mark for each camera and rule says what
 * has been judged, and moves in the transaction that condemns. Call it in one.
 */
export class ClassSweep {
  readonly #sql: Readonly<Record<keyof typeof SWEEP_SQL, StatementSync>>;
  readonly #evidence: EvidenceStore;
  readonly #condemn: (order: SweepOrder, start: number, state: number) => void;

  constructor(
    database: DatabaseSync,
    evidence: EvidenceStore,
    condemn: (order: SweepOrder, start: number, state: number) => void,
  ) {
    this.#sql = prepareAll(database, SWEEP_SQL);
    this.#evidence = evidence;
    this.#condemn = condemn;
  }

  run(order: SweepOrder): Sweep {
    const { cameraNo, upTo, at, endedBy, limit } = order;
    this.#settleHolds(cameraNo, at);
    const mark = Number(this.#sql.mark.get(cameraNo, upTo)?.['until'] ?? 0);
    const rows = this.#sql.next.all(cameraNo, mark, endedBy, limit).map((row) => ({
      start: wallMicros(Number(row['start'])),
      end: wallMicros(Number(row['end'])),
      state: Number(row['state']),
    }));
    // What cannot be judged yet stops the mark: it is being written, or not old enough.
    const stop = rows.findIndex(({ state, end }) => state === 0 || end > endedBy);
    const judged = stop < 0 ? rows : rows.slice(0, stop);
    const [first, last] = [judged[0], judged.at(-1)];
    if (!first || !last) return { condemned: 0, done: true };
    const to = judged.reduce((latest, { end }) => Math.max(latest, end), 0);
    const evidence = this.#evidence.read(cameraNo, first.start, to);
    const held = new Stretches(
      this.#sql.held
        .all(cameraNo, at, first.start, to)
        .map((row) => ({ from: Number(row['from']), to: Number(row['to']) })),
    );
    const highest = FOOTAGE_CLASSES.indexOf(upTo);
    let condemned = 0;
    for (const segment of judged) {
      if (segment.state === GARBAGE || held.meets(segment.start, segment.end)) continue;
      if (FOOTAGE_CLASSES.indexOf(classOf(segment, evidence)) > highest) continue;
      this.#condemn(order, segment.start, segment.state);
      condemned++;
    }
    this.#sql.setMark.run(cameraNo, upTo, last.start + 1);
    return { condemned, done: stop >= 0 || rows.length < limit };
  }

  /** What a hold has kept is judged again when it is over. */
  #settleHolds(cameraNo: number, at: number): void {
    const from = this.#sql.endedHolds.get(cameraNo, at)?.['from'] ?? null;
    if (from === null) return;
    this.#sql.pullBack.run(cameraNo, from);
    this.#sql.settleHolds.run(cameraNo, at);
  }
}
