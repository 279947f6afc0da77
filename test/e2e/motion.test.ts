import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventListJson } from '../../src/api/schemas.ts';
import type { LookedMinute } from '../../src/catalog/motion.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { loadClip, notesPath } from '../../src/simulator/clip.ts';
import { type Simulator, startSimulator } from '../../src/simulator/rtsp-server.ts';
import { wallMicros } from '../../src/time/units.ts';
import { FILM, makeFilm } from '../motion/film.ts';
import { childrenOf, isRunning } from '../support/child-processes.ts';
import { freePort } from '../support/free-port.ts';
import { type RunningVigie, startVigie, temporaryFolder, until } from '../support/vigie.ts';

const EVER = [wallMicros(0), wallMicros(4e15)] as const;
const LOOKED = ['keys', 'all', 'small'] as const;

/** A film in which something moves for six seconds, again and again, before a whole server. */
describe('what moves before cameras', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let simulator: Simulator;
  let vigie: RunningVigie;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const film = join(folder.path, 'yard.h264');
    await makeFilm(film, ['-x264-params', 'aud=1:bframes=0:scenecut=0']);
    await writeFile(notesPath(film), JSON.stringify({ codec: 'h264', fps: FILM.framesPerSecond }));
    const clip = loadClip(film, false);
    simulator = await startSimulator({
      cameras: ['keys', 'all', 'small', 'off'].map((path) => ({ path, clip })),
    });
    const url = (path: string): string => simulator.url(path);
    vigie = await startVigie({
      folder: folder.path,
      config: ['record: { segment: 10s }'],
      cameras: [
        { id: 'keys', source: url('keys') },
        { id: 'all', source: url('all'), detect: { fps: FILM.framesPerSecond } },
        // Its recorded stream is looked at by nobody.
        { id: 'small', source: url('off'), detect: { source: url('small'), frames: 'keys' } },
        { id: 'nowhere', source: `rtsp://127.0.0.1:${await freePort()}/1` },
        { id: 'off', source: url('off'), detect: { enabled: false } },
      ],
    });
  });
  afterAll(async () => {
    await vigie.stop();
    await simulator.stop();
    await folder.remove();
  });

  const events = async (id: string): Promise<EventListJson['events']> =>
    ((await (await fetch(`${vigie.url}/api/events?camera=${id}`)).json()) as EventListJson).events;
  const detection = async (id: string): Promise<string> => (await vigie.status(id)).detection.state;

  it('becomes events, whatever happens to decoders, and recording knows nothing of it', async () => {
    await until('cameras are looked at', async () => {
      const states = await Promise.all(LOOKED.map(detection));
      return states.every((state) => state === 'learning' || state === 'on');
    });
    const decoders = (await childrenOf(vigie.pid)).filter(({ command }) => command.includes('pipe:3'));
    // One for key frames, and one for the camera whose every picture is decoded.
    expect(decoders).toHaveLength(2);
    for (const { pid } of decoders) process.kill(pid, 'SIGSTOP');
    await until(
      'those that hang are replaced',
      async () => !(await Promise.all(decoders.map(({ pid }) => isRunning(pid)))).includes(true),
      30,
    );
    // It comes again every forty seconds.
    await until(
      'all have told of it from its begin to its end',
      async () => (await Promise.all(LOOKED.map(events))).every((told) => told.some(({ to }) => to !== null)),
      100,
    );
    for (const id of LOOKED) {
      const event = (await events(id)).findLast(({ to }) => to !== null);
      expect(event).toMatchObject({ camera: id, kind: 'motion', continues: false, zones: [] });
      const seconds = (Date.parse(String(event?.to)) - Date.parse(String(event?.from))) / 1_000;
      // Six seconds, and three before and after; of key frames every two seconds the outermost may miss it.
      expect(seconds).toBeGreaterThan(6);
      expect(seconds).toBeLessThan(15);
      expect(event?.box?.x).toBeLessThan(0.3);
    }
    expect([await detection('nowhere'), await detection('off')]).toEqual(['blind', 'off']);
    const now = new Date();
    for (const id of [...LOOKED, 'off']) {
      const { recorded } = await vigie.timeline(id, new Date(now.getTime() - 600_000), now);
      expect(recorded, id).toHaveLength(1);
      expect((await vigie.status(id)).framesDamaged).toBe(0);
    }
    const metrics = await vigie.metrics();
    for (const id of LOOKED)
      expect(metrics).toMatch(
        new RegExp(`vigie_motion_frames_total\\{camera="${id}",result="moving"\\} [1-9]`),
      );
    expect(metrics).toMatch(/vigie_motion_seconds_count [1-9]/);
  }, 150_000);

  it('is kept with what was looked at, and what is known of the cameras, over a restart', async () => {
    expect(await vigie.stop()).toBe(0);
    const catalog = await openSqliteCatalog({ path: join(folder.path, 'catalog.db') });
    const looked = new Map<string, readonly LookedMinute[]>();
    for (const { id, cameraNo } of await catalog.cameras())
      looked.set(id, await catalog.motion.lookedBetween(cameraNo, ...EVER));
    expect(await catalog.motion.openEvents()).toEqual([]);
    await catalog.close();
    const sum = (id: (typeof LOOKED)[number], what: 'pictures' | 'moving'): number =>
      (looked.get(id) ?? []).reduce((total, minute) => total + minute[what], 0);
    // Key frames come every two seconds, and all pictures five times a second.
    expect(sum('keys', 'pictures')).toBeGreaterThan(10);
    expect(sum('small', 'pictures')).toBeGreaterThan(10);
    expect(sum('all', 'pictures')).toBeGreaterThan(2 * sum('keys', 'pictures'));
    for (const id of LOOKED) expect(sum(id, 'moving')).toBeGreaterThan(0);
    // That nobody looked is no row, and not a row of zeros.
    expect([looked.get('nowhere'), looked.get('off')]).toEqual([[], []]);
    expect(await readdir(join(folder.path, 'motion'))).toHaveLength(3);
  });
});
