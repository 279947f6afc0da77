import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundledFfmpeg } from '../src/media/ffmpeg-path.ts';
import type { ClipSpec } from '../src/simulator/ensure-clip.ts';
import type { FrameIdentity } from '../src/simulator/frame-identity.ts';
import type { SessionStats } from '../src/simulator/simulated-camera.ts';
import { type SimulatorProcess, spawnSimulator } from '../src/simulator/spawn.ts';
import { costOf, peakResident, threadCosts } from './process-cost.ts';
import { checkFrames, framesInFile, framesInSegment } from './recorded-frames.ts';
import { warmMemory } from './warm-memory.ts';

export interface Load {
  readonly cameras: number;
  readonly seconds: number;
  readonly folder: string | undefined;
  readonly alignKeyFrames: boolean;
  /** Measured on memory that was touched before, see `warmMemory`. */
  readonly warm: boolean;
  readonly clip: ClipSpec;
}

export interface Measured {
  readonly who: 'vigie' | 'ffmpeg';
  readonly cameras: number;
  readonly sent: number;
  readonly found: number;
  readonly missing: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** Share of one core, over the measured time, all cameras together. */
  readonly cpu: number;
  readonly residentBytes: number;
  readonly loopDelaySeconds?: number;
  /** Share of one core by thread. */
  readonly threads?: ReadonlyMap<string, number>;
}

const LAUNCHER = fileURLToPath(new URL('../bin/vigie.mjs', import.meta.url));
const CACHE = join(tmpdir(), 'vigie-bench-clips');
/** From the start of the cameras until all of them are recorded and the first rush is over. */
const SETTLE_SECONDS = 10;

