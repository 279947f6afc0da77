import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { BenchReport } from '../../bench/report/bench-report.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/vigie.mjs', import.meta.url));
const BREAKER = fileURLToPath(new URL('broken-build.ts', import.meta.url));
const SMALL = '--cameras 2 --size 320x192 --bitrate 300k --gop 1s --seconds 3 --settle 1'.split(' ');
/** This machine may be busy with other tests: here frames are looked at, and times only where they are what is broken. */
export const PATIENT = '--write-limit 20s --loop-limit 20s'.split(' ');

export interface Benched {
  readonly code: number;
  readonly out: string;
  readonly report: BenchReport;
}

/**
 * Runs `vigie bench` as a user would, with two small cameras.
 * @param broken how the build is broken, see `broken-build.ts`
 */
export async function benchIn(folder: string, args: readonly string[], broken?: string): Promise<Benched> {
  const json = join(folder, `${randomUUID()}.json`);
  const env = { ...process.env, XDG_CACHE_HOME: folder };
  if (broken !== undefined) Object.assign(env, { NODE_OPTIONS: `--import=${BREAKER}`, VIGIE_BROKEN: broken });
  const all = [LAUNCHER, 'bench', ...SMALL, ...args, '--folder', folder, '--json', json];
  const child = spawn(process.execPath, all, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  // What went wrong before there was anything to report.
  if (err !== '') throw new Error(err);
  return { code, out, report: JSON.parse(await readFile(json, 'utf8')) as BenchReport };
}
