import type { DatabaseSync } from 'node:sqlite';
import { FIRST } from './migrations/0001-first.ts';
import { STORAGE } from './migrations/0002-storage.ts';
import { MOTION } from './migrations/0003-motion.ts';
import { CLASSES } from './migrations/0004-classes.ts';

/** Applied in order, each once; `user_version` counts them. Never edited once released: a new one is added. */
const MIGRATIONS: readonly string[] = [FIRST, STORAGE, MOTION, CLASSES];

/** "Vgie", so that `file` and people can tell whose database this is. */
const APPLICATION_ID = 0x56676965;

/**
 * Brings the schema to this version.
 * @throws Error with one sentence for a person when the file is somebody else's, or newer than this program
 */
export function migrate(database: DatabaseSync, path: string): void {
  const problem = schemaProblem(database, path);
  if (problem !== undefined) throw new Error(problem);
  const version = pragma(database, 'user_version');
  for (let next = version; next < MIGRATIONS.length; next++) {
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(MIGRATIONS[next] as string);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${next + 1}; COMMIT`);
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** Why a database is no catalog for this program, as one sentence; `undefined`: it is one, or empty. */
export function schemaProblem(database: DatabaseSync, path: string): string | undefined {
  const tables = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'];
  if (pragma(database, 'application_id') !== APPLICATION_ID && tables !== 0) {
    return `${path} is a database of another program, not a catalog of Vigie.`;
  }
  const version = pragma(database, 'user_version');
  if (version <= MIGRATIONS.length) return undefined;
  return `${path} was made by a newer Vigie: its schema has version ${version}, and this program knows ${MIGRATIONS.length}.`;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
