import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Catalog } from '../catalog.ts';
import { migrate } from './migrate.ts';
import { SqliteCatalog } from './sqlite-catalog.ts';

/**
 * Opens the catalog in a SQLite file, which is created with its folder when it is not there. WAL: readers and the
 * writer don't wait for each other. `synchronous = NORMAL`: a power cut may take the last commits, never more, and
 * what they said is found again in the files; `kill -9` takes nothing.
 *
 * @throws Error with one sentence for a person when the file cannot be used
 */
export async function openSqliteCatalog(options: { readonly path: string }): Promise<Catalog> {
  const { path } = options;
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5_000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY');
    migrate(database, path);
    return new SqliteCatalog(database);
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === NOT_A_DATABASE) {
      throw new Error(`${path} is no SQLite database.`, { cause: error });
    }
    throw error;
  }
}

/** SQLITE_NOTADB */
const NOT_A_DATABASE = 26;
