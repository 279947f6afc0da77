import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Load } from './load.ts';
import type { Watching } from './measured.ts';

const PROGRAM = fileURLToPath(new URL('watchers-process.ts', import.meta.url));

/** What the watchers' process is told, as one JSON argument. */
export interface WatchersOptions {
  readonly url: string;
  readonly cameras: number;
  readonly viewers: number;
  /** A second. */
  readonly seeks: number;
}

/** `undefined` when nobody is to watch, or the recorder has nothing to watch. */
export async function startWatchers(
  url: string | undefined,
  load: Load,
): Promise<{ stop(): Promise<Watching | undefined> } | undefined> {
  const { cameras, viewers, seeks } = load;
  if (url === undefined || viewers + seeks === 0) return undefined;
  const options: WatchersOptions = { url, cameras, viewers, seeks };
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child, 'spawn');
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
  });
  return {
    async stop() {
      const ended = once(child, 'close');
      child.stdin.end();
      await ended;
      return said === '' ? undefined : (JSON.parse(said) as Watching);
    },
  };
}
