import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** All of it or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk has ended it already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Statements by name. */
export function prepareAll<Name extends string>(
  database: DatabaseSync,
  sql: Readonly<Record<Name, string>>,
): Readonly<Record<Name, StatementSync>> {
  const names = Object.keys(sql) as Name[];
  return Object.fromEntries(names.map((name) => [name, database.prepare(sql[name])])) as Record<
    Name,
    StatementSync
  >;
}
