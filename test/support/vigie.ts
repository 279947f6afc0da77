import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CameraJson, CameraStatusJson, TimelineJson } from '../../src/api/schemas.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/vigie.mjs', import.meta.url));

/** The server as a user starts it: its own process, from the launcher. */
export interface RunningVigie {
  readonly url: string;
  readonly pid: number;
  /** Lines of the log, as objects. */
  readonly log: readonly Record<string, unknown>[];
  /** Everything that was written to either stream. */
  readonly output: () => string;
  cameras(): Promise<readonly CameraJson[]>;
  status(id: string): Promise<CameraStatusJson>;
  timeline(id: string, from: Date, to: Date): Promise<TimelineJson>;
  metrics(): Promise<string>;
  /** In order; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** As the out-of-memory killer does. */
  kill(): Promise<void>;
}

/** A folder for one test, gone with `remove`. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'vigie-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export interface VigieOptions {
  /** Holds the database and the segments, and stays. */
  readonly folder: string;
  readonly cameras?: readonly {
    readonly id: string;
    readonly source: string;
    readonly name?: string;
    readonly priority?: string;
    readonly key?: string;
    readonly transport?: string;
    readonly enabled?: boolean;
    readonly ffmpeg?: Readonly<Record<string, unknown>>;
    readonly audio?: boolean;
    readonly tls?: Readonly<Record<string, string>>;
    readonly detect?: Readonly<Record<string, unknown>>;
  }[];
  /** Further lines of the configuration. */
  readonly config?: readonly string[];
  readonly segments?: string;
  /** `storage.local.reserve`, and `storage.s3` as it is written. */
  readonly reserve?: string;
  readonly s3?: string;
  readonly catalog?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export const segmentsOf = (options: VigieOptions): string =>
  options.segments ?? join(options.folder, 'segments');

/** With `cameras` from a configuration file, without them as a first start. */
export async function startVigie(options: VigieOptions): Promise<RunningVigie> {
  const args = [LAUNCHER, 'serve', ...(options.args ?? [])];
  if (options.cameras) {
    const file = join(options.folder, 'config.yaml');
    await writeFile(file, configText(options));
    args.push('--config', file);
  }
  const child = spawn(process.execPath, args, {
    cwd: options.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  return watch(child);
}

function configText(options: VigieOptions): string {
  return [
    'server: { listen: "127.0.0.1:0" }',
    `catalog: { sqlite: ${JSON.stringify(options.catalog ?? join(options.folder, 'catalog.db'))} }`,
    `storage: { local: { path: ${JSON.stringify(segmentsOf(options))}, reserve: ${options.reserve ?? '1MiB'} }${options.s3 === undefined ? '' : `, s3: ${options.s3}`} }`,
    ...(options.config ?? []),
    'cameras:',
    ...(options.cameras ?? []).map((camera) => `  - ${JSON.stringify(camera)}`),
    '',
  ].join('\n');
}

/** Whatever a test that failed did not stop ends with the tests. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

async function watch(child: ChildProcess): Promise<RunningVigie> {
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  const log: Record<string, unknown>[] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
    output += `${line}\n`;
    if (line.startsWith('{')) log.push(JSON.parse(line) as Record<string, unknown>);
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      output += `${line}\n`;
      const match = /^Vigie is at (\S+)/.exec(line);
      if (match) resolve(match[1] as string);
    });
    void ended.then(() => reject(new Error(`Vigie did not start: ${output}`)));
  });
  const get = async (path: string): Promise<Response> => {
    const answer = await fetch(`${url}${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  return {
    url,
    pid: child.pid as number,
    log,
    output: () => output,
    cameras: async () =>
      ((await (await get('/api/cameras')).json()) as { cameras: readonly CameraJson[] }).cameras,
    status: async (id) => (await (await get(`/api/cameras/${id}/status`)).json()) as CameraStatusJson,
    timeline: async (id, from, to) =>
      (await (
        await get(
          `/api/cameras/${id}/timeline?from=${from.toISOString()}&to=${to.toISOString()}&resolution=1`,
        )
      ).json()) as TimelineJson,
    metrics: async () => (await get('/metrics')).text(),
    async stop() {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Asks until the answer is true, or fails with what the last one was. */
export async function until(
  what: string,
  ask: () => Promise<boolean> | boolean,
  seconds = 20,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let problem: unknown = 'no';
  while (Date.now() < end) {
    try {
      if (await ask()) return;
      problem = 'no';
    } catch (error) {
      problem = error;
    }
    await sleep(50);
  }
  throw new Error(`After ${seconds} s still not: ${what} (${String(problem)})`);
}

/** Segment files of a camera, by start. */
export async function segmentFiles(folder: string, cameraId = ''): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith('.mp4') && name.startsWith(cameraId))
    .toSorted()
    .map((name) => join(folder, name));
}
