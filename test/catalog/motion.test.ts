import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import {
  type EventKind,
  type EventRow,
  type EventState,
  LONGEST_EVENT_MICROS,
  type MotionWrite,
} from '../../src/catalog/motion.ts';
import { MOTION } from '../../src/catalog/sqlite/migrations/0003-motion.ts';
import { FIRST } from '../../src/catalog/sqlite/migrations/0001-first.ts';
import { STORAGE } from '../../src/catalog/sqlite/migrations/0002-storage.ts';
import { eventPage, SQL } from '../../src/catalog/sqlite/motion-store.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { SQL as OUTBOX_SQL } from '../../src/catalog/sqlite/outbox-store.ts';
import { type WallMicros, wallMicros } from '../../src/time/units.ts';
import { seededRandom } from '../support/random.ts';
import { temporaryFolder } from '../support/vigie.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
/** A whole minute. */
const START = 1_795_000_020_000_000;
const at = (seconds: number): WallMicros => wallMicros(START + Math.round(seconds * SECOND));

const event = (from: number, to: number | null, more: Partial<EventState> = {}): EventState => ({
  ...{ cameraNo: 1, kind: 'motion', from: at(from), to: to === null ? null : at(to), continues: false },
  ...{ score: 0.25, box: null, zones: [] },
  ...more,
});
const put = (state: EventState, tell: readonly string[] = []): MotionWrite => ({
  ...{ kind: 'event', event: state, tell },
});
const starts = (rows: readonly EventRow[]): number[] => rows.map(({ from }) => (from - START) / SECOND);

