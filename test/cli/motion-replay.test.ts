import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { colourAt, FILM, makeFilm, type Picture, pictureAt, SQUARE } from '../motion/film.ts';
import { HEIGHT, WIDTH } from '../motion/scene.ts';
import { spawnSmallCameras } from '../support/cameras.ts';
import { segmentFiles, startVigie, temporaryFolder, until } from '../support/vigie.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/vigie.mjs', import.meta.url));
/** Seconds before and after what was seen. */
const ROLL = 3;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let film: string;
let config: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  film = join(folder.path, 'film.mp4');
  config = join(folder.path, 'city.yaml');
  await makeFilm(film);
  const camera = (id: string, ...zones: string[]): string =>
    `  - { id: ${id}, source: "rtsp://127.0.0.1:1/x", detect: { zones: [${zones.join(', ')}] } }`;
  const [left, right] = [
    '[[0.1, 0.1], [0.4, 0.1], [0.4, 0.9], [0.1, 0.9]]',
    '[[0.6, 0], [1, 0], [1, 1], [0.6, 1]]',
  ];
  const lines = [
    'cameras:',
    camera(
      'left',
      `{ name: gate, kind: include, points: ${left} }`,
      `{ name: road, kind: ignore, points: ${right} }`,
    ),
    camera('right', `{ name: road, kind: include, points: ${right} }`),
    camera('not-left', `{ name: tree, kind: ignore, points: ${left} }`),
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
}, 120_000);

afterAll(async () => {
  await folder?.remove();
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function replay(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, 'motion', ...args], { cwd: folder.path }, (error, out, err) =>
      resolve({ code: error ? (error.code as number) : 0, out, err }),
    );
  });
}

interface Found {
  readonly seconds: number;
  readonly pictures: number;
  readonly events: readonly {
    readonly kind: string;
    readonly from: number;
    readonly to: number;
    readonly score: number;
    readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
    readonly zones: readonly string[];
  }[];
}

async function found(...args: string[]): Promise<Found> {
  const { code, out, err } = await replay('replay', film, '--json', ...args);
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out) as Found;
}

