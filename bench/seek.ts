/**
 * How long a person waits for a picture: random seeks in a city's month, 217 cameras and 9.4 million segments, through
 * the real server and a real browser. Measured from the click: until the timeline is there, the playlist, the first byte of
 * video, and the first picture that was decoded and shown.
 *
 *   npm run bench:seek -- [--cameras 217] [--days 30] [--seeks 200] [--s3 URL] [--warm] [--json FILE]
 *
 * The catalog is made by SQL, each place that is sought has a real file of 1080p at 4 Mbit/s, and is sought once. Exits 1
 * when a seek finds no picture, or another one than it wanted.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { S3Config } from '../src/config/config.ts';
import { startVigie } from '../test/support/vigie.ts';
import { s3Access } from '../test/support/s3-server.ts';
import { cameraId, type CityCatalog, makeCityCatalog } from './city-catalog.ts';
import { dropCache, footagePath, makePlaces } from './seek/city.ts';
import { makeFootage } from './seek/footage.ts';
import { byStage, STAGES } from './seek/statistics.ts';
import { openViewer, type Seek } from './seek/viewer.ts';

const HELP = `npm run bench:seek -- [options]

  --cameras N       of the city (217)
  --days N          that are kept (30)
  --seeks N         random moments (200; 40 with --s3)
  --s3 URL          everything is in an object store: http://KEY:SECRET@HOST:PORT/BUCKET
  --warm            files may be in the system's file cache; otherwise the disk is read each time
  --size WxH        picture (1920x1080)
  --chromium PATH   the browser (/usr/bin/chromium)
  --folder FOLDER   where catalog and files go for the time being (the system's temporary folder)
  --json FILE       the figures for a program
`;
const MINUTES_A_DAY = 1_440;

const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '217' },
    days: { type: 'string', default: '30' },
    seeks: { type: 'string' },
    s3: { type: 'string' },
    warm: { type: 'boolean', default: false },
    size: { type: 'string', default: '1920x1080' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    folder: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const whole = (name: string, text: string, most: number): number => {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= most
    ? value
    : fail(`--${name} is a whole number from 1 to ${most}. Got ${text}`);
};

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const cameras = whole('cameras', values.cameras, 5_000);
const days = whole('days', values.days, 365);
const seeks = whole('seeks', values.seeks ?? (values.s3 === undefined ? '200' : '40'), 10_000);
const size =
  /^(\d{2,4})x(\d{2,4})$/.exec(values.size) ?? fail(`--size is as in 1920x1080. Got ${values.size}`);
const store = values.s3 === undefined ? undefined : storeOf(values.s3);

function storeOf(text: string): { readonly s3: S3Config; readonly yaml: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bucket = url?.pathname.slice(1) ?? '';
  if (!url || bucket === '' || url.password === '')
    fail('--s3 is as in http://KEY:SECRET@127.0.0.1:7480/bucket');
  const [accessKeyId, secretAccessKey] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const access = s3Access(url.origin, { accessKeyId, secretAccessKey });
  return { s3: access.config(bucket, { timeoutMillis: 30_000 }), yaml: access.yaml(bucket) };
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const folder = await mkdtemp(join(values.folder ?? tmpdir(), 'vigie-bench-seek-'));
const segments = join(folder, 'segments');
const done: Seek[] = [];
const problems: string[] = [];
try {
  const video = { width: Number(size[1]), height: Number(size[2]), bitrateBps: 4_000_000 };
  const footage = await makeFootage(footagePath(folder), join(tmpdir(), 'vigie-bench-clips'), video);
  const minutes = days * MINUTES_A_DAY;
  const city: CityCatalog = {
    ...{ path: join(folder, 'catalog.db'), cameras, minutes, minutesOnDisk: 0, segment: footage },
    ...{
      first: (Math.floor(Date.now() / 60_000) - minutes - 60) * 60_000_000,
      rest: store ? 'remote' : 'local',
    },
  };
  await makeCityCatalog(city);
  say(`${(cameras * minutes).toLocaleString('en')} segments of ${cameras} cameras in ${days} days.`);
  const places = await makePlaces(city, footage, seeks, store ?? { folder: segments });
  const server = await startVigie({
    ...{ folder, segments, catalog: city.path, ...(store ? { s3: store.yaml } : {}) },
    cameras: Array.from({ length: cameras }, (_, i) => ({
      ...{ id: cameraId(i + 1), source: 'rtsp://127.0.0.1:1/', enabled: false },
    })),
    // Nothing of it is to be destroyed for its age.
    config: ['retention: { continuous: 3000d, maximum: 3000d, local: 3000d }', 'log: { level: error }'],
  });
  const viewer = await openViewer(server.url, values.chromium);
  try {
    for (const { camera, at } of places) {
      if (!store && !values.warm) await dropCache(footage.path);
      const seek = await viewer.seek(camera, at);
      if (typeof seek === 'string') problems.push(`${camera} at ${new Date(at).toISOString()}: ${seek}`);
      else done.push(seek);
    }
  } finally {
    await viewer.close();
    await server.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const stages = byStage(done);
const where = store ? 'object store' : values.warm ? 'disk, cached' : 'disk, not cached';
say(`${done.length} seeks, ${where}; ms from the click. Load of the machine: ${loadavg()[0]?.toFixed(1)}`);
say(`${''.padEnd(14)}${['p50', 'p95', 'p99', 'most'].map((name) => name.padStart(9)).join('')}`);
for (const stage of STAGES) {
  const { p50, p95, p99, most } = stages[stage];
  say(`${stage.padEnd(14)}${[p50, p95, p99, most].map((value) => value.toFixed(1).padStart(9)).join('')}`);
}
for (const problem of problems.slice(0, 10)) say(problem);
if (values.json !== undefined) {
  const result = {
    cameras,
    days,
    segments: cameras * days * MINUTES_A_DAY,
    where,
    stages,
    problems,
    seeks: done,
  };
  await writeFile(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
}
if (problems.length > 0) {
  say(`${problems.length} of ${seeks} seeks did not end with the picture that was wanted.`);
  process.exitCode = 1;
}