/** The server as a user starts it: own process, own configuration, real disk. */
export async function measureVigie(load: Load): Promise<Measured> {
  return withCameras(load, async (simulator, folder) => {
    const config = join(folder, 'config.yaml');
    const cameras = paths(load).map((path) => `  - { id: ${path}, source: "${simulator.url(path)}" }`);
    await writeFile(
      config,
      [
        `server: { listen: "127.0.0.1:0" }`,
        `catalog: { sqlite: "${join(folder, 'catalog.db')}" }`,
        `storage: { local: { path: "${join(folder, 'segments')}" } }`,
        'cameras:',
        ...cameras,
        '',
      ].join('\n'),
    );
    const server = spawn(process.execPath, [LAUNCHER, 'serve', '--config', config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const problems: string[] = [];
    server.stderr.on('data', (text: Buffer) => problems.push(text.toString()));
    const url = await addressOf(server, problems);
    await untilPlaying(simulator, load.cameras);
    await sleep(SETTLE_SECONDS * 1000);
    const pid = server.pid as number;
    const [before, threadsBefore, began] = [costOf(pid), threadCosts(pid), performance.now()];
    await sleep(load.seconds * 1000);
    const elapsed = (performance.now() - began) / 1000;
    const [after, threadsAfter] = [costOf(pid), threadCosts(pid)];
    const loopDelaySeconds = await loopDelay(url);
    const residentBytes = Math.max(after.residentBytes, peakResident(pid));
    const stats = await simulator.pause();
    await sleep(2_000);
    await end(server);
    const check = await checkAll(stats, join(folder, 'segments'), framesInSegment);
    return {
      ...{ who: 'vigie' as const, cameras: load.cameras, ...check, residentBytes, loopDelaySeconds },
      cpu: (after.cpuSeconds - before.cpuSeconds) / elapsed,
      threads: new Map(
        [...threadsAfter]
          .map(([name, cpu]) => [name, (cpu - (threadsBefore.get(name) ?? 0)) / elapsed] as const)
          .filter(([, share]) => share > 0.002),
      ),
    };
  });
}

/** One `ffmpeg -c copy -f segment` a camera: what most recorders do. */
export async function measureFfmpeg(load: Load): Promise<Measured> {
  return withCameras(load, async (simulator, folder) => {
    const recorders: ChildProcess[] = [];
    for (const path of paths(load)) {
      const target = join(folder, 'segments', path);
      await mkdir(target, { recursive: true });
      const args = [
        '-v',
        'error',
        '-nostdin',
        '-rtsp_transport',
        'tcp',
        '-i',
        simulator.url(path),
        '-map',
        '0:v',
        '-c',
        'copy',
      ];
      args.push('-f', 'segment', '-segment_time', '60', '-segment_format', 'mp4', join(target, '%05d.mp4'));
      recorders.push(spawn(bundledFfmpeg, args, { stdio: 'ignore' }));
    }
    await untilPlaying(simulator, load.cameras);
    await sleep(SETTLE_SECONDS * 1000);
    const total = () => {
      const costs = recorders.map((recorder) => costOf(recorder.pid as number));
      return {
        cpu: costs.reduce((sum, cost) => sum + cost.cpuSeconds, 0),
        resident: costs.reduce((sum, cost) => sum + cost.residentBytes, 0),
      };
    };
    const [before, began] = [total(), performance.now()];
    await sleep(load.seconds * 1000);
    const elapsed = (performance.now() - began) / 1000;
    const after = total();
    const stats = await simulator.pause();
    await sleep(2_000);
    // ffmpeg ends its file when the camera goes away; a signal would not reach it while it waits for a packet.
    simulator.drop();
    await Promise.all(recorders.map((recorder) => gone(recorder, 10_000)));
    const check = await checkAll(stats, join(folder, 'segments'), (path) =>
      framesInFile(path, bundledFfmpeg),
    );
    return {
      ...{ who: 'ffmpeg' as const, cameras: load.cameras, ...check },
      cpu: (after.cpu - before.cpu) / elapsed,
      residentBytes: after.resident,
    };
  });
}

async function withCameras(
  load: Load,
  measure: (simulator: SimulatorProcess, folder: string) => Promise<Measured>,
): Promise<Measured> {
  const folder = await mkdtemp(join(load.folder ?? tmpdir(), 'vigie-bench-'));
  if (load.warm) await warmMemory(folder, volumeOf(load));
  const simulator = await spawnSimulator({
    cacheFolder: CACHE,
    identity: true,
    alignKeyFrames: load.alignKeyFrames,
    cameras: paths(load).map((path) => ({ path, clip: load.clip })),
  });
  try {
    return await measure(simulator, folder);
  } finally {
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes that a run writes, about. */
const volumeOf = ({ cameras, seconds, clip }: Load): number =>
  cameras * (clip.bitrateBps / 8) * (seconds + 2 * SETTLE_SECONDS);

const paths = (load: Load): string[] => Array.from({ length: load.cameras }, (_, i) => `cam-${i + 1}`);

async function addressOf(server: ChildProcess, problems: readonly string[]): Promise<string> {
  const lines = createInterface({ input: server.stdout as NodeJS.ReadableStream });
  const line = (await Promise.race([once(lines, 'line'), once(server, 'exit')])) as [unknown];
  const match = /^Vigie is at (\S+)/.exec(String(line[0]));
  if (!match) throw new Error(`The server did not start: ${problems.join('').slice(0, 2_000)}`);
  return match[1] as string;
}

async function untilPlaying(simulator: SimulatorProcess, cameras: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const stats = await simulator.stats();
    if (stats.filter((session) => session.framesSent > 0).length >= cameras) return;
    await sleep(100);
  }
  throw new Error('Not every camera is being recorded after a minute.');
}

async function loopDelay(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^vigie_event_loop_delay_seconds\{thread="ingest-1"\} (\S+)/m.exec(text)?.[1] ?? Number.NaN);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function gone(child: ChildProcess, millis: number): Promise<void> {
  if (child.exitCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), millis);
  await once(child, 'exit');
  clearTimeout(timer);
}

async function checkAll(
  stats: readonly SessionStats[],
  folder: string,
  read: (path: string) => Promise<FrameIdentity[]>,
): Promise<Pick<Measured, 'sent' | 'found' | 'missing' | 'doubled' | 'outOfOrder'>> {
  const total = { sent: 0, found: 0, missing: 0, doubled: 0, outOfOrder: 0 };
  const files = (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith('.mp4'))
    .toSorted();
  for (const session of stats) {
    const found: FrameIdentity[] = [];
    for (const file of files.filter((name) => name.startsWith(`${session.path}/`))) {
      found.push(...(await read(join(folder, file))));
    }
    const check = checkFrames(found, session.session, session.framesSent + session.framesDropped);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += check[key];
  }
  return total;
}
