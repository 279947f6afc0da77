import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

const MAX_SAID = 4_000;

/** A process that is measured: what it says on its error stream, and its end. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  said(): string;
  /** How it ended, if it has. */
  ended(): string | undefined;
  /** Asks it to end; after so many milliseconds it is ended. */
  stop(millis: number): Promise<void>;
}

/** Whatever is left when we end, ends with us. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @throws Error when it cannot be started */
export async function startChild(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'> = {},
): Promise<Child> {
  // A group of its own: Ctrl+C ends us, and we end it in order.
  const child = spawn(command, [...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-MAX_SAID);
  });
  await once(child, 'spawn');
  running.add(child);
  let end: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      end = signal ?? `exit code ${code}`;
      resolve();
    });
  });
  return {
    ...{ process: child, pid: child.pid as number },
    said: () => said.trim(),
    ended: () => end,
    async stop(millis) {
      if (end !== undefined) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), millis);
      await ended;
      clearTimeout(timer);
    },
  };
}
