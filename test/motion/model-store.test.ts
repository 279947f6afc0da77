import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createModel } from '../../src/motion/camera-model.ts';
import { GREY_HEIGHT, GREY_WIDTH } from '../../src/motion/decode/grey-output.ts';
import { ModelStore } from '../../src/motion/model-store.ts';
import { type WallMicros, wallMicros } from '../../src/time/units.ts';
import { temporaryFolder } from '../support/vigie.ts';

const NOW = wallMicros(1_800_000_000_000_000);
const DAY = 86_400_000_000;
const later = (micros: number): WallMicros => wallMicros(NOW + micros);

let root: Awaited<ReturnType<typeof temporaryFolder>>;
let folder: string;
let store: ModelStore;
let problems: unknown[];

beforeEach(async () => {
  root = await temporaryFolder();
  folder = join(root.path, 'motion');
  problems = [];
  store = new ModelStore(folder, (error) => problems.push(error));
  await store.open(new Set([1, 2]));
});
afterEach(() => root.remove());

function model(value: number): ReturnType<typeof createModel> {
  const made = createModel(GREY_WIDTH, GREY_HEIGHT);
  made.motion.planes.fill(value);
  made.tamper.reference.fill(value);
  return made;
}

it('gives back what was saved last, to the byte, for a day', async () => {
  await store.save(1, model(1), NOW);
  await store.save(1, model(7), NOW);
  const known = await store.load(1, later(DAY));
  expect(
    Buffer.from(known?.motion.shared as SharedArrayBuffer).equals(Buffer.from(model(7).motion.shared)),
  ).toBe(true);
  expect(
    Buffer.from(known?.tamper.shared as SharedArrayBuffer).equals(Buffer.from(model(7).tamper.shared)),
  ).toBe(true);
  expect(await store.load(2, NOW)).toBe(undefined);
  expect(await readdir(folder)).toEqual(['1.state']);
  // A picture of the place is in it.
  for (const path of [folder, join(folder, '1.state')]) expect((await stat(path)).mode & 0o077).toBe(0);
  // Too old, and from a time that has not come.
  expect(await store.load(1, later(DAY + 1))).toBe(undefined);
  expect(await store.load(1, later(-1))).toBe(undefined);
  expect(problems).toEqual([]);
});

it('passes over what is cut short, damaged, of another version, or not its own', async () => {
  await store.save(1, model(3), NOW);
  const path = join(folder, '1.state');
  const good = await readFile(path);
  const changed = (at: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] as number) ^ 1;
    return bytes;
  };
  const bad = [
    Buffer.alloc(0),
    good.subarray(0, 20),
    good.subarray(0, good.length - 1),
    Buffer.concat([good, Buffer.alloc(1)]),
    // Its magic number, its version, its lengths, its checksum, and anything behind.
    ...[0, 7, 17, 21, 25, 28, 5_000, good.length - 1].map(changed),
    Buffer.alloc(2 ** 22 + 1),
  ];
  for (const bytes of bad) {
    await writeFile(path, bytes);
    expect(await store.load(1, NOW)).toBe(undefined);
  }
  await writeFile(path, good);
  expect(await store.load(1, NOW)).toBeDefined();
  expect(problems).toEqual([]);
});

it('removes what was kept of cameras that are none any more, and nothing that is not its own', async () => {
  for (const name of ['2.state', '3.state', '1.state.tmp', 'notes.txt'])
    await writeFile(join(folder, name), 'x');
  await store.open(new Set([1, 2]));
  expect((await readdir(folder)).toSorted()).toEqual(['2.state', 'notes.txt']);
});

it('says that nothing can be kept, and goes on', async () => {
  const file = join(root.path, 'file');
  await writeFile(file, 'x');
  const nowhere = new ModelStore(join(file, 'motion'), (error) => problems.push(error));
  await nowhere.open(new Set([1]));
  await nowhere.save(1, model(1), NOW);
  expect(await nowhere.load(1, NOW)).toBe(undefined);
  expect(problems.length).toBeGreaterThanOrEqual(2);
  // A folder in its place.
  await mkdir(join(folder, '2.state'));
  expect((await stat(join(folder, '2.state'))).isDirectory()).toBe(true);
  expect(await store.load(2, NOW)).toBe(undefined);
});
