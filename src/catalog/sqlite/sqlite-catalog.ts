import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import type { WallMicros } from '../../time/units.ts';
import type {
  Backlog,
  CameraRow,
  Catalog,
  CatalogWrite,
  CondemnedSegment,
  DeletionQuery,
  GapRow,
  InitRow,
  LockWork,
  RunRow,
  SegmentKey,
  SegmentRow,
  Sentence,
  StillQuery,
  StillSegments,
  StoredSegment,
  Sweep,
  SweepOrder,
  TierQuery,
} from '../catalog.ts';
import type { Deletion, DoneDeletion, Hold, HoldRequest } from '../keeping.ts';
import { KeepingStore } from './keeping-store.ts';
import { kyselyOver, type Tables } from './kysely.ts';
import { MotionStore } from './motion-store.ts';
import { OutboxStore } from './outbox-store.ts';
import { gapRow, runRow, segmentRow } from './rows.ts';
import { prepare, type Statements } from './statements.ts';
import { applyWrite } from './write.ts';

/** Initializations kept in memory: a city has a few hundred. */
const INITS_REMEMBERED = 1_000;

/** The catalog in a SQLite database. SQLite answers at once; promises are there because PostgreSQL will not. */
export class SqliteCatalog implements Catalog {
  readonly motion: MotionStore;
  readonly outbox: OutboxStore;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #kysely: Kysely<Tables>;
  readonly #keeping: KeepingStore;
  readonly #inits = new Map<number, InitRow>();
  readonly #initNumbers = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepare(database);
    this.#kysely = kyselyOver(database);
    this.#keeping = new KeepingStore(database, this.#statements);
    this.motion = new MotionStore(database);
    this.outbox = new OutboxStore(database);
  }

  async putCamera({ id, name }: { readonly id: string; readonly name: string }): Promise<CameraRow> {
    const row = await this.#kysely
      .insertInto('camera')
      // The number is given by the table.
      .values({ id, name } as Tables['camera'])
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ name }))
      .returningAll()
      .executeTakeFirstOrThrow();
    return { cameraNo: row.camera_no, id: row.id, name: row.name };
  }

  async cameras(): Promise<readonly CameraRow[]> {
    const rows = await this.#kysely.selectFrom('camera').selectAll().orderBy('camera_no').execute();
    return rows.map((row) => ({ cameraNo: row.camera_no, id: row.id, name: row.name }));
  }

  async camera(id: string): Promise<CameraRow | undefined> {
    const row = await this.#kysely.selectFrom('camera').selectAll().where('id', '=', id).executeTakeFirst();
    return row && { cameraNo: row.camera_no, id: row.id, name: row.name };
  }

  async apply(writes: readonly CatalogWrite[]): Promise<void> {
    if (writes.length === 0) return;
    this.#database.exec('BEGIN IMMEDIATE');
    let current: CatalogWrite | undefined;
    try {
      for (const write of writes) {
        current = write;
        applyWrite(this.#statements, write);
      }
      current = undefined;
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      const what = current ? `${current.kind} of camera ${current.cameraNo}` : 'the commit';
      throw new Error(`The catalog refused ${what}: ${(error as Error).message}`, { cause: error });
    }
  }

  async putInit(init: Omit<InitRow, 'initNo'>): Promise<number> {
    const sha256 = createHash('sha256').update(init.bytes).digest();
    const key = sha256.toString('latin1');
    const known = this.#initNumbers.get(key);
    if (known !== undefined) return known;
    const { bytes, codecs, width, height } = init;
    await this.#kysely
      .insertInto('init')
      .values({ sha256, bytes, codecs, width, height } as unknown as Tables['init'])
      .onConflict((conflict) => conflict.column('sha256').doNothing())
      .execute();
    const row = await this.#kysely
      .selectFrom('init')
      .select('init_no')
      .where('sha256', '=', sha256)
      .executeTakeFirstOrThrow();
    if (this.#initNumbers.size >= INITS_REMEMBERED) this.#initNumbers.clear();
    this.#initNumbers.set(key, row.init_no);
    return row.init_no;
  }

  async init(initNo: number): Promise<InitRow | undefined> {
    const known = this.#inits.get(initNo);
    if (known) return known;
    const row = await this.#kysely
      .selectFrom('init')
      .selectAll()
      .where('init_no', '=', initNo)
      .executeTakeFirst();
    if (!row) return undefined;
    const { bytes, codecs, width, height } = row;
    const init: InitRow = { initNo, bytes, codecs, width, height };
    if (this.#inits.size >= INITS_REMEMBERED) this.#inits.clear();
    this.#inits.set(initNo, init);
    return init;
  }

  async segment(cameraNo: number, start: WallMicros): Promise<SegmentRow | undefined> {
    const row = this.#statements.segment.get(cameraNo, start);
    return row && segmentRow(row);
  }

  async segmentsBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly SegmentRow[]> {
    const rows = this.#statements.segmentsBetween.all(cameraNo, from, to);
    const before = this.#statements.segmentBefore.get(cameraNo, from);
    const reaching = before && Number(before['end']) > from ? [before, ...rows] : rows;
    // An open row ends where it starts, as far as this table knows.
    return reaching.map(segmentRow).filter((row) => row.state !== 'garbage');
  }

  async openSegments(): Promise<readonly SegmentRow[]> {
    return this.#statements.openSegments.all().map(segmentRow);
  }

  async lastSegment(cameraNo: number): Promise<SegmentRow | undefined> {
    const row = this.#statements.lastSegment.get(cameraNo);
    return row && segmentRow(row);
  }

  async runsBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly RunRow[]> {
    const rows = this.#statements.runsBetween.all(cameraNo, from, to);
    const before = this.#statements.runBefore.get(cameraNo, from);
    return (before && Number(before['end']) > from ? [before, ...rows] : rows).map(runRow);
  }

  async gapsBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly GapRow[]> {
    const rows = this.#statements.gapsBetween.all(cameraNo, from, to);
    const before = this.#statements.gapBefore.get(cameraNo, from);
    const reaches = before && (before['to'] === null || Number(before['to']) > from);
    return (reaches ? [before, ...rows] : rows).map(gapRow);
  }

  async openGaps(): Promise<readonly GapRow[]> {
    return this.#statements.openGaps.all().map(gapRow);
  }

  async localSegments(query: TierQuery): Promise<readonly StoredSegment[]> {
    return this.#keeping.localSegments(query);
  }

  async stillSegments(query: StillQuery): Promise<StillSegments> {
    return this.#keeping.stillSegments(query);
  }

  async storedSegments(endedBy: WallMicros, limit: number): Promise<readonly StoredSegment[]> {
    return this.#keeping.storedSegments(endedBy, limit);
  }

  async backlog(): Promise<Backlog> {
    return this.#keeping.backlog();
  }

  async segmentsFrom(cameraNo: number, start: WallMicros, limit: number): Promise<readonly StoredSegment[]> {
    return this.#keeping.segmentsFrom(cameraNo, start, limit);
  }

  async condemn(sentence: Sentence): Promise<number> {
    return this.#keeping.condemn(sentence);
  }

  async sweep(order: SweepOrder): Promise<Sweep> {
    return this.#keeping.sweep(order);
  }

  async condemned(after: SegmentKey | undefined, limit: number): Promise<readonly CondemnedSegment[]> {
    return this.#keeping.condemned(after, limit);
  }

  async bury(done: readonly DoneDeletion[]): Promise<void> {
    this.#keeping.bury(done);
  }

  async deletions(query: DeletionQuery): Promise<readonly Deletion[]> {
    return this.#keeping.deletions(query);
  }

  async deletionsBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly Deletion[]> {
    return this.#keeping.deletionsBetween(cameraNo, from, to);
  }

  async lockWork(at: WallMicros, limit: number): Promise<LockWork> {
    return this.#keeping.lockWork(at, limit);
  }

  async putLocked(segment: SegmentKey, locked: boolean): Promise<void> {
    this.#keeping.putLocked(segment, locked);
  }

  async putHold(hold: HoldRequest): Promise<Hold> {
    return this.#keeping.putHold(hold);
  }

  async holds(): Promise<readonly Hold[]> {
    return this.#keeping.holds();
  }

  async releaseHold(holdNo: number, at: WallMicros, by: string): Promise<Hold | undefined> {
    return this.#keeping.releaseHold(holdNo, at, by);
  }

  async close(): Promise<void> {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#database.close();
  }
}
