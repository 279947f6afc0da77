import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';

/** The tables that are asked through the query builder; hot ones have prepared statements. */
export interface Tables {
  readonly camera: { readonly camera_no: number; readonly id: string; readonly name: string };
  readonly init: {
    readonly init_no: number;
    readonly sha256: Uint8Array;
    readonly bytes: Uint8Array;
    readonly codecs: string;
    readonly width: number;
    readonly height: number;
  };
}

/** Kysely over Node's own SQLite, which has another shape than the driver that Kysely expects. */
export function kyselyOver(database: DatabaseSync): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: new SqliteDialect({
      database: {
        prepare(sql) {
          const statement = database.prepare(sql);
          const values = (parameters: readonly unknown[]): SQLInputValue[] =>
            [...parameters] as SQLInputValue[];
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...values(parameters)),
            run: (parameters) => statement.run(...values(parameters)),
            iterate: (parameters) => statement.iterate(...values(parameters)),
          };
        },
        // The catalog closes the database itself.
        close: () => undefined,
      },
    }),
  });
}
