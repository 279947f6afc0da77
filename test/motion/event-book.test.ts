import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { MotionCatalog } from '../../src/catalog/motion.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { type EndedEvent, EventBook, type Subscription } from '../../src/motion/event-book.ts';
import type { Clock } from '../../src/time/clock.ts';
import { monoMicros, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { temporaryFolder, until } from '../support/vigie.ts';

/** A whole minute. */
const START = 1_795_000_020_000_000;
const at = (seconds: number): WallMicros => wallMicros(START + seconds * 1_000_000);

describe('the book of events', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path: string;
  let catalog: Catalog;
  let book: EventBook;
  let now = at(10_000);
  const clock: Clock = { wall: () => now, mono: () => monoMicros(0) };
  const told: string[] = [];

  const open = (
    subscriptions: readonly Subscription[] = [],
    motion: MotionCatalog = catalog.motion,
  ): EventBook =>
    new EventBook({
      ...{ catalog: motion, clock, subscriptions },
      observer: {
        failed: (error) => told.push(`failed: ${(error as Error).message}`),
        recovered: () => told.push('recovered'),
        dropped: (writes) => told.push(`dropped ${writes}`),
        refused: ({ problem }) => told.push(`refused: ${problem}`),
      },
    });

  beforeEach(async () => {
    folder = await temporaryFolder();
    path = `${folder.path}/catalog.db`;
    catalog = await openSqliteCatalog({ path });
    for (const id of ['gare', 'quai']) await catalog.putCamera({ id, name: id });
    now = at(10_000);
    told.length = 0;
    book = open();
  });
  afterEach(async () => {
    await book.stop();
    await catalog.close();
    await folder.remove();
  });

  const begun = (from: number, cameraNo = 1) =>
    ({ cameraNo, kind: 'motion', from: at(from), continues: false }) as const;
  const ended = (from: number, to: number, cameraNo = 1): EndedEvent => ({
    ...begun(from, cameraNo),
    ...{ to: at(to), score: 0.5, box: null, zones: ['porte'] },
  });
  const rows = async (cameraNo = 1) =>
    (await catalog.motion.eventsBetween(cameraNo, at(-9), at(99_999), 1_000)).map(
      ({ from, to, continues }) => [(from - START) / 1e6, to === null ? null : (to - START) / 1e6, continues],
    );

  it('enters what begins and ends by itself, and says so once it is there', async () => {
    const seen: number[] = [];
    book.onChange(() => void rows().then((found) => seen.push(found.length)));
    book.began(begun(0));
    await until('it is told', async () => seen.length === 1 && seen[0] === 1);
    expect(await rows()).toEqual([[0, null, false]]);
    book.ended(ended(0, 7));
    await book.flush();
    expect(await rows()).toEqual([[0, 7, false]]);
  });

  it('enters an event of which the beginning was lost, and cuts what is too long', async () => {
    book.ended(ended(0, 1_300));
    book.ended(ended(2_000, 2_620, 2));
    await book.flush();
    expect(await rows()).toEqual([
      [0, 600, false],
      [600, 1_200, true],
      [1_200, 1_300, true],
    ]);
    expect(await rows(2)).toEqual([[2_000, 2_620, false]]);
    expect(told).toEqual([]);
  });

  it('does not cut without end what cannot be true', async () => {
    book.ended({ ...ended(0, 1), to: wallMicros(Number.MAX_SAFE_INTEGER) });
    await book.flush();
    expect(await rows()).toHaveLength(144);
    expect(told).toHaveLength(1);
  });

  it('ends what a crash left open when its camera was last looked at', async () => {
    book.began(begun(5));
    book.began(begun(30, 2));
    book.looked([
      { cameraNo: 1, minute: at(0), pictures: 9, moving: 3, passed: 0, heat: null },
      { cameraNo: 1, minute: at(60), pictures: 9, moving: 3, passed: 0, heat: null },
    ]);
    await book.stop();
    book = open([{ hook: 'h', kinds: undefined, cameraNos: undefined }]);
    expect(await book.settle()).toBe(2);
    expect(await rows()).toEqual([[5, 120, false]]);
    // Of the other nothing is known but that it began: it was looked at then, and for a minute at most.
    expect(await rows(2)).toEqual([[30, 90, false]]);
    expect(await catalog.outbox.nextDelivery('h', now)).toMatchObject({ ended: true });
    expect(await book.settle()).toBe(0);
  });

  it('ends none in the future, and none before it begins', async () => {
    book.began(begun(5));
    book.began(begun(30, 2));
    await book.stop();
    now = at(20);
    book = open();
    await book.settle();
    expect(await rows()).toEqual([[5, 20, false]]);
    expect(await rows(2)).toEqual([[30, 30.000_001, false]]);
  });

  it('owes webhooks what they asked for, in the transaction of the event', async () => {
    book = open([
      { hook: 'all', kinds: undefined, cameraNos: undefined },
      { hook: 'tampering', kinds: new Set(['covered']), cameraNos: undefined },
      { hook: 'quai', kinds: undefined, cameraNos: new Set([2]) },
    ]);
    book.began(begun(0));
    book.began({ ...begun(1, 2), kind: 'covered' });
    book.ended(ended(0, 9));
    await book.flush();
    expect(await catalog.outbox.waiting('all')).toBe(3);
    expect(await catalog.outbox.waiting('tampering')).toBe(1);
    expect(await catalog.outbox.waiting('quai')).toBe(1);
  });

  it('waits for a catalog that is locked by another, and loses nothing', async () => {
    await catalog.close();
    catalog = await openSqliteCatalog({ path });
    const other = new DatabaseSync(path);
    // So that the test does not wait for five seconds each time.
    const impatient = new DatabaseSync(path, { timeout: 10 });
    const { MotionStore } = await import('../../src/catalog/sqlite/motion-store.ts');
    book = open([], new MotionStore(impatient));
    other.exec('BEGIN IMMEDIATE');
    book.began(begun(0));
    await book.flush();
    expect(told).toEqual([expect.stringMatching(/^failed: .*locked/)]);
    expect(book.problem).toMatch(/^The catalog takes no events: /);
    book.ended(ended(0, 5));
    await book.flush();
    other.exec('ROLLBACK');
    await until('it is written', async () => (await rows()).length === 1);
    await until('that is told', async () => told.includes('recovered'));
    expect(await rows()).toEqual([[0, 5, false]]);
    expect([told.length, book.problem]).toEqual([2, undefined]);
    await book.stop();
    other.close();
    impatient.close();
  });

  it('keeps no more than it may while the catalog is full, loses the oldest, and says so', async () => {
    await catalog.close();
    const full = new DatabaseSync(path);
    const { MotionStore } = await import('../../src/catalog/sqlite/motion-store.ts');
    const pages = Number(full.prepare('PRAGMA page_count').get()?.['page_count']);
    full.exec(`PRAGMA max_page_count = ${pages}`);
    book = open([], new MotionStore(full));
    for (let i = 0; i < 20_005; i++) book.ended(ended(i, i + 1));
    await book.flush();
    expect(told.filter((line) => line.startsWith('dropped'))).toHaveLength(5);
    expect(told.find((line) => line.startsWith('failed'))).toMatch(/full/);
    full.exec('PRAGMA max_page_count = 1000000');
    await book.flush();
    expect(full.prepare('SELECT count(*) AS n, min("from") AS first FROM event').get()).toEqual({
      ...{ n: 20_000, first: at(5) },
    });
    await book.stop();
    full.close();
    catalog = await openSqliteCatalog({ path });
  });

  it('leaves out what the catalog refuses, and nothing else', async () => {
    book.ended(ended(0, 5, 99));
    book.ended(ended(0, 5));
    book.looked([{ cameraNo: 1, minute: at(1), pictures: 0, moving: 0, passed: 0, heat: null }]);
    await book.flush();
    expect(await rows()).toEqual([[0, 5, false]]);
    expect(told).toHaveLength(2);
    expect(book.problem).toBeUndefined();
  });
});