// Each starts programs, some of them several: on a loaded machine that takes a while.
describe('vigie motion replay', { timeout: 120_000 }, () => {
  it.each(['200ms', '1s'])('finds when and where something moved, looking each %s', async (every) => {
    const { events, seconds, pictures } = await found('--every', every);
    const step = every === '1s' ? 1 : 0.2;
    expect(pictures).toBeGreaterThanOrEqual(FILM.seconds / step - 1);
    expect(seconds).toBeCloseTo((pictures - 1) * step, 6);
    expect(events).toHaveLength(1);
    const [event] = events;
    expect(event).toMatchObject({ kind: 'motion', zones: [] });
    expect(Math.abs((event?.from ?? 0) - (FILM.from - ROLL))).toBeLessThanOrEqual(2 * step);
    expect(Math.abs((event?.to ?? 0) - (FILM.to + ROLL))).toBeLessThanOrEqual(2 * step);
    const share = SQUARE.side ** 2 / (WIDTH * HEIGHT);
    expect(event?.score).toBeGreaterThan(0.9 * share);
    expect(event?.score).toBeLessThan(2.5 * share);
    const { x = 0, width = 0 } = event?.box ?? {};
    expect(x * WIDTH).toBeGreaterThan(SQUARE.left - 16);
    expect((x + width) * WIDTH).toBeLessThan(SQUARE.left + SQUARE.side + 16);
  });

  it('finds what counts in the zones of a camera', async () => {
    const camera = (id: string): string[] => ['--config', config, '--camera', id, '--every', '200ms'];
    expect((await found(...camera('left'))).events).toMatchObject([{ kind: 'motion', zones: ['gate'] }]);
    expect((await found(...camera('right'))).events).toEqual([]);
    expect((await found(...camera('not-left'))).events).toEqual([]);
  });

  it('prints a table for people', async () => {
    const { out } = await replay('replay', film, '--config', config, '--camera', 'left', '--every', '200ms');
    expect(out).toMatch(/^kind +from +to +peak +zones$/m);
    expect(out).toMatch(/^motion +0:00:1[67] +0:00:(28|29) +\d\.\d % +gate$/m);
    expect(out).toMatch(/^1 event in 0:00:\d\d, \d+ pictures, one each 200ms\.$/m);
    const { out: none } = await replay('replay', film, '--config', config, '--camera', 'right');
    expect(none).toMatch(/^Nothing found in 0:00:39, 40 pictures, one each 1s\.$/m);
  });

  it('draws a film with boxes, zones and a curve', async () => {
    const out = join(folder.path, 'drawn.mp4');
    await found('--config', config, '--camera', 'left', '--every', '200ms', '--out', out);
    const before = await pictureAt(out, 10);
    // The upper 360 rows are the picture, twice as large.
    expect([before.width, before.height]).toEqual([640, 360 + 72]);
    const during = await pictureAt(out, 23);
    for (const picture of [before, during]) {
      // In the middle of the sides of both zones.
      expect(colourAt(picture, 0.25 * 640, 0.1 * 360)).toBe('green');
      expect(colourAt(picture, 0.1 * 640, 0.5 * 360)).toBe('green');
      expect(colourAt(picture, 0.6 * 640, 0.5 * 360)).toBe('blue');
    }
    // The box has a side left and one right of the square, and there is none before it comes.
    const row = boxSides(during);
    expect(row).toHaveLength(2);
    expect(row[0]).toBeGreaterThan((SQUARE.left - 12) * 2);
    expect(row[0]).toBeLessThanOrEqual(SQUARE.left * 2 + 2);
    expect(row[1]).toBeGreaterThanOrEqual((SQUARE.left + SQUARE.side) * 2 - 6);
    expect(row[1]).toBeLessThan((SQUARE.left + SQUARE.side + 12) * 2);
    expect(boxSides(before)).toEqual([]);
    // The newest sample of the curve, and the mark of an event below it.
    expect(colourAt(during, 637, 360 + 60)).toBe('yellow');
    expect(colourAt(during, 637, 360 + 70)).toBe('red');
    expect(colourAt(before, 637, 360 + 60)).toBe('other');
  });

  it('draws a picture of each event', async () => {
    const out = join(folder.path, 'pictures');
    await found('--every', '1s', '--out', out);
    const files = await readdir(out);
    expect(files).toEqual([expect.stringMatching(/^0001-motion-0-00-1[5-8]\.jpg$/)]);
    const picture = await pictureAt(join(out, files[0] as string), 0);
    expect(boxSides(picture)).toHaveLength(2);
  });

  it('reads what Vigie records', async () => {
    const cameras = await spawnSmallCameras(['cam']);
    const options = {
      folder: join(folder.path, 'recorded'),
      cameras: [{ id: 'cam', source: cameras.url('cam') }],
    };
    await mkdir(options.folder);
    const vigie = await startVigie(options);
    const span = (): [Date, Date] => [new Date(Date.now() - 60_000), new Date(Date.now() + 1_000)];
    await until('four seconds are recorded', async () => {
      const { recorded } = await vigie.timeline('cam', ...span());
      return recorded.some(({ from, to }) => Date.parse(to) - Date.parse(from) >= 4_000);
    });
    await vigie.stop();
    await cameras.stop();
    const [segment = ''] = await segmentFiles(join(options.folder, 'segments'));
    const { code, out } = await replay('replay', segment, '--every', '200ms', '--json');
    expect(code).toBe(0);
    expect((JSON.parse(out) as Found).pictures).toBeGreaterThan(15);
  });

  it('reads what is left of a film that was cut short, and says so', async () => {
    const cut = join(folder.path, 'cut.mkv');
    await makeFilm(cut);
    await writeFile(cut, (await readFile(cut)).subarray(0, Math.floor((await stat(cut)).size * 0.7)));
    const { out } = await replay('replay', cut, '--every', '200ms', '--json');
    const { pictures, events } = JSON.parse(out) as Found;
    expect(pictures).toBeGreaterThan(100);
    expect(events).toHaveLength(1);
  });

  it.each<[string, (path: string) => Promise<string[]>, number, RegExp]>([
    ['no file', async () => [], 2, /takes the file to look at.*motion --help/],
    ['a file that is not there', async () => ['nothing.mp4'], 1, /^There is no file nothing\.mp4\.$/m],
    ['a folder', async (path) => [path], 1, /is no file\. Name a film/],
    ['no film', async () => [config], 1, /cannot be looked at: Invalid data found/],
    ['something that ffmpeg would fetch', async () => ['http://127.0.0.1:1/x'], 1, /There is no file http:/],
    ['an option of ffmpeg', async () => ['--', '-version'], 1, /There is no file -version/],
    ['a camera without configuration', async () => [film, '--camera', 'a'], 2, /needs --config FILE/],
    [
      'an unknown camera',
      async () => [film, '--camera', 'gare', '--config', config],
      2,
      /has no camera "gare"\. It has left, right, not-left\./,
    ],
    ['another rate', async () => [film, '--every', '1ms'], 2, /--every 1ms is no duration from 40ms to 10s/],
    ['another kind of film', async (path) => [film, '--out', join(path, 'x.avi')], 1, /written as \.mp4/],
    ['itself to write to', async () => [film, '--out', film], 1, /is the film itself/],
    [
      'a folder in a file',
      async (path) => [film, '--out', join(path, 'city.yaml', 'x.mp4')],
      1,
      /cannot be written/,
    ],
  ])('refuses %s', async (_what, args, code, message) => {
    const ran = await replay('replay', ...(await args(folder.path)));
    expect(ran.err).toMatch(message);
    expect(ran).toMatchObject({ code, out: '' });
  });

  it('says that there is no video in a file of sound', async () => {
    const sound = join(folder.path, 'sound.wav');
    const header = Buffer.from(
      'RIFF____WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\x20\0\0',
      'latin1',
    );
    await writeFile(sound, Buffer.concat([header, Buffer.alloc(8_192)]));
    const { code, err } = await replay('replay', sound);
    expect(err).toMatch(/cannot be looked at: there is no video in it\./);
    expect(code).toBe(1);
  });

  it('says what cannot be written', async () => {
    const out = join(folder.path, 'taken.mp4');
    await mkdir(join(out, 'not empty'), { recursive: true });
    const { code, err } = await replay('replay', film, '--out', out);
    expect(err).toMatch(/taken\.mp4 cannot be written/);
    expect(code).toBe(1);
  });

  it('says what else there is', async () => {
    expect(await replay('play', film)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no command "motion play"/),
    });
    const { out } = await replay('--help');
    expect(out).toMatch(/--out FOLDER/);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
  });
});

/** Where two upright red lines stand beside each other on the way of the square: the sides of a box. */
function boxSides(picture: Picture): number[] {
  for (let y = SQUARE.top * 2; y < SQUARE.bottom * 2; y += 8) {
    const sides: number[] = [];
    for (let x = 1; x < picture.width; x++)
      if (colourAt(picture, x, y) === 'red' && colourAt(picture, x - 1, y) !== 'red') sides.push(x);
    if (sides.length === 2) return sides;
  }
  return [];
}
