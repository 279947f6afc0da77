import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLevelJson } from '../../src/api/schemas.ts';
import { type RunningVigie, startVigie, temporaryFolder, until } from '../support/vigie.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/vigie.mjs', import.meta.url));

describe('the log level of a running server', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: RunningVigie;
  let config: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    server = await startVigie({
      folder: folder.path,
      cameras: [{ id: 'cam', source: 'rtsp://user:a-secret-of-it@127.0.0.1:1/x' }],
      config: ['log: { level: warn }'],
    });
    await mkdir(join(folder.path, 'asked'));
    config = join(folder.path, 'asked', 'config.yaml');
    const written = await readFile(join(folder.path, 'config.yaml'), 'utf8');
    await writeFile(config, written.replace('127.0.0.1:0', `127.0.0.1:${new URL(server.url).port}`));
  });

  afterAll(async () => {
    await server?.stop();
    await folder?.remove();
  });

  const vigie = (
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [LAUNCHER, 'log-level', ...args], (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out, err }),
      );
    });

  const put = (body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${server.url}/api/log-level`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('is told, changed for one part, and put back', async () => {
    expect(await vigie('--config', config)).toMatchObject({ code: 0, out: 'warn, as configured\n' });
    const changed = await vigie('trace', '--part', 'recording', '--for', '10m', '--config', config);
    expect(changed.out).toMatch(/^warn, recording trace until \d{4}-.*Z, then warn\n$/);
    await until('the camera is logged every second', () =>
      server.log.some(
        ({ level, part, camera }) => level === 'trace' && part === 'recording' && camera === 'cam',
      ),
    );
    expect(server.log.some(({ part, level }) => part === 'api' && level !== 'warn')).toBe(false);
    const back = await vigie('warn', '--server', server.url, '--json');
    expect(JSON.parse(back.out)).toMatchObject({ level: 'warn', until: null, parts: { recording: 'warn' } });
    expect(server.output()).not.toContain('a-secret-of-it');
  });

  it('debug has every answer, also of what is streamed; trace each camera', async () => {
    const answer = await put({ level: 'trace', seconds: 60 });
    const state = (await answer.json()) as LogLevelJson;
    expect([answer.status, state.level]).toEqual([200, 'trace']);
    const seconds = (Date.parse(state.until ?? '') - Date.now()) / 1_000;
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(61);
    await (await fetch(`${server.url}/api/segments/none.mp4`)).text();
    await until('both are there', () => {
      const answered = server.log.find(
        ({ msg, url }) => msg === 'answered' && url === '/api/segments/none.mp4',
      );
      return answered?.['status'] === 404 && server.log.some(({ msg }) => msg === 'a camera every second');
    });
    expect(server.output()).not.toContain('a-secret-of-it');
    await put({ level: 'warn' });
  });

  it('ends by itself', async () => {
    await put({ level: 'debug', seconds: 1 });
    await until('it is as configured', async () => {
      const state = (await (await fetch(`${server.url}/api/log-level`)).json()) as LogLevelJson;
      return state.until === null && state.level === 'warn';
    });
  });

  it.each([
    [{ level: 'loud' }, /level is not valid: it is one of fatal, error/],
    [{ level: 'debug', part: 'kitchen' }, /part is not valid: it is one of recording/],
    [{ level: 'debug', seconds: 0 }, /seconds/],
    [{ level: 'debug', seconds: 1e9 }, /seconds/],
    [{ level: 'debug', colour: 'red' }, /colour/],
    [{}, /level/],
  ])('refuses %j', async (body, words) => {
    const answer = await put(body);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: { message: string } }).error.message).toMatch(words);
  });

  it('is not changed by a page from elsewhere', async () => {
    const plain = await fetch(`${server.url}/api/log-level`, {
      method: 'PUT',
      headers: { 'content-type': 'text/plain' },
      body: '{"level":"trace"}',
    });
    expect(plain.status).toBe(400);
    const asked = await fetch(`${server.url}/api/log-level`, {
      method: 'OPTIONS',
      headers: { origin: 'http://elsewhere.example', 'access-control-request-method': 'PUT' },
    });
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    expect((await vigie('--server', server.url)).out).toBe('warn, as configured\n');
  });

  it('is asked for wrongly, or of nobody: a sentence', async () => {
    expect(await vigie('loud', '--server', server.url)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/one of/),
    });
    expect(await vigie('debug', '--for', 'ever')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no duration/),
    });
    expect(await vigie('--for', '10m')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/level is needed/),
    });
    expect(await vigie('--server', 'here')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no address/),
    });
    const nobody = await vigie('--server', 'http://127.0.0.1:1');
    expect(nobody).toMatchObject({ code: 1, err: expect.stringMatching(/^Nothing answers at http:\/\/127/) });
  });
});
