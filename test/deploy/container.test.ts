import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEAST_MAJOR } from '../../bin/find-node.mjs';
import type { SimulatorProcess } from '../../src/simulator/spawn.ts';
import { spawnSmallCameras } from '../support/cameras.ts';
import { describeWith } from '../support/components.ts';
import { walkBytes } from '../support/recorded.ts';
import { segmentFiles, temporaryFolder, until } from '../support/vigie.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Instruction {
  readonly name: string;
  readonly words: string;
}

/** Lines that end with `\` go on; comments may stand between. */
function parseContainerfile(text: string): readonly Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const match = /^([A-Z]+)\s+(.+)$/.exec(line);
      if (!match) throw new Error(`No instruction: ${line}`);
      return { name: match[1] as string, words: match[2] as string };
    });
}

describe('the container file', () => {
  const instructions = parseContainerfile(readFileSync(join(ROOT, 'config/Containerfile'), 'utf8'));
  const last = (name: string): string => instructions.findLast((one) => one.name === name)?.words ?? '';
  const all = (name: string): string[] =>
    instructions.filter((one) => one.name === name).map(({ words }) => words);

  it('says nothing that no builder knows', () => {
    const known = new Set(
      'FROM WORKDIR COPY RUN ENV USER VOLUME STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD'.split(' '),
    );
    expect(instructions.filter(({ name }) => !known.has(name))).toEqual([]);
    for (const words of [last('ENTRYPOINT'), last('CMD'), last('HEALTHCHECK').replace(/^.*? CMD /, '')]) {
      expect(JSON.parse(words)).toEqual(expect.arrayContaining([expect.any(String)]));
    }
  });

  it('is made of the official image, with a Node that is new enough, and runs as a user without rights', () => {
    for (const image of all('FROM')) {
      const major = /^docker\.io\/library\/node:(\d+)-slim( AS build)?$/.exec(image)?.[1];
      expect(Number(major)).toBeGreaterThanOrEqual(LEAST_MAJOR);
    }
    expect(last('USER')).toBe('node');
    expect(last('STOPSIGNAL')).toBe('SIGTERM');
    expect(last('VOLUME')).toBe(last('WORKDIR'));
  });

  it('copies what is there, and all that the server needs', () => {
    const sources = all('COPY')
      .filter((words) => !words.startsWith('--from'))
      .flatMap((words) => words.split(' ').slice(0, -1));
    for (const source of sources) expect(existsSync(join(ROOT, source)), source).toBe(true);
    const start = instructions.findLastIndex(({ name }) => name === 'FROM');
    const image = instructions.slice(start).flatMap(({ words }) => words.split(' '));
    expect(image).toEqual(
      expect.arrayContaining([
        'bin',
        'src',
        'workers',
        'package.json',
        '/app/dist',
        '/app/node_modules',
        'NOTICE',
      ]),
    );
  });
});

/** "nobody", everywhere. */
const USER = 65_534;

describeWith(['namespaces'], 'as in a container: no rights, and a root that cannot be written to', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let cameras: SimulatorProcess;

  beforeAll(async () => {
    folder = await temporaryFolder();
    cameras = await spawnSmallCameras(['one']);
  }, 60_000);

  afterAll(async () => {
    await cameras?.stop();
    await folder?.remove();
  });

  it('it records, answers for its health, and ends in order', async () => {
    const data = join(folder.path, 'data');
    await mkdir(data);
    await chown(data, USER, USER);
    await chmod(folder.path, 0o755);
    const config = join(folder.path, 'city.yaml');
    await writeFile(
      config,
      [
        'server: { listen: "127.0.0.1:0" }',
        'catalog: { sqlite: catalog.db }',
        'storage: { local: { path: segments, reserve: 1MiB } }',
        `cameras: [{ id: one, source: "${cameras.url('one')}" }]`,
        '',
      ].join('\n'),
    );
    // All mounts but that of the data become read-only, in a name space of its own; then all rights are dropped.
    const script = `set -e
      mount --make-rprivate /
      mount --bind "$1" "$1"
      mount -o remount,bind,ro /
      ! touch /read-only-root 2>/dev/null
      cd "$1"
      exec setpriv --reuid ${USER} --regid ${USER} --clear-groups --no-new-privs --bounding-set=-all \\
        "$2" "$3" serve --config "$4"`;
    const child = spawn(
      'unshare',
      ['--mount', 'sh', '-c', script, 'sh', data, process.execPath, join(ROOT, 'bin/vigie.mjs'), config],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], HOME: '/nowhere' } },
    );
    const ended = once(child, 'exit') as Promise<[number | null]>;
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output += text.toString();
      });
    }
    try {
      await until('it listens', () => /Vigie is at http/.test(output) || child.exitCode !== null, 60);
      const url = /Vigie is at (\S+)/.exec(output)?.[1];
      if (url === undefined) throw new Error(output);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      await until(
        'it records',
        async () =>
          (await fetch(`${url}/readyz`)).status === 200 &&
          /"recording"/.test(await (await fetch(`${url}/api/cameras`)).text()),
      );
      const uid = /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      expect(uid).toBe(String(USER));
      expect(await readFile(`/proc/${child.pid}/status`, 'utf8')).toMatch(/^CapEff:\s+0+$/m);
    } finally {
      child.kill('SIGTERM');
    }
    expect([(await ended)[0], output]).toEqual([0, expect.not.stringContaining('EROFS')]);
    const files = await segmentFiles(join(data, 'segments'));
    expect(files.length).toBeGreaterThan(0);
    const { fragments } = await walkBytes(await readFile(files[0] as string));
    expect(fragments.length).toBeGreaterThan(0);
    expect((await stat(files[0] as string)).uid).toBe(USER);
    expect((await readdir(data)).toSorted()).toEqual(expect.arrayContaining(['catalog.db', 'segments']));
  }, 120_000);
});
