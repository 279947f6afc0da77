import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { framesInSegment } from '../../bench/recorded-frames.ts';
import type { SimulatorProcess } from '../../src/simulator/spawn.ts';
import { spawnSmallCameras } from '../support/cameras.ts';
import { describeWith } from '../support/components.ts';
import { walkBytes } from '../support/recorded.ts';
import { SmallDisk } from '../support/tmpfs.ts';
import { type RunningVigie, segmentFiles, startVigie, temporaryFolder, until } from '../support/vigie.ts';

describeWith(['tmpfs'], 'a full disk', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let disk: SmallDisk;
  let simulator: SimulatorProcess;
  let vigie: RunningVigie;

  beforeAll(async () => {
    folder = await temporaryFolder();
    disk = new SmallDisk(join(folder.path, 'disk'), 32);
    simulator = await spawnSmallCameras(['one', 'two']);
    vigie = await startVigie({
      folder: folder.path,
      // As without a configuration: the database fills up together with the recordings.
      segments: join(disk.path, 'segments'),
      catalog: join(disk.path, 'catalog.db'),
      cameras: ['one', 'two'].map((id) => ({ id, source: simulator.url(id) })),
      config: ['record: { segment: 5s }'],
    });
    await until('both record', async () =>
      (await vigie.cameras()).every(({ state }) => state === 'recording'),
    );
  }, 60_000);

  afterAll(async () => {
    await vigie?.stop();
    await simulator?.stop();
    disk?.unmount();
    await folder?.remove();
  });

  const gaps = async (id: string) =>
    (await vigie.timeline(id, new Date(Date.now() - 600_000), new Date(Date.now() + 1_000))).gaps.filter(
      (gap) => gap.cause === 'disk-full',
    );

  it('is a state with a reason for a person, and nothing else', async () => {
    await disk.fill(700_000);
    await until(
      'both are blocked',
      async () => (await vigie.cameras()).every(({ state }) => state === 'blocked'),
      40,
    );
    expect((await vigie.status('one')).reason).toMatch(/disk is full/i);
    const ready = await fetch(`${vigie.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toMatch(/disk/i);
  }, 60_000);

  it('ends by itself when there is room again, and is then a gap with that cause', async () => {
    disk.relieve();
    await until(
      'both record',
      async () => (await vigie.cameras()).every(({ state }) => state === 'recording'),
      60,
    );
    for (const id of ['one', 'two']) {
      await until('the gap is there and over', async () => {
        const found = await gaps(id);
        return found.length > 0 && found.every((gap) => gap.to !== null);
      });
    }
  }, 70_000);

  it('leaves whole files only, in which no frame is twice and none is out of order', async () => {
    expect(await vigie.stop()).toBe(0);
    for (const id of ['one', 'two']) {
      let last = -1;
      for (const file of await segmentFiles(join(disk.path, 'segments'), id)) {
        const bytes = await readFile(file);
        const walk = await walkBytes(bytes);
        expect(walk.problem).toBeUndefined();
        for (const { frame } of await framesInSegment(file)) {
          expect(frame).toBeGreaterThan(last);
          last = frame;
        }
      }
      expect(last).toBeGreaterThan(100);
    }
  });

  it('is said in one line for each camera, not in one for each frame', () => {
    const lines = vigie.log.filter((line) => /disk|full/i.test(String(line['msg'])));
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(lines.length).toBeLessThanOrEqual(6);
  });
});
