import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLoopbackHost } from '../../src/api/guard.ts';
import { listen, type RunningApi } from '../support/api.ts';
import { createRecording, type Recording } from '../support/recording.ts';

let recording: Recording;
let api: RunningApi;
let ready = true;

beforeAll(async () => {
  recording = await createRecording();
  const webRoot = join(recording.storageRoot, 'web');
  await mkdir(join(webRoot, 'assets'), { recursive: true });
  await writeFile(join(webRoot, 'index.html'), '<!doctype html><title>Vigie</title>');
  await writeFile(join(webRoot, 'assets', 'main-abc.js'), 'export {};');
  api = await listen(recording, {
    webRoot,
    readiness: { ready: () => ({ ready, reasons: ready ? [] : ['the disk is full'] }) },
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'vigie_up 1\n' }),
  });
});

afterAll(async () => {
  await api?.close();
  await recording?.close();
});

/** A request with a Host header of one's choice: fetch does not let one choose. */
function withHost(
  host: string,
  path = '/api/cameras',
): Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: api.port, path, headers: { host } }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        body += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, headers: answer.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('host check', () => {
  it.each(['localhost', 'localhost:8080', 'LOCALHOST', '127.0.0.1:8080', '127.9.8.7', '[::1]', '[::1]:8080'])(
    'answers %s',
    async (host) => {
      expect((await withHost(host)).status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'x@localhost',
    'localhost:8080:1',
    '::1',
    '[::2]',
  ])('refuses %s', async (host) => {
    const answer = await withHost(host);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'VIGIE_HOST_REFUSED', host } });
  });

  it('refuses a request without a host', async () => {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(api.port, '127.0.0.1', () => socket.write('GET /api/cameras HTTP/1.0\r\n\r\n'));
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toContain('403');
    expect(answer).toContain('VIGIE_HOST_REFUSED');
  });

  it('guards every route, the page and unknown ones too', async () => {
    for (const path of [
      '/',
      '/healthz',
      '/metrics',
      '/api/docs/',
      '/api/openapi.json',
      '/assets/main-abc.js',
      '/nowhere',
    ]) {
      expect([path, (await withHost('evil.example', path)).status]).toEqual([path, 403]);
    }
  });

  it('knows nothing of names that only look like loopback', () => {
    expect(isLoopbackHost('127.0.0.1\n')).toBe(false);
    expect(isLoopbackHost('localhost ')).toBe(false);
  });
});

describe('cameras', () => {
  it('are listed, and each has its status in numbers', async () => {
    const list = (await (await fetch(`${api.url}/api/cameras`)).json()) as { cameras: unknown[] };
    const camera = {
      id: 'place-d-armes-01',
      name: 'Place d’Armes, nord',
      state: 'recording',
      reason: '',
      since: '2026-11-23T17:00:00.000000Z',
      sound: false,
    };
    expect(list).toEqual({ cameras: [camera] });
    expect(await (await fetch(`${api.url}/api/cameras/place-d-armes-01`)).json()).toEqual(camera);
    expect(await (await fetch(`${api.url}/api/cameras/place-d-armes-01/status`)).json()).toEqual({
      ...camera,
      video: { codecs: 'avc1.64000b', width: 160, height: 96 },
      audio: null,
      audioProblem: '',
      certificateEnd: null,
      framesPerSecond: 25,
      bitrateBps: 4_000_000,
      gopTicks: 180_000,
      packetsLost: 1,
      framesDamaged: 2,
      timestampsRepaired: 3,
      clockOffsetMicros: -1_500,
      clockOffsetErrorMicros: 2_500,
      clockDriftPpm: null,
      clockDriftErrorPpm: null,
      detection: {
        state: 'learning',
        reason: '',
        lastLookAt: '2026-11-23T17:00:01.000000Z',
        framesPerSecond: 0.5,
      },
    });
  });

  it('that do not exist are named in the error', async () => {
    const answer = await fetch(`${api.url}/api/cameras/nobody`);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: { code: 'VIGIE_CAMERA_UNKNOWN', message: 'There is no camera "nobody".', camera: 'nobody' } },
    ]);
  });
});

describe('health', () => {
  it('says that it lives, that it is ready, and why not', async () => {
    expect(await (await fetch(`${api.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
    ready = false;
    const answer = await fetch(`${api.url}/readyz`);
    ready = true;
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { ready: false, reasons: ['the disk is full'] },
    ]);
  });

  it('gives the metrics as they come', async () => {
    const answer = await fetch(`${api.url}/metrics`);
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await answer.text()).toBe('vigie_up 1\n');
  });
});

describe('failures', () => {
  it('have one form, for unknown routes as well', async () => {
    for (const path of ['/api/nothing', '/nothing.html', '/assets/none.js', '/assets/..%2f..%2fcatalog.db']) {
      const answer = await fetch(`${api.url}${path}`);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: 'VIGIE_NOT_FOUND', method: 'GET' } });
    }
  });

  it('that nobody foresaw tell the client a reference and the log the rest', async () => {
    const failing = await listen(recording, {
      metrics: () => Promise.reject(new Error('secret detail')),
    });
    try {
      const answer = await fetch(`${failing.url}/metrics`);
      const text = await answer.text();
      expect(answer.status).toBe(500);
      const { error } = JSON.parse(text) as { error: { code: string; reference: string } };
      expect(error.code).toBe('VIGIE_INTERNAL');
      expect(text).not.toContain('secret');
      const logged = failing.log.find((line) => line.includes(error.reference));
      expect(logged).toContain('secret detail');
    } finally {
      await failing.close();
    }
  });

  it('leave the server up when a client sends no HTTP at all', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(api.port, '127.0.0.1', () => socket.end('\x16\x03\x01\r\n\r\n'));
      socket.on('close', () => resolve());
      socket.on('error', () => undefined);
      socket.resume();
    });
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  });
});

describe('the page', () => {
  it('is served with a strict policy, its assets for good', async () => {
    const page = await fetch(`${api.url}/`);
    expect(await page.text()).toContain('<title>Vigie</title>');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('access-control-allow-origin')).toBeNull();
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "worker-src 'self' blob:",
      "media-src 'self' blob:",
    ]) {
      expect(policy).toContain(rule);
    }
    expect(policy).not.toContain('unsafe');
    const asset = await fetch(`${api.url}/assets/main-abc.js`);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });
});

describe('the description of the API', () => {
  it('has every route of the contract', async () => {
    const description = (await (await fetch(`${api.url}/api/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
    };
    expect(description.openapi).toBe('3.1.0');
    expect(Object.keys(description.paths)).toEqual(
      expect.arrayContaining([
        '/healthz',
        '/readyz',
        '/metrics',
        '/api/cameras',
        '/api/cameras/{id}',
        '/api/cameras/{id}/status',
        '/api/cameras/{id}/timeline',
        '/api/cameras/{id}/motion',
        '/api/cameras/{id}/hls/index.m3u8',
        '/api/segments/{id}.mp4',
        '/api/cameras/{id}/clip.mp4',
        '/api/cameras/{id}/frame.jpg',
      ]),
    );
  });

  it('is rendered, with nothing from elsewhere', async () => {
    const page = await fetch(`${api.url}/api/docs`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('swagger-ui');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
  });
});
