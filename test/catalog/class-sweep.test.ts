import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { SWEEP_SQL } from '../../src/catalog/sqlite/class-sweep.ts';
import { EVIDENCE_SQL } from '../../src/catalog/sqlite/evidence-store.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { wallMicros } from '../../src/time/units.ts';
import { temporaryFolder } from '../support/vigie.ts';

const MINUTE = 60_000_000;
const DAY = 1_440 * MINUTE;
/** A whole minute. */
const START = 1_795_000_020_000_000;
const CAMERAS = 8;
const DAYS = 30;

/** Eight cameras of a month: something moved in every third minute, and every minute was looked at. */
function fill(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN');
  database.exec("INSERT INTO init VALUES (1, zeroblob(32), x'00', 'avc1', 1, 1)");
  const count = DAYS * 1_440;
  const minutes = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`;
  for (let camera = 1; camera <= CAMERAS; camera++) {
    database.exec(`INSERT INTO camera VALUES (${camera}, 'cam-${camera}', 'Camera ${camera}');
      ${minutes} INSERT INTO segment SELECT ${camera}, ${START} + i * ${MINUTE}, ${START} + (i + 1) * ${MINUTE},
        ${START}, i * 5400000, 5400000, 1, 9, 100, 1, 0, zeroblob(32) FROM n;
      ${minutes} INSERT INTO looked SELECT ${camera}, ${START} + i * ${MINUTE}, 30, 0, 0 FROM n;
      ${minutes} INSERT INTO event (camera_no, "from", "to", kind, continues, score, zones, changed)
        SELECT ${camera}, ${START} + i * ${MINUTE} + 1000000, ${START} + i * ${MINUTE} + 9000000, 'motion', 0, 0.1,
          '[]', ${camera} * 1000000 + i FROM n WHERE i % 3 = 0;`);
  }
  database.exec('COMMIT; ANALYZE');
  database.close();
}

describe('with a month of footage', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path: string;
  let catalog: Catalog;

  beforeAll(async () => {
    folder = await temporaryFolder();
    path = `${folder.path}/catalog.db`;
    await (await openSqliteCatalog({ path })).close();
    fill(path);
    catalog = await openSqliteCatalog({ path });
  });
  afterAll(async () => {
    await catalog?.close();
    await folder?.remove();
  });

  const sweep = (cameraNo: number, endedBy: number, limit = 250) =>
    catalog.sweep({
      ...{ cameraNo, upTo: 'continuous', reason: 'retention', remote: false, limit },
      ...{ at: wallMicros(START + 40 * DAY), endedBy: wallMicros(endedBy) },
    });

  it('every statement of a sweep is a seek in an index: none walks a table, or sorts what it finds', () => {
    const database = new DatabaseSync(path);
    try {
      for (const [name, sql] of Object.entries({ ...SWEEP_SQL, ...EVIDENCE_SQL })) {
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
        for (const { detail } of plan) {
          expect(`${name}: ${String(detail)}`).not.toMatch(/: SCAN (?!CONSTANT)|TEMP B-TREE/);
        }
        if (name === 'next')
          expect(String(plan[0]?.['detail'])).toMatch(/camera_no=\? AND start>\? AND start<\?/);
        if (name === 'looked') expect(String(plan[0]?.['detail'])).toMatch(/minute>\? AND minute<\?/);
        if (name === 'events') {
          expect(plan.map(({ detail }) => String(detail)).join()).toMatch(
            /event_camera \(camera_no=\? AND from>\? AND from<\?\).*event_open/,
          );
        }
      }
    } finally {
      database.close();
    }
  });

  it('looks at each segment once: what is kept is not read again, and what comes next is found at once', async () => {
    const day = START + 10 * DAY;
    let judged = 0;
    for (let done = false; !done; ) {
      const result = await sweep(1, day);
      judged += result.condemned;
      done = result.done;
    }
    expect(judged).toBe(9_600);
    const database = new DatabaseSync(path);
    const mark = () =>
      Number(database.prepare('SELECT until FROM swept WHERE camera_no = 1').get()?.['until']);
    expect(mark()).toBe(day - MINUTE + 1);
    // A minute later there is one more to judge, whatever is kept: one row is enough to find it.
    expect(await sweep(1, day + MINUTE, 1)).toEqual({ condemned: 0, done: false });
    expect(mark()).toBe(day + 1);
    expect(await sweep(1, day + 2 * MINUTE, 1)).toEqual({ condemned: 1, done: false });
    expect(await sweep(1, day + 2 * MINUTE, 1)).toEqual({ condemned: 0, done: true });
    database.close();
  });

  it('takes as long for a new minute with a month behind it as with none', async () => {
    // Of the processor, and the best of some: the machine may be busy with something else.
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      const costs: number[] = [];
      for (let i = 0; i < 9; i++) {
        const begun = process.cpuUsage();
        await work();
        const { user, system } = process.cpuUsage(begun);
        costs.push((user + system) / 1_000);
      }
      return Math.min(...costs);
    };
    // Everything but the last day of one camera, and the first hour of another.
    for (let done = false; !done; ) ({ done } = await sweep(2, START + 29 * DAY));
    let minute = 0;
    const late = await cost(() => sweep(2, START + 29 * DAY + ++minute * MINUTE));
    for (let done = false; !done; ) ({ done } = await sweep(3, START + 60 * MINUTE));
    minute = 0;
    const early = await cost(() => sweep(3, START + (60 + ++minute) * MINUTE));
    // A walk over what is kept would be thousands of rows: it took ten milliseconds.
    expect(late).toBeLessThan(Math.max(5, early * 10));
  });
});
