import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry/log.ts';

const PASSWORDS = ['geheim', 'p@ss/w?rd#', 'a:b:c', '%67eheim', 'ümläut', 'q"u\'o<te', '12/34'];
const urls = PASSWORDS.flatMap((password) => [
  `rtsp://admin:${password}@10.0.0.1:554/stream1`,
  `rtsps://admin:${password}@[::1]/s`,
  `http://u:${password}@camera.local/x?y=1`,
]);

/** Logs, and returns what came out. */
function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  let out = '';
  write(createLogger({ level: 'trace', destination: { write: (line: string) => void (out += line) } }));
  return out;
}

describe('logs', () => {
  it('never show a stream key, and show where a camera without one has to be pushed to', () => {
    const out = logged((log) => {
      log.info('rtmp://10.0.0.1/live/gare?key=Kq7-vW.e_~0123456789');
      log.info({ url: 'rtmp://10.0.0.1/live/gare?user=a&key=Kq7-vW.e_~0123456789&b=c' }, 'x');
      log.info('No encoder publishes to rtmp://<server>/live/gare?key=….');
    });
    expect(out).not.toContain('Kq7');
    expect(out).toContain('?user=a&key=***&b=c');
    expect(out).toContain('live/gare?key=….');
  });

  it.each(urls)('never show the password of %s, whichever way it comes', (url) => {
    const password = url.slice(url.indexOf(':', 8) + 1, url.lastIndexOf('@'));
    const cause = new Error(`cannot open ${url}`);
    const error = Object.assign(new Error(`failed: ${url}`, { cause }), { url, address: { source: url } });
    const out = logged((log) => {
      log.info(`connecting to ${url}`);
      log.info({ source: url }, 'camera');
      log.info({ nested: { list: [url, { deep: url }] } }, 'nested');
      log.error({ err: error }, `failed with ${url}`);
      log.warn(error);
      log.info('with %s in place', url);
      log.info({ map: new Map([['k', url]]), set: new Set([url]) });
      log.child({ camera: url }).info('child');
      log.info({ [url]: 1 }, 'as a key');
    });
    expect(out.split('\n').filter(Boolean)).toHaveLength(9);
    expect(out).not.toContain(password);
    expect(out).not.toContain(JSON.stringify(password).slice(1, -1));
    expect(out).toContain('***@');
    expect(out).toContain(url.slice(url.lastIndexOf('@')));
  });

  it('show no authorization header and no field that is called a secret', () => {
    const out = logged((log) => {
      log.info('Authorization: Digest username="admin", response="0123456789abcdef"');
      log.info({ headers: { authorization: 'Basic YWRtaW46Z2VoZWlt' } }, 'request');
      log.info({ password: 'geheim', accessToken: 'geheim', secretAccessKey: 'geheim' });
      log.info('connect?password=geheim&x=1 token: geheim');
    });
    for (const secret of ['0123456789abcdef', 'YWRtaW46Z2VoZWlt', 'geheim'])
      expect(out).not.toContain(secret);
  });

  it('keep what is no secret', () => {
    const out = logged((log) => log.info('rtsp://10.0.0.1/live@main and rtsp://10.0.0.1:554/stream1'));
    expect(out).toContain('rtsp://10.0.0.1/live@main and rtsp://10.0.0.1:554/stream1');
  });

  it('are JSON lines with level, time and message', () => {
    const line = JSON.parse(logged((log) => log.info({ camera: 'gare' }, 'recording'))) as Record<
      string,
      unknown
    >;
    expect(line).toMatchObject({ level: 'info', camera: 'gare', msg: 'recording' });
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('survive whatever is logged', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const out = logged((log) => {
      log.info({ circular, big: 1n, bytes: Buffer.alloc(1_000_000), nothing: null, undefined });
    });
    expect(out.length).toBeLessThan(10_000);
  });
});
