import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

/**
 * Keeps a second recorder from using the same data: two would close each other's segments. The lock is the operating
 * system's, on a file beside the catalog, so it is gone with the process however that ends.
 *
 * @returns what gives the lock back; `undefined` when another process holds it
 * @throws the error of the file system
 */
export function lockInstance(catalogPath: string): (() => void) | undefined {
  const path = `${catalogPath}-lock`;
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 200 });
  try {
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return () => database.close();
}
