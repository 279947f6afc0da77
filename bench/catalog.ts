/**
 * What a catalog of millions of segments costs to ask: by default a city's month, 217 cameras for 30 days.
 *
 *   node bench/catalog.ts [--cameras 217] [--days 30] [--keep FILE]
 *
 * Rows are made by SQL, as recording them would take the month; everything measured goes through the catalog. The last
 * day is on disk and in the object store, the rest only there. Every minute was looked at, and something moved in every
 * third.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { CameraRow, Catalog } from '../src/catalog/catalog.ts';
import { openSqliteCatalog } from '../src/catalog/sqlite/open.ts';
import { readTimeline } from '../src/playback/timeline.ts';
import { Destroyer } from '../src/storage/destroyer.ts';
import { FolderStore } from '../src/storage/folder-store.ts';
import type { SegmentStore } from '../src/storage/object-store.ts';
import { Retention } from '../src/storage/retention.ts';
import { systemClock } from '../src/time/clock.ts';
import { type WallMicros, wallMicros } from '../src/time/units.ts';
import { makeCityCatalog } from './city-catalog.ts';

const MINUTE = 60_000_000;
const DAY = 1_440 * MINUTE;

const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '217' },
    days: { type: 'string', default: '30' },
    keep: { type: 'string' },
  },
});
const cameras = Number(values.cameras);
const days = Number(values.days);
const folder = await mkdtemp(join(tmpdir(), 'vigie-bench-catalog-'));
const path = values.keep ?? join(folder, 'catalog.db');
const now = Date.now() * 1_000;
/** An hour that is about to expire stands in front of the days that are kept. */
const first = now - days * DAY - 60 * MINUTE;

/** A store that has nothing, and from which everything can be deleted. */
const nothing: SegmentStore = {
  size: () => Promise.resolve(undefined),
  read: () => Promise.resolve(0),
  remove: () => Promise.resolve(new Map()),
  async *list() {},
};

const timed = async <T>(what: string, work: () => Promise<T> | T): Promise<T> => {
  const began = performance.now();
  const result = await work();
  process.stdout.write(`${what.padEnd(60)}${(performance.now() - began).toFixed(1).padStart(10)} ms\n`);
  return result;
};

const fill = (): Promise<void> =>
  makeCityCatalog({
    ...{ path, cameras, first, minutes: days * 1_440 + 60, minutesOnDisk: 1_440, rest: 'remote' },
    // A third of the minutes has motion.
    movesEvery: 3,
    segment: {
      ...{ headBytes: 900, bytes: 30_000_900 },
      fragments: Array.from({ length: 30 }, () => ({
        ...{ bytes: 1_000_000, durationTicks: 180_000, samples: 50, key: true },
      })),
      init: { bytes: new Uint8Array(700), codecs: 'avc1.640028', width: 1920, height: 1080 },
    },
  });

/** From the start of the process to the first answer of the API, every camera being configured. */
async function startServer(): Promise<number> {
  const segments = join(folder, 'segments');
  await mkdir(segments, { recursive: true });
  const config = join(folder, 'config.yaml');
  const list = Array.from(
    { length: cameras },
    (_, i) => `  - { id: cam-${i + 1}, source: "rtsp://127.0.0.1:1/${i}" }`,
  );
  const lines = [
    'server: { listen: "127.0.0.1:0" }',
    `catalog: { sqlite: ${JSON.stringify(path)} }`,
    `storage: { local: { path: ${JSON.stringify(segments)} } }`,
    'retention: { continuous: 3000d, maximum: 3000d, local: 3000d }',
    'log: { level: fatal }',
  ];
  await writeFile(config, [...lines, 'cameras:', ...list, ''].join('\n'));
  const began = performance.now();
  const launcher = fileURLToPath(new URL('../bin/vigie.mjs', import.meta.url));
  const server = spawn(process.execPath, [launcher, 'serve', '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  const url = line.replace('Vigie is at ', '');
  await (await fetch(`${url}/api/cameras`)).text();
  const millis = performance.now() - began;
  server.kill('SIGTERM');
  await once(server, 'exit');
  return millis;
}

async function eachDay(
  what: string,
  catalog: Catalog,
  read: (camera: CameraRow, from: WallMicros, to: WallMicros) => Promise<unknown>,
): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    const camera = await catalog.camera(`cam-${1 + ((i * 37) % cameras)}`);
    if (!camera) continue;
    const from = wallMicros(first + ((i * 7) % days) * DAY);
    const began = performance.now();
    await read(camera, from, wallMicros(from + DAY));
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  process.stdout.write(`${`${what}: median, 98 %`.padEnd(60)}${`${at(0.5)}, ${at(0.98)}`.padStart(10)} ms\n`);
}

try {
  if (!existsSync(path)) await timed('making the catalog', fill);
  const gigabytes = (statSync(path).size / 1e9).toFixed(2);
  process.stdout.write(`${cameras} cameras, ${days} days: ${gigabytes} GB\n`);
  process.stdout.write(
    `${'start of a server with it, to the first answer'.padEnd(60)}${(await startServer()).toFixed(1).padStart(10)} ms\n`,
  );
  const catalog = await openSqliteCatalog({ path });
  const openSegments = { of: () => [] };
  await eachDay('timeline of a day of a camera', catalog, (camera, from, to) =>
    readTimeline({ catalog, openSegments }, camera, from, to),
  );
  await eachDay('all segments of a day of a camera', catalog, ({ cameraNo }, from, to) =>
    catalog.segmentsBetween(cameraNo, from, to),
  );
  await timed('what waits for the object store', () => catalog.backlog());
  await timed('the 64 oldest that may leave the disk', () => catalog.storedSegments(wallMicros(now), 64));
  const retention = new Retention(catalog, systemClock, () => ({
    continuousMicros: days * DAY,
    motionMicros: days * DAY,
    eventMicros: days * DAY,
    maximumMicros: days * DAY,
  }));
  // How long others had to wait while it went on.
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 1);
    last = performance.now();
  }, 1);
  const condemned = await timed('an hour of all cameras expires', () => retention.condemnOverdue(true));
  const nowhere = new FolderStore(join(folder, 'nowhere'));
  const destroyer = new Destroyer({
    ...{ catalog, clock: systemClock, local: nowhere, remote: nothing },
    key: ({ cameraNo, start }) => `${cameraNo}/${start}`,
    isBusy: () => false,
    onDestroyed: () => undefined,
  });
  await timed(`… and ${condemned} rows go to the journal`, () => destroyer.run());
  clearInterval(beat);
  process.stdout.write(
    `${'longest that others waited meanwhile'.padEnd(60)}${longest.toFixed(1).padStart(10)} ms\n`,
  );
  await timed('looking for what expires when nothing does', () => retention.condemnOverdue(true));
  // What is still is kept for half as long: all that is older is judged, once, and then a minute of each camera.
  let later = 0;
  const clock = { ...systemClock, wall: () => wallMicros(systemClock.wall() + later) };
  const byClass = new Retention(catalog, clock, () => ({
    ...{ continuousMicros: (days * DAY) / 2, motionMicros: days * DAY * 2, eventMicros: days * DAY * 2 },
    maximumMicros: days * DAY * 2,
  }));
  const still = await timed('half of all footage is judged by what happened in it', () =>
    byClass.condemnOverdue(true),
  );
  process.stdout.write(`${'… of which nothing moved in'.padEnd(60)}${String(still).padStart(10)}\n`);
  later = MINUTE;
  await timed('… and then the next minute of all cameras', () => byClass.condemnOverdue(true));
  await timed('… and then nothing', () => byClass.condemnOverdue(true));
  await catalog.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
