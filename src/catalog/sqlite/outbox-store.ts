import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { WallMicros } from '../../time/units.ts';
import type { Delivery, Outbox, OutboxBound } from '../outbox.ts';
import { eventRow, wall } from './motion-rows.ts';
import { inTransaction, prepareAll } from './transaction.ts';

/** Nothing is put off for longer: a later time was written by a clock that has been set back since. */
const LONGEST_DELAY_MICROS = 3_600_000_000;

export const SQL = {
  next: `SELECT d.delivery_no, d.id, d.ended, d.tries, e.*, c.id AS camera FROM delivery d
      JOIN event e USING (event_no) JOIN camera c USING (camera_no)
    WHERE d.hook = ?1 AND (d.due <= ?2 OR d.due > ?2 + ${LONGEST_DELAY_MICROS})
    ORDER BY d.delivery_no LIMIT 1`,
  done: 'DELETE FROM delivery WHERE delivery_no = ?',
  postpone: 'UPDATE delivery SET tries = tries + 1, due = ? WHERE delivery_no = ?',
  nextDue: 'SELECT min(due) AS due FROM delivery WHERE hook = ?',
  count: 'SELECT count(*) AS n FROM delivery WHERE hook = ?',
  expire: `DELETE FROM delivery WHERE delivery_no IN
    (SELECT delivery_no FROM delivery WHERE hook = ?1 AND created < ?2)`,
  overflow: `DELETE FROM delivery WHERE hook = ?1 AND delivery_no <= coalesce(
    (SELECT delivery_no FROM delivery WHERE hook = ?1 ORDER BY delivery_no DESC LIMIT 1 OFFSET ?2), 0)`,
  others: 'DELETE FROM delivery WHERE hook NOT IN (SELECT value FROM json_each(?)) AND created < ?',
} as const;

/** What webhooks have not been told yet. */
export class OutboxStore implements Outbox {
  readonly #database: DatabaseSync;
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#sql = prepareAll(database, SQL);
  }

  async nextDelivery(hook: string, at: WallMicros): Promise<Delivery | undefined> {
    const row = this.#sql.next.get(hook, at);
    return (
      row && {
        deliveryNo: Number(row['delivery_no']),
        id: String(row['id']),
        ended: row['ended'] === 1,
        event: eventRow(row),
        camera: String(row['camera']),
        tries: Number(row['tries']),
      }
    );
  }

  async delivered(deliveryNo: number): Promise<void> {
    this.#sql.done.run(deliveryNo);
  }

  async postpone(deliveryNo: number, due: WallMicros): Promise<void> {
    this.#sql.postpone.run(due, deliveryNo);
  }

  async nextDue(hook: string): Promise<WallMicros | undefined> {
    const due = this.#sql.nextDue.get(hook)?.['due'];
    return due === null || due === undefined ? undefined : wall(due);
  }

  async waiting(hook: string): Promise<number> {
    return Number(this.#sql.count.get(hook)?.['n']);
  }

  async dropDeliveries({
    hook,
    before,
    most,
  }: OutboxBound): Promise<{ expired: number; overflowed: number }> {
    return inTransaction(this.#database, () => ({
      expired: Number(this.#sql.expire.run(hook, before).changes),
      overflowed: Number(this.#sql.overflow.run(hook, most).changes),
    }));
  }

  async dropOthers(hooks: readonly string[], before: WallMicros): Promise<number> {
    return Number(this.#sql.others.run(JSON.stringify(hooks), before).changes);
  }
}
