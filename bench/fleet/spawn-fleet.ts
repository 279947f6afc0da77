import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type FleetOptions, cameraPath, subPath } from './fleet-options.ts';
import type { FleetLedger } from './sent-frames.ts';

const PROGRAM = fileURLToPath(new URL('fleet-process.ts', import.meta.url));
const MAX_ERROR_TEXT = 2_000;

/** A fleet that runs in its own process, and ends with ours. */
export interface FleetProcess {
  readonly pid: number;
  readonly port: number;
  url(index: number): string;
  subUrl(index: number): string;
  /** Of every connection that is open or has ended since it was asked last. One question at a time. */
  ledger(): Promise<FleetLedger>;
  /** The fault clock starts. */
  begin(): void;
  /** All cameras push there from now on. */
  pushTo(port: number, key: string): void;
  /** No frame is sent any more, connections stay; returns what was sent. */
  pause(): Promise<FleetLedger>;
  /** Breaks all connections. */
  drop(): void;
  stop(): Promise<void>;
}

/**
 * Resolves when its cameras can be asked: clips that are not in the cache are made first.
 * @param making told of each clip, as it is loaded or made
 * @throws Error with what the process said when it cannot be started, or ends
 */
export async function spawnFleet(
  options: FleetOptions,
  making: (clip: string) => void = () => undefined,
): Promise<FleetProcess> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-MAX_ERROR_TEXT);
  });
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, unknown>> => {
    const line = await lines.next();
    if (line.done) throw new Error(`The fleet of cameras ended: ${said.trim()}`);
    return JSON.parse(line.value) as Record<string, unknown>;
  };
  let first = await next();
  for (; first['ready'] !== true; first = await next()) making(String(first['clip']));
  const port = first['port'] as number;
  const say = (command: string): void => void child.stdin.write(`${command}\n`);
  const ask = async (): Promise<FleetLedger> => {
    say('ledger');
    return (await next()) as unknown as FleetLedger;
  };
  return {
    ...{ pid: child.pid as number, port },
    url: (index) => `rtsp://127.0.0.1:${port}/${cameraPath(index)}`,
    subUrl: (index) => `rtsp://127.0.0.1:${port}/${subPath(index)}`,
    ledger: ask,
    begin: () => say('begin'),
    pushTo: (target, key) => say(`push ${target} ${key}`),
    pause() {
      say('pause');
      return ask();
    },
    drop: () => say('drop'),
    stop: () => stop(child, ended),
  };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  await ended;
}
