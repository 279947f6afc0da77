import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cameraId, type CityCatalog, makeCityCatalog, segmentStart } from '../../bench/city-catalog.ts';
import { makePlaces } from '../../bench/seek/city.ts';
import { makeFootage } from '../../bench/seek/footage.ts';
import { percentiles, STAGES } from '../../bench/seek/statistics.ts';
import { openViewer, type Seek } from '../../bench/seek/viewer.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { wallMicros } from '../../src/time/units.ts';
import { CLIP_CACHE } from '../support/cameras.ts';
import { describeWith } from '../support/components.ts';
import { startRadosgw } from '../support/radosgw.ts';
import type { S3Server } from '../support/s3-server.ts';
import { startVigie, temporaryFolder } from '../support/vigie.ts';

const PROGRAM = fileURLToPath(new URL('../../bench/seek.ts', import.meta.url));
const CHROMIUM = '/usr/bin/chromium';
const SMALL = { width: 320, height: 180, bitrateBps: 400_000 };
const FIRST = 1_795_525_200_000_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder?.remove());

describe('percentiles', () => {
  it('are seeks that really were', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(percentiles(values)).toEqual({ p50: 50, p95: 95, p99: 99, most: 100 });
    expect(percentiles([7])).toEqual({ p50: 7, p95: 7, p99: 7, most: 7 });
  });
});

describe('a city’s catalog', () => {
  it('has a segment a minute for each camera, as the recorder would have entered it', async () => {
    const footage = await makeFootage(join(folder.path, 'one.mp4'), CLIP_CACHE, SMALL);
    const city: CityCatalog = {
      ...{ path: join(folder.path, 'city.db'), cameras: 3, minutes: 90, minutesOnDisk: 30, first: FIRST },
      ...{ segment: footage, rest: 'remote' },
    };
    await makeCityCatalog(city);
    const catalog = await openSqliteCatalog({ path: city.path });
    const all = await catalog.segmentsBetween(2, wallMicros(0), wallMicros(4e15));
    expect(all).toHaveLength(90);
    expect(all[1]).toMatchObject({ start: segmentStart(FIRST, 2, 1), bytes: footage.bytes, state: 'remote' });
    expect(all.filter(({ state }) => state === 'both')).toHaveLength(30);
    expect(all.every(({ fragments }) => fragments.length === 30)).toBe(true);
    expect(all.slice(1).every(({ start }, i) => start === all[i]?.end)).toBe(true);
    expect((await catalog.runsBetween(2, wallMicros(0), wallMicros(4e15))).length).toBe(1);
    await catalog.close();
  });
});

const bench = (...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out: out + err }),
    );
  });

async function seeksOf(...args: readonly string[]): Promise<readonly Seek[]> {
  const json = join(folder.path, 'seek.json');
  const small = [
    '--cameras',
    '2',
    '--days',
    '1',
    '--seeks',
    '3',
    '--size',
    '320x180',
    '--folder',
    folder.path,
  ];
  const { code, out } = await bench(...small, '--json', json, ...args);
  expect([code, out]).toEqual([0, expect.stringMatching(/^firstFrame( +\d+\.\d){4}$/m)]);
  return (JSON.parse(await readFile(json, 'utf8')) as { seeks: readonly Seek[] }).seeks;
}

describeWith(['chromium'], 'bench:seek', () => {
  it('finds the very picture that was wanted, each time, and says how long each step took', async () => {
    const seeks = await seeksOf();
    expect(seeks).toHaveLength(3);
    for (const seek of seeks) {
      const times = STAGES.map((stage) => seek[stage]);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times[0]).toBeGreaterThan(0);
      expect(Math.abs(seek.off)).toBeLessThanOrEqual(100);
    }
  }, 120_000);

  it('says so when there is no picture: the file is missing', async () => {
    const footage = await makeFootage(join(folder.path, 'two.mp4'), CLIP_CACHE, SMALL);
    const path = join(folder.path, 'empty.db');
    const city: CityCatalog = {
      ...{ path, cameras: 1, minutes: 10, minutesOnDisk: 0, first: FIRST, segment: footage, rest: 'local' },
    };
    await makeCityCatalog(city);
    const [place] = await makePlaces(city, footage, 1, { folder: join(folder.path, 'elsewhere') });
    const server = await startVigie({
      ...{ folder: folder.path, catalog: path },
      cameras: [{ id: cameraId(1), source: 'rtsp://127.0.0.1:1/', enabled: false }],
      config: ['retention: { continuous: 3000d, maximum: 3000d }'],
    });
    const viewer = await openViewer(server.url, CHROMIUM, 3_000);
    try {
      expect(await viewer.seek(cameraId(1), place?.at ?? 0)).toMatch(/no picture came within 3 s|gave up/);
      expect(await viewer.seek(cameraId(1), 1_000)).toMatch(/nothing is recorded/);
    } finally {
      await viewer.close();
      await server.stop();
    }
  }, 60_000);

  it('is used wrongly: 2', async () => {
    expect(await bench('--size', 'large')).toMatchObject({ code: 2, out: expect.stringMatching(/--size/) });
    const { out } = await bench('--help');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });
});

describeWith(['chromium', 'radosgw'], 'bench:seek with an object store', () => {
  let store: S3Server;

  beforeAll(async () => {
    store = await startRadosgw();
  });

  afterAll(() => store?.stop());

  it('plays what is only there', async () => {
    const { accessKeyId, secretAccessKey } = store.credentials;
    const url = store.endpoint.replace('http://', `http://${accessKeyId}:${secretAccessKey}@`);
    expect(await seeksOf('--s3', `${url}/seek`)).toHaveLength(3);
  }, 120_000);
});
