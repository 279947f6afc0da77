import { describe, expect, it } from 'vitest';
import { followRedirect } from '../../src/rtsp/redirect.ts';
import { parseRtspUrl, type RtspUrl } from '../../src/rtsp/url.ts';

const url = (text: string): RtspUrl => parseRtspUrl(text) ?? expect.fail(`no URL: ${text}`);

describe('a redirect', () => {
  it('A4 keeps the credentials at the new host', () => {
    expect(followRedirect(url('rtsp://u:p@one/a'), 'rtsp://two:8554/b?c=1')).toMatchObject({
      kind: 'to',
      url: {
        host: 'two',
        port: 8554,
        requestUrl: 'rtsp://two:8554/b?c=1',
        credentials: { user: 'u', password: 'p' },
      },
    });
  });

  it('A4 may name a path on the same host', () => {
    expect(followRedirect(url('rtsp://u:p@[fe80::1%eth0]:8554/a'), '/b')).toMatchObject({
      kind: 'to',
      url: { host: 'fe80::1%eth0', port: 8554, requestUrl: 'rtsp://[fe80::1]:8554/b' },
    });
  });

  it('A4 never leaves TLS', () => {
    const refused = followRedirect(url('rtsps://u:p@one/a'), 'rtsp://x:y@two/b');
    expect(refused).toEqual({ kind: 'refused', problem: 'the redirect leaves TLS for rtsp://two/b' });
    expect(followRedirect(url('rtsp://u:p@one/a'), 'rtsps://two/b')).toMatchObject({ kind: 'to' });
  });

  it.each([undefined, '', 'http://two/b', 'nonsense'])('A4 to nowhere is refused: %s', (location) => {
    expect(followRedirect(url('rtsp://one/a'), location).kind).toBe('refused');
  });
});
