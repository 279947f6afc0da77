import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { segmentFiles, startVigie, temporaryFolder, until } from '../support/vigie.ts';
import { type Simulator, startSimulator } from '../../src/simulator/rtsp-server.ts';
import { loadClip } from '../../src/simulator/clip.ts';
import { ensureClip } from '../../src/simulator/ensure-clip.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { CLIP_CACHE, smallClip } from '../support/cameras.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/vigie.mjs', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  await folder?.remove();
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function vigie(args: readonly string[], node = process.execPath): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(node, [LAUNCHER, ...args], { cwd: folder.path }, (error, out, err) =>
      resolve({ code: error ? ((error as { code?: number }).code ?? null) : 0, out, err }),
    );
  });
}

/** A configuration with a camera and, if asked for, a bucket that is not there. */
async function configuration(store: boolean): Promise<string> {
  const file = join(folder.path, `plan-${store}.yaml`);
  await writeFile(
    file,
    [
      `catalog: { sqlite: ${JSON.stringify(join(folder.path, 'verify', 'catalog.db'))} }`,
      'storage:',
      `  local: { path: ${JSON.stringify(join(folder.path, 'verify', 'segments'))} }`,
      ...(store
        ? ['  s3: { endpoint: "http://127.0.0.1:1", bucket: city, accessKeyId: a, secretAccessKey: b }']
        : []),
      'retention: { maximum: 10d }',
      'prices: { currency: EUR, gigabyteMonth: 0.01, thousandPuts: 0.005 }',
      'cameras: [{ id: gare, source: "rtsp://127.0.0.1:1/x" }]',
      '',
    ].join('\n'),
  );
  return file;
}

describe('plan, verify, lifecycle', () => {
  it('says what a city needs, in a table and for a program', async () => {
    const { code, out } = await vigie([
      'plan',
      '--cameras',
      '217',
      '--bitrate',
      '4M',
      '--days',
      '30',
      '--s3',
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/^cameras +217 /m);
    expect(out).toMatch(/^arrives and is written +108\.5 MB\/s +9\.4 TB a day$/m);
    expect(out).toMatch(/^object store +281 TB +9,374,400 objects$/m);
    const { out: json } = await vigie(['plan', '--config', await configuration(true), '--json']);
    const { load, sizing } = JSON.parse(json) as { load: object; sizing: Record<string, number> };
    expect(load).toMatchObject({ cameras: 1, days: 10, localDays: 1, hasStore: true });
    expect(sizing).toMatchObject({
      bytesPerDay: 43.2e9,
      localBytes: 43.2e9,
      storeBytes: 432e9,
      objects: 14_400,
    });
    // 432 GB at a cent, and 43,834 uploads a month.
    expect(sizing['storeCost']).toBeCloseTo(4.32 + 0.219, 2);
  });

  it('counts what is kept longer because something moves, as far as it is said how much does', async () => {
    const file = join(folder.path, 'plan-classes.yaml');
    await writeFile(
      file,
      'retention: { continuous: 5d, motion: 15d }\ncameras: [{ id: a, source: "rtsp://127.0.0.1:1/x" }]\n',
    );
    const sized = async (...more: string[]) => {
      const { out } = await vigie(['plan', '--config', file, '--s3', '--local', '10d', '--json', ...more]);
      return (JSON.parse(out) as { sizing: Record<string, number> }).sizing;
    };
    // 43.2 GB a day. Of what moves 10 of 15 days are here, of the rest all 5.
    const third = await sized('--moving', '30%');
    expect(third['storeBytes']).toBeCloseTo(43.2e9 * 8);
    expect(third['localBytes']).toBeCloseTo(43.2e9 * 6.5);
    expect((await sized())['storeBytes']).toBeCloseTo(43.2e9 * 15);
    const { out } = await vigie(['plan', '--config', file, '--moving', '30%']);
    expect(out).toMatch(/^kept +8 days /m);
    expect(out).toMatch(/^of that +30 % moving +15 days what moves, 5 days the rest/m);
    const wrong = await vigie(['plan', '--config', file, '--moving', '130%']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/--moving 130% is no share/)]);
  });

  it('compares nothing with nothing, and says when the bucket cannot be seen', async () => {
    const good = await vigie(['verify', '--config', await configuration(false), '--deep']);
    expect([good.code, good.out]).toEqual([0, expect.stringMatching(/^0 segments, .*: 0 repaired, 0 lost/)]);
    const away = await vigie(['verify', '--config', await configuration(true)]);
    expect(away.code).toBe(1);
    expect(away.err).toMatch(/nothing listens there\n$/);
  });

  it('writes a rule that never comes before the maximum', async () => {
    const { code, out } = await vigie(['lifecycle', '--config', await configuration(true)]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ Rules: [{ Status: 'Enabled', Expiration: { Days: 11 } }] });
    expect((await vigie(['lifecycle', '--config', await configuration(false)])).code).toBe(1);
  });
});

