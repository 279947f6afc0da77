import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Case, measure, QUICK } from '../../bench/micro/harness.ts';
import { createReferences } from '../../bench/micro/references.ts';
import { judge } from '../../bench/micro/verdict.ts';
import { walkBoxes } from '../../bench/micro/walk.ts';
import { temporaryFolder } from '../support/vigie.ts';

const PROGRAM = fileURLToPath(new URL('../../bench/micro/run.ts', import.meta.url));
const RATIOS = fileURLToPath(new URL('../../bench/micro/ratios.json', import.meta.url));

describe('a ratio', () => {
  const references = createReferences();

  // On a machine that is busy, the compiler's own thread may come too late for one try.
  it('is how many times the work of the reference it is', { retry: 3 }, async () => {
    const twice: Case = {
      ...{ name: 'twice', does: 'the reference, twice', reference: 'compute' },
      prepare: () =>
        Promise.resolve({
          run() {
            references.compute();
            references.compute();
          },
          close: () => undefined,
        }),
    };
    const { ratio } = await measure(twice, references, {
      batchMicros: 8_000,
      rounds: 15,
      warmMicros: 300_000,
    });
    expect(ratio).toBeGreaterThan(1.5);
    expect(ratio).toBeLessThan(2.7);
  });

  it('shows that real work has come to be done twice', async () => {
    const now = await measure(walkBoxes, references, QUICK);
    const doubled: Case = {
      ...walkBoxes,
      async prepare() {
        const prepared = await walkBoxes.prepare();
        return {
          ...prepared,
          async run() {
            await prepared.run();
            await prepared.run();
          },
        };
      },
    };
    const then = { [now.name]: now.ratio };
    expect(judge(await measure(doubled, references, QUICK), then, 1.2).state).toBe('slower');
  });

  it('is held against the stored one, with a tolerance', () => {
    const state = (ratio: number, name = 'a') => judge({ name, ratio }, { a: 10 }, 1.5).state;
    expect([state(10), state(14.9), state(15.1), state(6.7), state(6.6), state(10, 'b')]).toEqual([
      ...['same', 'same', 'slower', 'same', 'faster', 'new'],
    ]);
  });
});

describe('bench:micro', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder();
  });

  afterAll(() => folder?.remove());

  const bench = (...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [PROGRAM, ...args], (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out: out + err }),
      );
    });

  it('stores what it measures, finds it again, and fails when it has become slower', async () => {
    const ratios = join(folder.path, 'ratios.json');
    const one = ['--only', 'motion', '--ratios', ratios, '--quick'];
    expect((await bench(...one, '--update')).code).toBe(0);
    const stored = JSON.parse(await readFile(ratios, 'utf8')) as Record<string, number>;
    const { motion = 0 } = stored;
    expect(motion).toBeGreaterThan(0);
    // A wide tolerance: this test is no measurement, and the machine has other things to do.
    const same = await bench(...one, '--tolerance', '20', '--json', join(folder.path, 'result.json'));
    expect(same).toMatchObject({ code: 0, out: expect.stringMatching(/^motion .* x \d/m) });
    expect(JSON.parse(await readFile(join(folder.path, 'result.json'), 'utf8'))).toMatchObject([
      { name: 'motion', stored: motion, state: expect.stringMatching(/^(same|faster)$/) as string },
    ]);
    await writeFile(ratios, JSON.stringify({ motion: motion / 40 }));
    const slower = await bench(...one);
    expect(slower).toMatchObject({
      code: 1,
      out: expect.stringMatching(/Slower than they were: motion\.$/m),
    });
  }, 120_000);

  it('knows a ratio for each case', async () => {
    const names = Object.keys(JSON.parse(await readFile(RATIOS, 'utf8')) as object).toSorted();
    expect(names).toEqual(['box walk', 'clip', 'depacketise', 'fragment', 'motion', 'timeline']);
  });

  it('is used wrongly: 2', async () => {
    expect(await bench('--only', 'nothing')).toMatchObject({
      code: 2,
      out: expect.stringMatching(/knows depacketise/),
    });
    const { out } = await bench('--help');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });
});
