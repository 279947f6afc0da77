import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { cameraPath } from '../fleet/fleet-options.ts';
import { framesInFile } from '../recorded-frames.ts';
import type { RunCheck } from '../verdict/run-check.ts';
import { type Child, startChild } from './child.ts';
import type { StartRecorder } from './recorder.ts';

const STOP_MILLIS = 10_000;
const SEGMENT_SECONDS = 60;

/** One `ffmpeg -c copy -f segment` a camera: what most recorders do. */
export const startFfmpeg: StartRecorder = async (load, fleet, folder) => {
  const children: Child[] = [];
  for (let index = 0; index < load.cameras; index++) {
    const target = join(folder, 'segments', cameraPath(index));
    await mkdir(target, { recursive: true });
    children.push(
      await startChild(bundledFfmpeg, [
        ...['-v', 'error', '-nostdin', '-rtsp_transport', load.transport === 'udp' ? 'udp' : 'tcp'],
        ...['-i', fleet.url(index), ...(load.fleet.sound ? [] : ['-map', '0:v']), '-c', 'copy'],
        ...['-f', 'segment', '-segment_time', `${SEGMENT_SECONDS}`, '-segment_format', 'mp4'],
        join(target, '%05d.mp4'),
      ]),
    );
  }
  return {
    ...{ pids: children.map(({ pid }) => pid), url: undefined },
    died() {
      const dead = children.filter((child) => child.ended() !== undefined);
      return dead[0] ? `${dead.length} of ${children.length} ffmpeg ended: ${dead[0].said()}` : undefined;
    },
    async stop() {
      // ffmpeg ends its file when the camera goes away; a signal would not reach it while it waits for a packet.
      fleet.drop();
      await Promise.all(children.map((child) => child.stop(STOP_MILLIS)));
    },
    check: (check) => checkFolders(join(folder, 'segments'), load.fleet.encoding.codec, check),
  };
};

/** A folder a camera, its files in the order of their names. */
export async function checkFolders(folder: string, codec: 'h264' | 'h265', check: RunCheck): Promise<void> {
  for (const camera of await readdir(folder)) {
    const names = (await readdir(join(folder, camera))).filter((name) => name.endsWith('.mp4'));
    for (const name of names.toSorted()) {
      const path = join(folder, camera, name);
      try {
        check.frames(camera, await framesInFile(path, bundledFfmpeg, codec));
      } catch (error) {
        check.unreadable(path, (error as Error).message.split('\n')[0] as string);
      }
    }
  }
}
