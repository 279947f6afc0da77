import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ProcessOptions } from './process-options.ts';
import type { SessionStats } from './simulated-camera.ts';

const PROGRAM = fileURLToPath(new URL('simulator-process.ts', import.meta.url));

/** A simulator that runs in its own process, and ends with ours. */
export interface SimulatorProcess {
  readonly pid: number;
  readonly port: number;
  url(path: string): string;
  stats(): Promise<readonly SessionStats[]>;
  /** No frame is sent any more, connections stay; returns what was sent. */
  pause(): Promise<readonly SessionStats[]>;
  /** Breaks all connections. */
  drop(): void;
  /** Resolves when the process has ended, by itself or not. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Resolves when its cameras can be asked: clips that are not in the cache are made first.
 * @throws Error with what the process said when it cannot be started
 */
export async function spawnSimulator(options: ProcessOptions): Promise<SimulatorProcess> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-2_000);
  });
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(() => undefined);
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([nextLine(lines), ended]);
  if (first === undefined) throw new Error(`The simulated cameras did not start: ${said.trim()}`);
  const { port } = JSON.parse(first) as { port: number };
  const ask = async (commands: string): Promise<readonly SessionStats[]> => {
    const answer = nextLine(lines);
    child.stdin.write(commands);
    return JSON.parse(await answer) as SessionStats[];
  };
  return {
    pid: child.pid as number,
    port,
    url: (path) => `rtsp://127.0.0.1:${port}/${path}`,
    stats: () => ask('stats\n'),
    pause: () => ask('pause\nstats\n'),
    drop: () => void child.stdin.write('drop\n'),
    ended,
    stop: () => stop(child, ended),
  };
}

async function nextLine(lines: Interface): Promise<string> {
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  await ended;
}
