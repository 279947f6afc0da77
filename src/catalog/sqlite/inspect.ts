import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { schemaProblem } from './migrate.ts';

const SQLITE_BUSY = 5;
/** A gigabyte is read in a few seconds. */
const QUICK_BYTES = 2 ** 30;

/** What can be said of a catalog from outside, beside a server at work. */
export interface CatalogHealth {
  readonly bytes: number;
  /** All of it was read; otherwise it is too large for that unless it is asked for. */
  readonly whole: boolean;
  /** What is wrong, for a person; empty: nothing was found. */
  readonly problems: readonly string[];
  /** The last picture that was recorded, microseconds of UTC; `undefined`: none. */
  readonly newest: number | undefined;
}

/**
 * Looks at a catalog without changing it: it is opened for reading, and neither made nor brought to this version.
 * @param deep read all of it, however large: readers and the writer don't wait for each other, but the log grows
 * @returns `undefined` when there is none yet
 */
export function inspectCatalog(path: string, deep = false): CatalogHealth | undefined {
  if (!existsSync(path)) return undefined;
  const { size: bytes } = statSync(path);
  const whole = deep || bytes <= QUICK_BYTES;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    const problem = schemaProblem(database, path);
    if (problem !== undefined) return { bytes, whole, problems: [problem], newest: undefined };
    const rows = whole ? database.prepare('PRAGMA quick_check(5)').all() : [];
    const problems = rows.map((row) => String(row['quick_check'])).filter((line) => line !== 'ok');
    return { bytes, whole, problems, newest: problems.length > 0 ? undefined : newestOf(database) };
  } catch (error) {
    return { bytes, whole, problems: [(error as Error).message], newest: undefined };
  } finally {
    database?.close();
  }
}

/** One seek a camera. */
function newestOf(database: DatabaseSync): number | undefined {
  const hasRuns = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'run'").get();
  if (!hasRuns) return undefined;
  const row = database
    .prepare(
      'SELECT max((SELECT max(start) FROM segment s WHERE s.camera_no = c.camera_no)) AS newest FROM camera c',
    )
    .get();
  return typeof row?.['newest'] === 'number' ? row['newest'] : undefined;
}

/**
 * Whether a server is at work with a catalog. Asks for the lock that it holds (see `lockInstance`), and makes nothing:
 * a file of another user would keep the server from starting.
 */
export function isInUse(catalogPath: string): boolean {
  const path = `${catalogPath}-lock`;
  if (!existsSync(path)) return false;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    return (error as { errcode?: number }).errcode === SQLITE_BUSY;
  } finally {
    database?.close();
  }
}
