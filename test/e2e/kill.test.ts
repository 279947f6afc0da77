import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { segmentKey } from '../../src/catalog/segment-id.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import type { SimulatorProcess } from '../../src/simulator/spawn.ts';
import { wallMicros } from '../../src/time/units.ts';
import { FRAMES_PER_SECOND, spawnSmallCameras } from '../support/cameras.ts';
import { recordedFrames, walkBytes } from '../support/recorded.ts';
import {
  segmentFiles,
  segmentsOf,
  startVigie,
  temporaryFolder,
  until,
  type VigieOptions,
} from '../support/vigie.ts';

/** In CI; twenty and more where there is time: VIGIE_KILLS=20. */
const KILLS = Number(process.env['VIGIE_KILLS'] ?? 8);
const CAMERAS = ['north', 'south', 'east', 'west'];
const GOP_FRAMES = FRAMES_PER_SECOND;
/** Frames that the simulator had handed to its socket and nobody had read yet. */
const ON_THE_WIRE = 3;
const EVER = [wallMicros(0), wallMicros(4e15)] as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let simulator: SimulatorProcess;

beforeAll(async () => {
  folder = await temporaryFolder();
  simulator = await spawnSmallCameras(CAMERAS);
});

afterAll(async () => {
  await simulator?.stop();
  await folder?.remove();
});

describe('kill -9', () => {
  it(`at ${KILLS} random moments costs at most the group of pictures that was being received`, async () => {
    const options: VigieOptions = {
      folder: folder.path,
      cameras: CAMERAS.map((id) => ({ id, source: simulator.url(id) })),
      // Short segments, so that some kills hit a change of file.
      config: ['record: { segment: 4s }'],
    };
    const began = new Date(Date.now() - 1_000);
    /** By number of the simulator's session: frames sent for certain when the server was killed. */
    const sentBeforeKill = new Map<number, number>();
    const announced = new Map<string, string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const vigie = await startVigie(options);
      await until('all cameras record', async () =>
        (await vigie.cameras()).every((camera) => camera.state === 'recording'),
      );
      for (const id of CAMERAS) {
        const before = announced.get(id);
        if (before === undefined) continue;
        const { recorded } = await vigie.timeline(id, began, new Date(Date.now() + 60_000));
        // What was shown as recorded before the kill is still shown.
        expect(recorded.some((range) => range.from < before && range.to >= before)).toBe(true);
      }
      await sleep(1_200 + Math.random() * 2_500);
      for (const id of CAMERAS) {
        const { recorded } = await vigie.timeline(id, began, new Date(Date.now() + 60_000));
        announced.set(id, recorded.at(-1)?.to as string);
      }
      for (const session of await simulator.stats()) {
        if (session.playing) sentBeforeKill.set(session.session, session.framesSent);
      }
      await vigie.kill();
    }
    const last = await startVigie(options);
    const causes = (await last.timeline('north', began, new Date(Date.now() + 60_000))).gaps.map(
      (gap) => gap.cause,
    );
    expect(causes.filter((cause) => cause === 'crash')).toHaveLength(KILLS);
    expect(await last.stop()).toBe(0);

    const found = new Map<number, number[]>();
    for (const { session, frame } of await recordedFrames(segmentsOf(options))) {
      found.set(session, [...(found.get(session) ?? []), frame]);
    }
    expect(sentBeforeKill.size).toBe(KILLS * CAMERAS.length);
    for (const [session, sent] of sentBeforeKill) {
      const frames = found.get(session) ?? [];
      expect(frames).toEqual(frames.map((_, index) => index));
      expect(sent - frames.length).toBeLessThanOrEqual(GOP_FRAMES + ON_THE_WIRE);
    }
    await agree(options);
  }, 300_000);
});

/** Every row has its file and every file its row; size, hash and fragments are those of the file; all of it decodes. */
async function agree(options: VigieOptions): Promise<void> {
  const catalog = await openSqliteCatalog({ path: join(options.folder, 'catalog.db') });
  try {
    const rows: string[] = [];
    for (const camera of await catalog.cameras()) {
      for (const segment of await catalog.segmentsBetween(camera.cameraNo, ...EVER)) {
        const path = join(segmentsOf(options), segmentKey(camera.id, camera.cameraNo, segment.start));
        rows.push(path);
        const bytes = await readFile(path);
        expect(segment.state).toBe('local');
        expect(bytes.length).toBe(segment.bytes);
        if (segment.sha256) {
          expect(createHash('sha256').update(bytes).digest().equals(Buffer.from(segment.sha256))).toBe(true);
        }
        const walk = await walkBytes(bytes);
        expect(walk.problem).toBeUndefined();
        expect(walk.fragments).toEqual(segment.fragments);
      }
    }
    expect(rows.toSorted()).toEqual(await segmentFiles(segmentsOf(options)));
    expect(await catalog.openSegments()).toEqual([]);
    for (const path of rows) await decode(path);
  } finally {
    await catalog.close();
  }
}

async function decode(path: string): Promise<void> {
  const { stderr } = await promisify(execFile)(bundledFfmpeg, [
    ...['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-'],
  ]);
  expect(stderr).toBe('');
}
