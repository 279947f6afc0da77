import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CameraReportJson, ErrorJson } from '../../src/api/schemas.ts';
import type { CameraReport } from '../../src/inspect/camera-report.ts';
import { loadClip } from '../../src/simulator/clip.ts';
import { ensureClip } from '../../src/simulator/ensure-clip.ts';
import { type Simulator, startSimulator } from '../../src/simulator/rtsp-server.ts';
import { CLIP_CACHE, smallClip } from '../support/cameras.ts';
import { type RunningVigie, startVigie, temporaryFolder } from '../support/vigie.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/vigie.mjs', import.meta.url));
const LOGIN = { user: 'viewer', password: 'geheim' };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let simulator: Simulator;

beforeAll(async () => {
  folder = await temporaryFolder();
  const clip = loadClip(await ensureClip(smallClip(), CLIP_CACHE), true);
  const credentials = { ...LOGIN, scheme: 'digest-md5' as const };
  simulator = await startSimulator({ cameras: [{ path: 'good', clip, credentials }] });
}, 60_000);

afterAll(async () => {
  await simulator?.stop();
  await folder?.remove();
});

const source = (password: string): string =>
  simulator.url('good').replace('//', `//${LOGIN.user}:${password}@`);

describe('POST /api/cameras/test', () => {
  let vigie: RunningVigie;

  beforeAll(async () => {
    vigie = await startVigie({
      folder: folder.path,
      cameras: [{ id: 'unused', source: 'rtsp://127.0.0.1:1/unused' }],
    });
  }, 60_000);

  afterAll(() => vigie?.stop());

  const ask = (body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${vigie.url}/api/cameras/test`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('tests one camera at a time, and says what it is', async () => {
    const first = ask({ source: source(LOGIN.password) });
    await expect.poll(() => simulator.stats().length).toBeGreaterThan(0);
    const second = await ask({ source: source(LOGIN.password) });
    expect(second.status).toBe(503);
    expect(((await second.json()) as ErrorJson).error.message).toMatch(/Too many camera tests/);
    const answer = await first;
    expect(answer.status).toBe(200);
    const report = (await answer.json()) as CameraReportJson;
    expect(report).toMatchObject({
      works: true,
      reason: '',
      video: { codec: 'h264', width: 320, height: 180 },
    });
    expect(report.watchedMicros).toBeGreaterThan(8_000_000);
    expect(JSON.stringify(report)).not.toMatch(/geheim|viewer/);
  }, 60_000);

  it('says why another one does not work', async () => {
    const answer = await ask({ source: source('falsch') });
    expect(answer.status).toBe(200);
    const report = (await answer.json()) as CameraReportJson;
    expect(report).toMatchObject({
      works: false,
      cause: 'credentials',
      reason: 'The camera refuses the password.',
    });
    expect(JSON.stringify(report)).not.toMatch(/falsch|viewer/);
  }, 30_000);

  it.each([
    [{ source: 'ffmpeg:/etc/passwd' }, /only addresses on the network/],
    [{ source: 'ffmpeg:file:///etc/passwd' }, /only addresses on the network/],
    [{ source: 'ffmpeg:-i' }, /option/],
    [{ source: 'gopher://geheim@10.0.0.1/' }, /no RTSP URL/],
    [{ source: '' }, /source/],
    [{ source: source, more: 1 }, /source|more/],
    [{}, /source/],
  ])('%j is refused', async (body, words) => {
    const answer = await ask(body);
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as ErrorJson;
    expect(error.message).toMatch(words);
    expect(JSON.stringify(error)).not.toContain('geheim');
  });

  it('is behind the same guard as everything else', async () => {
    const text = await fetch(`${vigie.url}/api/cameras/test`, {
      method: 'POST',
      body: '{"source":"rtsp://x"}',
    });
    // A form of another site can send no JSON.
    expect(text.status).toBeGreaterThanOrEqual(400);
  });

  it('shows no password anywhere', () => {
    expect(vigie.output()).toMatch(/a camera was tested/);
    for (const word of ['geheim', 'falsch', 'viewer']) expect(vigie.output()).not.toContain(word);
  });
});

describe('vigie cameras test', () => {
  function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [LAUNCHER, 'cameras', 'test', ...args], (error, out, err) =>
        resolve({ code: error ? Number((error as { code?: number }).code) : 0, out, err }),
      );
    });
  }

  it('says what a camera is, for people and for programs, and ends accordingly', async () => {
    const [text, json, wrong] = await Promise.all([
      run(source(LOGIN.password), '--seconds', '2'),
      run(source(LOGIN.password), '--seconds', '2', '--json'),
      run(source('falsch'), '--seconds', '2'),
    ]);
    expect([text.code, json.code, wrong.code]).toEqual([0, 0, 1]);
    expect(text.out).toMatch(/good works; watched for 2\.\d s/);
    expect(text.out).toMatch(/video +H\.264 \(avc1\.\w+\), 320 x 180, 2\d(\.\d+)? pictures\/s/);
    expect(text.out).toMatch(/key frames +at most 1\.0 s apart/);
    expect(text.out).toContain('source: "rtsp://${CAM_USER}:${CAM_PASSWORD}@127.0.0.1');
    const report = JSON.parse(json.out) as CameraReport;
    expect(report).toMatchObject({ works: true, findings: [], video: { keyFrameMicros: 1_000_000 } });
    expect(wrong.out).toMatch(/does not work\. The camera refuses the password\./);
    for (const { out, err } of [text, json, wrong]) expect(out + err).not.toMatch(/geheim|falsch|viewer/);
  }, 60_000);

  it('takes a camera of the configuration by its id', async () => {
    const file = join(folder.path, 'cameras.yaml');
    await writeFile(
      file,
      `cameras:\n  - { id: gare, source: "${source(LOGIN.password)}" }\n  - { id: film, source: "ffmpeg:${folder.path}/none.mp4" }\n`,
    );
    const [known, film, unknown] = await Promise.all([
      run('gare', '--config', file, '--seconds', '1'),
      run('film', '--config', file),
      run('gate', '--config', file),
    ]);
    expect([known.code, film.code, unknown.code]).toEqual([0, 1, 2]);
    expect(film.out).toMatch(/There is no file none\.mp4\./);
    expect(unknown.err).toMatch(/There is no camera "gate"/);
  }, 60_000);
});