describe('doctor', () => {
  const told = async (args: readonly string[]) => {
    const { code, out, err } = await vigie(['doctor', ...args, '--json']);
    expect(err).toBe('');
    const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: readonly Finding[] };
    expect(ok).toBe(code === 0);
    return { code, about: (name: string) => findings.filter(({ about }) => about === name) };
  };

  it('says what is wrong, and what to do: 1', async () => {
    const missing = await told(['--config', 'missing.yaml', '--cameras', '5']);
    expect([missing.code, missing.about('configuration')[0]?.state]).toEqual([1, 'bad']);
    const file = join(folder.path, 'sick.yaml');
    const secret = 'a-secret-of-this-test';
    await writeFile(
      file,
      `ffmpeg: { path: /etc/hostname }\ncameras: [{ id: a, source: "rtsp://u:${secret}@127.0.0.1/" }]\nserver: { listen: "127.0.0.1:0" }\n`,
    );
    const { code, out } = await vigie(['doctor', '--config', file]);
    expect(code).toBe(1);
    expect(out).toMatch(/^WRONG {2}ffmpeg {8}\/etc\/hostname does not run: .*\n {21}Set ffmpeg\.path/m);
    expect(out).toMatch(/^good {3}configuration .*sick\.yaml is right\.$/m);
    expect(out).toMatch(/^\d+ to put right, \d+ to look at\.\n$/m);
    expect(out).not.toContain(secret);
    expect(await readdir(folder.path)).not.toContain('data');
  });
});

