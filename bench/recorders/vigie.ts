import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Unnumbered } from '../recorded-frames.ts';
import type { RunCheck } from '../verdict/run-check.ts';
import { readSegment } from '../verdict/segment-check.ts';
import { startChild } from './child.ts';
import { type Load, losesPackets } from '../load/load.ts';
import type { RunningRecorder, StartRecorder } from './recorder.ts';
import { vigieConfig } from './vigie-config.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/vigie.mjs', import.meta.url));
const STOP_MILLIS = 60_000;

/** Our server as a user starts it: own process, own configuration, real disk. */
export const startVigie: StartRecorder = (load, fleet, folder) => startVigieWith(load, fleet, folder, []);

/** @param lines further ones of the configuration */
export async function startVigieWith(
  load: Parameters<StartRecorder>[0],
  fleet: Parameters<StartRecorder>[1],
  folder: string,
  lines: readonly string[],
): Promise<RunningRecorder> {
  const config = join(folder, 'config.yaml');
  const key = randomBytes(16).toString('hex');
  await writeFile(config, vigieConfig({ load, fleet, folder, key, lines }));
  const child = await startChild(process.execPath, [LAUNCHER, 'serve', '--config', config]);
  const told = createInterface({ input: child.process.stdout as NodeJS.ReadableStream });
  const url = await new Promise<string>((resolve, reject) => {
    told.on('line', (line) => {
      const address = /^Vigie is at (\S+)/.exec(line)?.[1];
      const pushPort = /^Encoders push to rtmp:\/\/[^/]*:(\d+)\//.exec(line)?.[1];
      if (pushPort !== undefined) fleet.pushTo(Number(pushPort), key);
      if (address !== undefined) resolve(address);
    });
    void once(child.process, 'exit').then(() =>
      reject(new Error(`The server did not start: ${child.said()}`)),
    );
  });
  return {
    ...{ pids: [child.pid], url },
    died() {
      const end = child.ended();
      return end === undefined ? undefined : `the server ended by itself (${end}): ${child.said()}`;
    },
    stop: () => child.stop(STOP_MILLIS),
    check: (check) => checkSegments(join(folder, 'segments'), check, unnumberedIn(load)),
  };
}

async function checkSegments(folder: string, check: RunCheck, unnumbered: Unnumbered): Promise<void> {
  for (const { camera, path } of await segmentsIn(folder)) {
    try {
      check.segment(camera, await readSegment(path, unnumbered));
    } catch (error) {
      check.unreadable(path, (error as Error).message);
    }
  }
}

/** The packet that holds a frame's number may be the one that was lost. */
export const unnumberedIn = (load: Load): Unnumbered => (losesPackets(load) ? 'skipped' : 'refused');

/** All segment files, by camera and time: their names say when they begin. */
export async function segmentsIn(
  folder: string,
): Promise<readonly { readonly camera: string; readonly path: string }[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith('.mp4'))
    .toSorted()
    .map((name) => ({ camera: name.slice(0, name.indexOf('/')), path: join(folder, name) }));
}
