import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig, problemText } from '../../src/config/load.ts';

const load = (text: string, env: Record<string, string> = {}) => loadConfig({ text, file: 'city.yaml', env });

/** `line:column key` and what is allowed of each problem. */
function problems(text: string, env: Record<string, string> = {}) {
  const result = load(text, env);
  return result.ok
    ? []
    : result.problems.map(({ line, key, found, allowed }) => ({ line, key, found, allowed }));
}

describe('configuration', () => {
  it('has a default for everything but cameras', () => {
    const result = load('cameras:\n  - { id: gare, source: "rtsp://10.0.0.1/1" }\n');
    expect(result).toMatchObject({
      ok: true,
      config: {
        server: { host: '127.0.0.1', port: 8080 },
        record: { segmentMicros: 60_000_000, fragmentMicros: 2_000_000, syncMicros: 5_000_000, workers: 1 },
        cameras: [{ id: 'gare', name: 'gare', source: 'rtsp://10.0.0.1/1', enabled: true }],
      },
    });
    expect(load('')).toMatchObject({ ok: true, config: { cameras: [] } });
  });

  it('of the example is right', () => {
    const text = readFileSync(new URL('../../config/example.yaml', import.meta.url), 'utf8');
    expect(problems(text, { CAM_PW: 'x' })).toEqual([]);
  });

  it.each([
    ['servr: { listen: "127.0.0.1:80" }', 1, 'servr', /server/],
    ['server:\n  listen: 127.0.0.1', 2, 'server.listen', /host:port/],
    ['server:\n  listen: 0.0.0.0:8080', 2, 'server.listen', /loopback.*accounts/],
    ['record:\n  segment: 1h30', 2, 'record.segment', /duration from 2s to 1h/],
    ['record:\n  workers: many', 2, 'record.workers', /number/],
    ['record:\n  workers: 0', 2, 'record.workers', /1/],
    ['record:\n  buffer: 3MiB', 2, 'record.buffer', /16MiB/],
    ['log: { level: loud }', 1, 'log.level', /debug/],
    ['cameras:\n  - id: Gare\n    source: rtsp://x/1', 2, 'cameras[0].id', /a-z/],
    ['cameras:\n  - id: gare', 2, 'cameras[0].source', /RTSP/],
    ['cameras:\n  - id: a\n    source: http://x', 3, 'cameras[0].source', /RTSP URL/],
    [
      'cameras:\n  - { id: a, source: "rtsp://x/1" }\n  - { id: a, source: "rtsp://x/2" }',
      3,
      'cameras[1].id',
      /no other/,
    ],
    ['retention: { continuous: 30d }', 1, 'retention', /retention is not supported by this version.*cameras/],
    ['storage:\n  s3: { bucket: x }', 2, 'storage.s3', /object storage is not supported/],
    [
      'cameras:\n  - id: a\n    source: rtsp://x/1\n    key: abc',
      4,
      'cameras[0].key',
      /RTMP is not supported/,
    ],
    ['cameras:\n  - id: a\n    source: rtsp://u:${PW}@x/1', 3, 'cameras[0].source', /PW is not set/],
    ['cameras: 5', 1, 'cameras', /list|array/i],
    ['server: [', 1, '', /YAML/],
    ['a: 1\na: 2', 2, '', /YAML/],
  ])('%j: says line, key and what is allowed', (text, line, key, allowed) => {
    const found = problems(text);
    expect(found.map((problem) => [problem.line, problem.key])).toContainEqual([line, key]);
    const said = found.find((problem) => problem.key === key);
    expect(`${said?.found}. Allowed: ${said?.allowed}`).toMatch(allowed);
  });

  it('tells everything that is wrong at once, in the order of the file', () => {
    const found = problems('record:\n  segment: no\n  sync: no\nlog: { level: no }');
    expect(found.map(({ line }) => line)).toEqual([2, 3, 4]);
  });

  it('puts variables in after the YAML is read, so that a password may be anything', () => {
    const password = 'a: b #"\'{}[]&*\n';
    const result = load('cameras:\n  - id: a\n    source: rtsp://u:${PW}@x/1', {
      PW: encodeURIComponent(password),
    });
    expect(result).toMatchObject({
      config: { cameras: [{ source: `rtsp://u:${encodeURIComponent(password)}@x/1` }] },
    });
  });

  it('shows no secret in a problem', () => {
    const result = load(
      'cameras:\n  - id: a\n    source: http://u:geheim@x/1\n  - id: b\n    source: ${PW}',
      {
        PW: 'streng-geheim',
      },
    );
    const text = result.ok ? '' : result.problems.map(problemText).join('\n');
    expect(text).toContain('cameras[0].source');
    expect(text).not.toContain('geheim');
  });
});
