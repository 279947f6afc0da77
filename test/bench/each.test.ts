import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastBench } from '../../src/cli/plan.ts';
import { type Benched, benchIn, PATIENT } from '../support/bench.ts';
import { temporaryFolder } from '../support/vigie.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let benched: Benched;
const { PATH, XDG_CACHE_HOME } = process.env;

beforeAll(async () => {
  folder = await temporaryFolder();
  // A recorder that ends as soon as it is started.
  const programs = join(folder.path, 'bin');
  await mkdir(programs);
  await writeFile(join(programs, 'mediamtx'), '#!/bin/sh\necho "no licence" >&2\nexit 3\n');
  await chmod(join(programs, 'mediamtx'), 0o755);
  process.env['PATH'] = `${programs}${delimiter}${PATH}`;
  const what = '--each plain,motion --seconds 2 --baseline ffmpeg,mediamtx'.split(' ');
  const files = ['--html', join(folder.path, 'bench.html'), '--markdown', join(folder.path, 'bench.md')];
  benched = await benchIn(folder.path, [...PATIENT, ...what, ...files]);
}, 180_000);

afterAll(async () => {
  process.env['PATH'] = PATH;
  if (XDG_CACHE_HOME === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = XDG_CACHE_HOME;
  await folder?.remove();
});

describe('one bench of several conditions', () => {
  it('records the same cameras under each, and by the baselines', () => {
    const { code, out, report } = benched;
    expect(out).toMatch(/^ +vigie +2 +\d+ .* held\n +vigie motion +2 .* held\n +ffmpeg +2 .* held$/m);
    expect(report.runs.map(({ condition, measured }) => `${measured.who} ${condition}`)).toEqual([
      ...['vigie plain', 'vigie motion', 'ffmpeg plain'],
    ]);
    for (const { measured } of report.runs) {
      expect(measured.cameras).toBe(2);
      expect(measured.findings).toMatchObject({ missing: 0, doubled: 0, outOfOrder: 0 });
      expect(measured.findings.expected).toBeGreaterThan(50);
    }
    expect(code).toBe(0);
  });

  it('looks for motion only where that is the condition', () => {
    const decoders = benched.report.runs.map(({ measured }) =>
      measured.parts.some(({ name }) => name === 'ffmpeg (child)'),
    );
    // The third is ffmpeg itself.
    expect(decoders.slice(0, 2)).toEqual([false, true]);
  });

  it('says what was found of each', () => {
    const { out, report } = benched;
    expect(report.conditions.map(({ name }) => name)).toEqual(['plain', 'motion']);
    expect(report.capacities.slice(0, 3)).toEqual([
      { who: 'vigie', condition: 'plain', largest: 2 },
      { who: 'vigie', condition: 'motion', largest: 2 },
      { who: 'ffmpeg', condition: 'plain', largest: 2 },
    ]);
    expect(report.costs).toMatchObject([{ condition: 'motion', cameras: 2 }]);
    expect(report.comparisons).toMatchObject([{ who: 'ffmpeg', condition: 'plain', cameras: 2 }]);
    expect(out).toMatch(/^With motion 2 cameras take .* instead of [\d.]+ cores\.$/m);
    expect(out).toMatch(/^ffmpeg took [\d.]+ times the processor/m);
  });

  it('goes on when a recorder comes to nothing', () => {
    const { out, report } = benched;
    const problem = 'mediamtx ended by itself (exit code 3): no licence';
    expect(report.failures).toEqual([{ who: 'mediamtx', condition: 'plain', cameras: 2, problem }]);
    expect(report.capacities.at(-1)).toEqual({ who: 'mediamtx', condition: 'plain', smallestTooMuch: 2 });
    expect(out).toMatch(/^ +mediamtx +2 +could not be measured\n +mediamtx ended by itself/m);
  });

  it('leaves a table, and a page', async () => {
    const table = await readFile(join(folder.path, 'bench.md'), 'utf8');
    expect(table).toMatch(/^\| cameras \| Vigie +\| Vigie with motion +\| ffmpeg +\| mediamtx +\|$/m);
    expect(table).toMatch(
      /^\| +2 (?:\| [\d.]+ %, \d+ MB, 0 missing, held +){3}\| could not be measured \|$/m,
    );
    expect(benched.out).toContain(table.split('\n').slice(2).join('\n').trimEnd());
    const page = await readFile(join(folder.path, 'bench.html'), 'utf8');
    expect(page).toContain('<td>motion</td>');
  });

  it('has vigie plan know what recording alone took', async () => {
    process.env['XDG_CACHE_HOME'] = folder.path;
    const plain = benched.report.runs[0]?.measured;
    expect(await lastBench()).toEqual({
      ...{ cameras: 2, bitrateBps: 300_000 },
      ...{ cpu: plain?.cpu, residentBytes: plain?.residentBytes },
    });
  });
});