describe('what the catalog knows of motion', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path: string;
  let catalog: Catalog;

  beforeEach(async () => {
    folder = await temporaryFolder();
    path = `${folder.path}/catalog.db`;
    catalog = await openSqliteCatalog({ path });
    for (const id of ['gare', 'quai', 'pont']) await catalog.putCamera({ id, name: id });
  });
  afterEach(async () => {
    await catalog.close();
    await folder.remove();
  });

  const apply = (...writes: MotionWrite[]) => catalog.motion.apply(writes, at(1_000));

  it('an event begins, goes on and ends under one number', async () => {
    await apply(put(event(0, null)));
    const [begun] = await catalog.motion.openEvents();
    expect(begun).toMatchObject({ from: at(0), to: null, zones: [], box: null });
    const box = { x: 0.25, y: 0.5, width: 0.5, height: 0.25 };
    await apply(put(event(0, 9, { score: 0.5, box, zones: ['porte', 'cour'] })));
    expect(await catalog.motion.openEvents()).toEqual([]);
    const [ended] = await catalog.motion.events({ limit: 9 });
    expect(ended).toMatchObject({ eventNo: begun?.eventNo, to: at(9), score: 0.5, zones: ['porte', 'cour'] });
    for (const side of ['x', 'y', 'width', 'height'] as const)
      expect(ended?.box?.[side]).toBeCloseTo(box[side], 4);
  });

  it('one that was left open ends where the next of its kind begins', async () => {
    await apply(put(event(0, null)), put(event(5, null, { kind: 'covered' })), put(event(30, null)));
    await apply(put(event(2_000, null)));
    const rows = await catalog.motion.eventsBetween(1, at(0), at(9_999), 9);
    expect(rows.map(({ kind, to }) => [kind, to])).toEqual([
      ['motion', at(30)],
      ['covered', null],
      ['motion', at(650)],
      ['motion', null],
    ]);
  });

  it('takes no event that is longer than the queries look back, and nothing else is lost with it', async () => {
    const longest = LONGEST_EVENT_MICROS / SECOND;
    const refused = await apply(
      put(event(0, longest)),
      put(event(1, longest + 1.000_001)),
      put(event(2, 3, { cameraNo: 77 })),
      put(event(3, 4, { score: 1.5 })),
      put(event(4, 5)),
    );
    expect(refused.map(({ write }) => write.kind === 'event' && write.event.from)).toEqual([
      at(1),
      at(2),
      at(3),
    ]);
    expect(starts(await catalog.motion.eventsBetween(1, at(0), at(9), 9))).toEqual([0, 4]);
  });

  it('answers as a plain list does, for any events, range and filter, page by page', async () => {
    const random = seededRandom(5);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const kinds: readonly EventKind[] = ['motion', 'motion', 'motion', 'covered', 'moved'];
    const states = Array.from({ length: 400 }, (_, i) => {
      const from = Math.floor(random() * 9_000) + i / 1_000;
      const zones = ['a', 'b', 'c'].filter(() => random() < 0.3);
      return event(from, from + random() * 619, {
        cameraNo: 1 + Math.floor(random() * 3),
        kind: pick(kinds),
        zones,
      });
    });
    await apply(...states.map((state) => put(state)));
    for (let i = 0; i < 300; i++) {
      const from = random() * 9_600 - 300;
      const to = from + random() * 900;
      const query = {
        ...(random() < 0.6 ? { from: at(from), to: at(to) } : {}),
        ...(random() < 0.5 ? { cameraNo: 1 + Math.floor(random() * 3) } : {}),
        ...(random() < 0.5 ? { kind: pick(kinds) } : {}),
        ...(random() < 0.5 ? { zone: pick(['a', 'b', 'none']) } : {}),
      };
      const wanted = states
        .filter(
          (state) =>
            (query.from === undefined || (state.from < at(to) && (state.to as number) > at(from))) &&
            (query.cameraNo === undefined || state.cameraNo === query.cameraNo) &&
            (query.kind === undefined || state.kind === query.kind) &&
            (query.zone === undefined || state.zones.includes(query.zone)),
        )
        .map((state) => state.from)
        .toSorted((a, b) => b - a);
      const found: number[] = [];
      for (let after: EventRow | undefined; ; ) {
        const page = await catalog.motion.events({ ...query, limit: 7, ...(after ? { after } : {}) });
        found.push(...page.map((row) => row.from));
        after = page.at(-1);
        if (page.length < 7) break;
      }
      expect(found).toEqual(wanted);
      const cameraNo = 1 + Math.floor(random() * 3);
      const between = await catalog.motion.eventsBetween(cameraNo, at(from), at(to), 1_000);
      expect(between.map((row) => row.from)).toEqual(
        states
          .filter((s) => s.cameraNo === cameraNo && s.from < at(to) && (s.to as number) > at(from))
          .map((s) => s.from)
          .toSorted((a, b) => a - b),
      );
    }
  });

  it('tells what changed behind a place, each event once, also after a restart and when all is forgotten', async () => {
    await apply(put(event(0, null)), put(event(1, null, { cameraNo: 2 })));
    const first = await catalog.motion.changesAfter(0, 9);
    expect(starts(first)).toEqual([0, 1]);
    const place = first[0]?.changed as number;
    await apply(put(event(0, 5)));
    expect(starts(await catalog.motion.changesAfter(place, 9))).toEqual([1, 0]);
    const last = await catalog.motion.lastChange();
    for (const cameraNo of [1, 2])
      await catalog.motion.forget({ cameraNo, before: at(99), at: at(99), limit: 99 });
    await catalog.close();
    catalog = await openSqliteCatalog({ path });
    await catalog.motion.apply([put(event(2_000, null))], at(2_000));
    expect(starts(await catalog.motion.changesAfter(last, 9))).toEqual([2_000]);
  });

  it('adds up a minute that comes in parts, and knows from minutes nobody looked at', async () => {
    const heat = (value: number): Uint8Array => new Uint8Array(144).fill(value, 3, 5);
    const minute = (number: number, more: object) => ({
      ...{ kind: 'looked' as const },
      looked: {
        ...{ cameraNo: 1, minute: at(number * 60), pictures: 30, moving: 0, passed: 20, heat: null },
        ...more,
      },
    });
    await apply(
      minute(0, {}),
      minute(1, { moving: 3, heat: heat(200) }),
      minute(1, { moving: 1, heat: heat(90) }),
    );
    await apply(minute(1, { pictures: 1 }), minute(4, { passed: 0 }));
    expect(await catalog.motion.lookedBetween(1, at(0), at(120))).toEqual([
      { cameraNo: 1, minute: at(0), pictures: 30, moving: 0, passed: 20, heat: null },
      { cameraNo: 1, minute: at(60), pictures: 61, moving: 4, passed: 60, heat: heat(255) },
    ]);
    expect(await catalog.motion.density(1, at(0), at(600), 2 * MINUTE)).toEqual([
      { from: at(0), minutes: 2, pictures: 91, moving: 4, passed: 80 },
      { from: at(240), minutes: 1, pictures: 30, moving: 0, passed: 0 },
    ]);
    expect(await catalog.motion.lastLooked(1)).toBe(at(240));
    expect(await catalog.motion.lastLooked(2)).toBeUndefined();
    expect(await apply(minute(5, { minute: at(301) }), minute(6, { moving: 31 }))).toHaveLength(2);
  });

  it('forgets a camera up to a moment, whole and with what is owed to webhooks, except under a hold', async () => {
    for (let i = 0; i < 5; i++) {
      await apply(put(event(i * 60 + 30, i * 60 + 70, { zones: ['a'] }), ['hook']), {
        kind: 'looked',
        looked: {
          ...{ cameraNo: 1, minute: at(i * 60), pictures: 1, moving: 1, passed: 0 },
          heat: new Uint8Array(144),
        },
      });
    }
    await apply(put(event(20, 25, { cameraNo: 2 }), ['hook']));
    const hold = await catalog.putHold({
      ...{ cameraNo: 1, from: at(95), to: at(96), reference: 'r', reason: 'r', author: 'a' },
      ...{ created: at(0), until: null },
    });
    const forget = (limit = 99) =>
      catalog.motion.forget({ cameraNo: 1, before: at(211), at: at(1_000), limit });
    expect(await forget(1)).toBe(2);
    await forget();
    expect(starts(await catalog.motion.eventsBetween(1, at(0), at(999), 9))).toEqual([90, 270]);
    const minutes = async () =>
      (await catalog.motion.lookedBetween(1, at(0), at(999))).map((row) => (row.minute - START) / MINUTE);
    expect(await minutes()).toEqual([1, 4]);
    expect(await catalog.outbox.waiting('hook')).toBe(3);
    expect(starts(await catalog.motion.events({ zone: 'a', limit: 9 }))).toEqual([270, 90]);
    await catalog.releaseHold(hold.holdNo, at(999), 'me');
    await forget();
    expect(starts(await catalog.motion.events({ limit: 9 }))).toEqual([270, 20]);
    expect(await minutes()).toEqual([4]);
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT count(*) AS n FROM event_zone').get()?.['n']).toBe(1);
    expect(database.prepare('SELECT count(*) AS n FROM heat').get()?.['n']).toBe(1);
    database.close();
  });

  it('owes a webhook what it asked for, in order, until it is told or too old', async () => {
    const { outbox } = catalog;
    await apply(put(event(0, null), ['one', 'two']), put(event(1, null, { cameraNo: 2 }), ['one']));
    await catalog.motion.apply([put(event(0, 9), ['one'])], at(2_000));
    const first = await outbox.nextDelivery('one', at(2_000));
    expect(first).toMatchObject({
      camera: 'gare',
      ended: false,
      tries: 0,
      event: { from: at(0), to: at(9) },
    });
    expect(first?.id).toMatch(/^[\da-f-]{36}$/);
    await outbox.postpone(first?.deliveryNo as number, at(2_060));
    const second = await outbox.nextDelivery('one', at(2_000));
    expect(second).toMatchObject({ camera: 'quai', ended: false });
    await outbox.delivered(second?.deliveryNo as number);
    const third = await outbox.nextDelivery('one', at(2_000));
    expect(third).toMatchObject({ camera: 'gare', ended: true });
    await outbox.delivered(third?.deliveryNo as number);
    expect(await outbox.nextDelivery('one', at(2_000))).toBeUndefined();
    expect(await outbox.nextDue('one')).toBe(at(2_060));
    expect(await outbox.nextDelivery('one', at(2_060))).toMatchObject({ id: first?.id, tries: 1 });
    // The clock was set back by a day.
    expect(await outbox.nextDelivery('one', at(2_000 - 86_400))).toMatchObject({ id: first?.id });
    expect(await outbox.dropOthers(['one'], at(1_000))).toBe(0);
    expect(await outbox.dropOthers(['one'], at(1_001))).toBe(1);
    expect(await outbox.waiting('two')).toBe(0);
    for (let i = 0; i < 5; i++) await apply(put(event(100 + i, 101 + i), ['one']));
    expect(await outbox.dropDeliveries({ hook: 'one', before: at(1_000), most: 4 })).toEqual({
      ...{ expired: 0, overflowed: 2 },
    });
    expect(await outbox.nextDelivery('one', at(2_060))).toMatchObject({ event: { from: at(101) } });
    expect(await outbox.dropDeliveries({ hook: 'one', before: at(1_001), most: 4 })).toEqual({
      ...{ expired: 4, overflowed: 0 },
    });
  });

  it('a catalog of the schema before is brought along with all that is in it', async () => {
    await catalog.close();
    const older = `${folder.path}/older.db`;
    const database = new DatabaseSync(older);
    database.exec(`${FIRST}${STORAGE}PRAGMA application_id = 0x56676965; PRAGMA user_version = 2;
      INSERT INTO camera (camera_no, id, name) VALUES (7, 'gare', 'Gare');
      INSERT INTO gap VALUES (7, ${at(0)}, ${at(9)}, 'offline');
      INSERT INTO hold (camera_no, "from", "to", reference, reason, author, created)
        VALUES (7, ${at(0)}, ${at(9)}, 'r', 'r', 'a', ${at(1)});`);
    database.close();
    catalog = await openSqliteCatalog({ path: older });
    expect(await catalog.gapsBetween(7, at(0), at(9))).toHaveLength(1);
    expect(await catalog.holds()).toHaveLength(1);
    await apply(put(event(0, 5, { cameraNo: 7 })));
    expect(starts(await catalog.motion.events({ limit: 1 }))).toEqual([0]);
    const after = new DatabaseSync(older);
    expect(after.prepare('PRAGMA user_version').get()?.['user_version']).toBe(4);
    expect(after.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    after.close();
  });
});

