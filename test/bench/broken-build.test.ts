import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchIn, PATIENT } from '../support/bench.ts';
import { temporaryFolder } from '../support/vigie.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder?.remove());

describe('the load bench', { timeout: 120_000 }, () => {
  it.concurrent('finds every frame of a build that is whole, in an HTML report, too', async () => {
    const html = join(folder.path, 'report.html');
    const { code, out, report } = await benchIn(folder.path, [...PATIENT, '--html', html]);
    expect(out).toMatch(/^ +vigie +2 .* held$/m);
    expect(code).toBe(0);
    const { findings } = report.runs[0]?.measured ?? {};
    expect(findings?.expected).toBeGreaterThan(100);
    expect(findings).toMatchObject({ missing: 0, doubled: 0, outOfOrder: 0, holes: 0, unreadable: 0 });
    expect(findings?.found).toBe(findings?.expected);
    const page = await readFile(html, 'utf8');
    expect(page).toMatch(/<svg .*<\/svg>/);
    expect(page).not.toMatch(/(?:src|href)=/);
  });

  it.concurrent('finds one frame of each camera that a build drops', async () => {
    const { code, out, report } = await benchIn(folder.path, PATIENT, 'a-frame-dropped');
    expect(code).toBe(1);
    expect(out).toMatch(/2 frames are missing of \d+/);
    expect(out).toMatch(/cam-1, connection \d: 1 missing; the first is frame \d+/);
    expect(report.runs[0]?.measured.findings).toMatchObject({ missing: 2, doubled: 0, outOfOrder: 0 });
  });

  it.concurrent('finds a group of pictures that a build writes twice', async () => {
    const { code, out, report } = await benchIn(folder.path, PATIENT, 'a-group-doubled');
    expect(code).toBe(1);
    expect(out).toMatch(/\d+ frames are recorded twice/);
    expect(report.runs[0]?.measured.findings).toMatchObject({ missing: 0, outOfOrder: 0 });
    expect(report.runs[0]?.measured.findings.doubled).toBeGreaterThanOrEqual(2);
  });

  it.concurrent('finds writes that take 200 ms in a build', async () => {
    const { code, out } = await benchIn(folder.path, ['--loop-limit', '20s'], 'writes-stall');
    expect(code).toBe(1);
    expect(out).toMatch(/the slowest hundredth of the writes takes \d+ ms or more: 100 ms is allowed/);
    expect(out).not.toMatch(/missing|twice/);
  });
});
