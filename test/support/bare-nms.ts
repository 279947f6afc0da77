import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, until } from './vigie.ts';

const PROGRAM = fileURLToPath(new URL('../peers/bare-nms.mjs', import.meta.url));
export const BARE_KEY = 'the-right-key-of-it';

export type BareEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** node-media-server without a guard, in a process of its own, since that is what ends. */
export interface BareServer {
  readonly port: number;
  readonly events: readonly BareEvent[];
  /** Packets of publishers that it broadcast. */
  packets(): readonly BareEvent[];
  state(): Promise<BareEvent>;
  /** Resolves to the exit code when it ends by itself. */
  readonly ended: Promise<number | null>;
  readonly hasEnded: () => boolean;
  /** What it wrote when it died. */
  readonly lastWords: () => string;
  stop(): Promise<void>;
}

/** `port`: one that is taken, to see what it does then. `key`: empty for none, as it comes. */
export async function startBare({
  port,
  key = BARE_KEY,
}: {
  readonly port?: number;
  readonly key?: string;
} = {}): Promise<BareServer> {
  const folder = await temporaryFolder();
  const child: ChildProcess = spawn(
    process.execPath,
    [PROGRAM, folder.path, key, ...(port === undefined ? [] : [`${port}`])],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const events: BareEvent[] = [];
  let lastWords = '';
  let over = false;
  child.stderr?.on('data', (text: Buffer) => {
    lastWords += text.toString();
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (line.startsWith('{')) events.push(JSON.parse(line) as BareEvent);
  });
  const ended = once(child, 'exit').then(([code]) => {
    over = true;
    return code as number | null;
  });
  const of = (event: string): BareEvent[] => events.filter((one) => one.event === event);
  await until('node-media-server listens', () => of('listening').length > 0 || over);
  return {
    port: Number(of('listening')[0]?.['port'] ?? 0),
    events,
    packets: () => of('packet'),
    async state() {
      const before = of('state').length;
      child.stdin?.write('state\n');
      await until('node-media-server answers', () => of('state').length > before);
      return of('state').at(-1) as BareEvent;
    },
    ended,
    hasEnded: () => over,
    lastWords: () => lastWords,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      await folder.remove();
    },
  };
}