describe('with a million events and the minutes of a month', () => {
  const EVENTS = 1_000_000;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let catalog: Catalog;
  let database: DatabaseSync;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const path = `${folder.path}/catalog.db`;
    catalog = await openSqliteCatalog({ path });
    for (const id of ['gare', 'quai', 'pont']) await catalog.putCamera({ id, name: id });
    await catalog.close();
    database = new DatabaseSync(path);
    database.exec(`PRAGMA synchronous = OFF; BEGIN;
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${EVENTS - 1})
      INSERT INTO event (camera_no, "from", "to", kind, continues, score, box, zones, changed)
      SELECT 1 + i % 3, ${START} + i * 2000000, ${START} + i * 2000000 + 1000000 * (1 + i % 600),
        CASE WHEN i % 50000 = 7 THEN 'covered' ELSE 'motion' END, 0, 0.1, NULL,
        CASE WHEN i % 10 = 0 THEN '["porte"]' ELSE '[]' END, 1 + i FROM n;
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 43199)
      INSERT INTO looked SELECT 1, ${START} + i * 60000000, 30, i % 2, 0 FROM n;
      COMMIT`);
    catalog = await openSqliteCatalog({ path });
  }, 300_000);
  afterAll(async () => {
    database.close();
    await catalog.close();
    await folder.remove();
  });

  it('every query goes by an index, without a walk or a sort, and so takes as long as with a hundred', async () => {
    const plans: [string, string][] = [
      ...Object.entries(SQL).map(([name, sql]): [string, string] => [name, sql]),
      ...Object.entries(OUTBOX_SQL)
        // Of what somebody once configured and does not any more: rows of three days at most.
        .filter(([name]) => name !== 'others')
        .map(([name, sql]): [string, string] => [`outbox ${name}`, sql]),
    ];
    const [cameraNo, kind, zone] = [1, 'covered', 'porte'] as const;
    for (const filter of [
      {},
      { cameraNo },
      { kind },
      { zone },
      { cameraNo, kind },
      { cameraNo, zone },
      { zone, kind },
    ])
      for (const range of [{}, { from: at(9), to: at(99) }, { after: { from: at(9), eventNo: 5 } }])
        plans.push([`page ${JSON.stringify(filter)}`, eventPage({ ...filter, ...range, limit: 9 }).sql]);
    for (const [name, sql] of plans) {
      const plan = database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail));
      // A page without an equality walks from the newest on and stops when it is full; few events last.
      for (const detail of plan) {
        expect(`${name}: ${detail}`).not.toMatch(
          /: SCAN (?!e USING INDEX event_time|event USING INDEX event_open)/,
        );
      }
      // Sums of as many rows as there are parts.
      if (name !== 'density' && name !== 'groups')
        expect(`${name}: ${plan.join('; ')}`).not.toMatch(/TEMP B-TREE/);
    }
  });

  it('answers in a part of the time that a walk takes', async () => {
    const { motion } = catalog;
    const middle = EVENTS;
    // Of the processor, so that what else the machine does counts little; the best of some, so that it counts less.
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      const costs: number[] = [];
      for (let i = 0; i < 5; i++) {
        const begun = process.cpuUsage();
        await work();
        const { user, system } = process.cpuUsage(begun);
        costs.push((user + system) / 1_000);
      }
      return Math.min(...costs);
    };
    const walk = await cost(async () => database.prepare('SELECT sum(score) FROM event').get());
    const costs = {
      overlap: await cost(() => motion.eventsBetween(1, at(middle), at(middle + 600), 1_000)),
      page: await cost(() => motion.events({ limit: 100 })),
      rare: await cost(() => motion.events({ kind: 'covered', limit: 100 })),
      nothing: await cost(() => motion.events({ kind: 'frozen', limit: 100 })),
      zone: await cost(() => motion.events({ zone: 'porte', to: at(middle), limit: 100 })),
      changes: await cost(() => motion.changesAfter(middle / 2, 100)),
      // A month by the hour has 43,200 minutes to sum up.
      density: (await cost(() => motion.density(1, at(0), at(30 * 86_400), 3_600 * SECOND))) / 5,
    };
    if (process.env['VIGIE_TEST_FIGURES'] !== undefined) console.log({ walk, ...costs });
    for (const [name, millis] of Object.entries(costs)) expect(millis, name).toBeLessThan(walk / 10);
  });
});

it('the schema says in words how long an event may be', () => {
  expect(MOTION).toContain(`<= ${LONGEST_EVENT_MICROS}`);
});