describe('the command line', () => {
  it.each([
    [['--help']],
    [['serve', '--help']],
    [['check-config', '-h']],
    [['help']],
    [['plan', '-h']],
    [['verify', '-h']],
    [['lifecycle', '-h']],
    [['doctor', '-h']],
    [['log-level', '-h']],
    [['cameras', '--help']],
    [['cameras', 'test', '-h']],
  ])('%j explains itself', async (args) => {
    const { code, out, err } = await vigie(args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/vigie (serve|check-config|plan|verify|lifecycle|cameras|doctor|log-level)/);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it('tells its version', async () => {
    expect((await vigie(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['record'], /no command "record"/],
    [['plan'], /--config FILE or --cameras N/],
    [['plan', '--cameras', 'many'], /many is no whole number/],
    [['plan', '--cameras', '3', '--bitrate', 'fast'], /no rate/],
    [['verify'], /needs --config/],
    [['verify', '--config', 'x', '--rate', 'slow'], /no size a second/],
    [['lifecycle'], /needs --config/],
    [['cameras'], /cameras --help/],
    [['cameras', 'list'], /no command "cameras list"/],
    [['cameras', 'test'], /needs a URL/],
    [['cameras', 'test', 'gare'], /no RTSP URL/],
    [['cameras', 'test', 'ffmpeg:-i'], /option/],
    [['cameras', 'test', 'rtsp://127.0.0.1:1/x', '--seconds', 'long'], /--seconds is 1 to 20/],
    [['cameras', 'test', 'rtsp://127.0.0.1:1/x', 'more'], /"more" is too much/],
    [['cameras', 'test', 'gare', '--config', 'missing.yaml'], /missing.yaml cannot be read/],
    [['serve', '--colour'], /--colour.*vigie serve --help/s],
    [['serve', 'file.yaml'], /"file.yaml" is too much/],
    [['serve', '--config'], /--config/],
    [['serve', '--config', 'missing.yaml'], /missing.yaml cannot be read/],
    [['serve', '--listen', '0.0.0.0:80'], /loopback.*accounts/],
    [['serve', '--listen', 'here'], /host:port/],
    [['doctor', '--cameras', '0'], /0 is no whole number/],
    [['doctor', '--bitrate', 'fast'], /fast is no rate/],
    [['check-config'], /file/i],
  ])('%j is used wrongly: a sentence, and 2', async (args, words) => {
    const { code, out, err } = await vigie(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(words);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('checks a configuration: every problem with line and key', async () => {
    await writeFile(
      join(folder.path, 'bad.yaml'),
      'record:\n  segment: ever\ncameras:\n  - id: X\n    source: rtsp://u:geheim@\n',
    );
    const { code, err } = await vigie(['check-config', 'bad.yaml']);
    expect(code).toBe(2);
    expect(err).toMatch(/^bad\.yaml:2:\d+: record\.segment: "ever"\. Allowed: a duration/m);
    expect(err).toMatch(/^bad\.yaml:4:\d+: cameras\[0\]\.id: "X"\. Allowed: /m);
    const json = await vigie(['check-config', 'bad.yaml', '--json']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([expect.objectContaining({ line: 2 })]) as unknown,
    });
    await writeFile(join(folder.path, 'good.yaml'), 'cameras: [{ id: a, source: "rtsp://10.0.0.1/1" }]\n');
    expect(await vigie(['check-config', 'good.yaml'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/right: 1 camera/) as unknown,
    });
    expect(JSON.parse((await vigie(['check-config', '--schema'])).out)).toHaveProperty('properties.cameras');
  });
});

describe('serve', () => {
  let simulator: Simulator;

  beforeAll(async () => {
    const clip = loadClip(await ensureClip(smallClip(), CLIP_CACHE), true);
    simulator = await startSimulator({ cameras: [{ path: 'cam', clip }] });
  }, 60_000);

  afterAll(() => simulator?.stop());

  const options = async (name: string) => {
    const path = join(folder.path, name);
    await mkdir(path);
    return { folder: path, cameras: [{ id: 'cam', source: simulator.url('cam') }] };
  };

  it('refuses a second server with the same catalog, and the first goes on', async () => {
    const one = await options('twice');
    const vigieOne = await startVigie(one);
    await expect(startVigie(one)).rejects.toThrow(/Another Vigie is running/);
    expect((await vigieOne.cameras())[0]?.id).toBe('cam');
    expect(await vigieOne.stop()).toBe(0);
  });

  it('is looked at by the doctor while it records, who sees that it runs', async () => {
    const one = await options('looked-at');
    const running = await startVigie(one);
    const file = join(one.folder, 'config.yaml');
    const port = new URL(running.url).port;
    const listening = (await readFile(file, 'utf8')).replace('127.0.0.1:0', `127.0.0.1:${port}`);
    const asked = join(one.folder, 'asked.yaml');
    await writeFile(asked, listening);
    const { out } = await vigie(['doctor', '--config', asked]);
    expect(out).toMatch(/^good {3}ports .* is in use: the server runs\.$/m);
    expect(out).toMatch(/^good {3}catalog .*holds together/m);
    // Made by the server, for nobody else to look into.
    expect(out).toMatch(/^good {3}folders {7}The folder of the recordings/m);
    expect((await running.cameras())[0]?.id).toBe('cam');
    expect(await running.stop()).toBe(0);
  });

  it('says which port is taken, and by what to change it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const one = { ...(await options('port')), args: ['--listen', `127.0.0.1:${port}`] };
    await expect(startVigie(one)).rejects.toThrow(/in use by another program.*--listen/s);
    server.close();
  });

  it('says which folder cannot be used', async () => {
    const one = await options('folder');
    await writeFile(join(one.folder, 'segments'), 'a file');
    await expect(startVigie(one)).rejects.toThrow(/folder for recordings.*cannot be used/s);
  });

  it('finishes its files when it is stopped, and goes on with a gap that says so', async () => {
    const one = await options('stop');
    const first = await startVigie(one);
    await until(
      'it records',
      async () =>
        (await first.timeline('cam', new Date(Date.now() - 60_000), new Date(Date.now() + 1_000))).recorded
          .length > 0,
    );
    expect(await first.stop()).toBe(0);
    expect(await segmentFiles(join(one.folder, 'segments'))).toHaveLength(1);
    const second = await startVigie(one);
    await until('it records again', async () => (await second.status('cam')).state === 'recording');
    await until('the gap is over', async () => {
      const { gaps } = await second.timeline(
        'cam',
        new Date(Date.now() - 60_000),
        new Date(Date.now() + 1_000),
      );
      return gaps.some(({ cause, to }) => cause === 'shutdown' && to !== null);
    });
    await second.stop();
  });

  it('has the metrics of the recorder, with help texts', async () => {
    const one = await startVigie(await options('metrics'));
    await until('frames are counted', async () =>
      /vigie_ingest_frames_total\{[^}]*camera="cam"[^}]*\} [1-9]/.test(await one.metrics()),
    );
    const text = await one.metrics();
    for (const name of new Set(
      [...text.matchAll(/^(vigie_\w+?)(?:_bucket|_sum|_count)?[{ ]/gm)].map((match) => match[1]),
    )) {
      expect(text).toContain(`# HELP ${name} `);
    }
    expect(text).toMatch(/vigie_event_loop_delay_seconds\{thread="ingest-1"\} \d/);
    expect((await fetch(`${one.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${one.url}/readyz`)).status).toBe(200);
    await one.stop();
  });
});

describe('the launcher', () => {
  const old = oldNode();

  it.skipIf(old === undefined)(
    'in a Node that is too old starts the one that came with npm (needs an older Node on the PATH)',
    async () => {
      const { code, out } = await vigie(['--version'], old);
      expect(code).toBe(0);
      expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
      const wrong = await vigie(['record'], old);
      expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('no command')]);
      // Without it there is one sentence, and nothing of a stack.
      const alone = join(folder.path, 'alone');
      await mkdir(alone);
      for (const file of ['vigie.mjs', 'find-node.mjs']) {
        await copyFile(join(dirname(LAUNCHER), file), join(alone, file));
      }
      const refused = spawnSync(old as string, [join(alone, 'vigie.mjs'), 'serve'], { encoding: 'utf8' });
      expect(refused.status).toBe(1);
      expect(refused.stderr).toMatch(
        /^Vigie needs Node 24 or newer, and this is Node \d+\.[^\n]*npm ci[^\n]*\n$/,
      );
    },
  );

  it('passes a signal on and ends as the server does', async () => {
    // As a launcher in an older Node: the server is its child.
    const child = spawn(
      process.execPath,
      [LAUNCHER, 'serve', '--data', join(folder.path, 'signal'), '--listen', '127.0.0.1:0'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 60_000);
});

/** A Node older than the server needs, if the machine has one. */
function oldNode(): string | undefined {
  for (const place of (process.env['PATH'] ?? '').split(delimiter)) {
    const { stdout, status } = spawnSync(join(place, 'node'), ['--version'], { encoding: 'utf8' });
    if (status === 0 && Number(/^v(\d+)/.exec(stdout)?.[1]) < 24) return join(place, 'node');
  }
  return undefined;
}
