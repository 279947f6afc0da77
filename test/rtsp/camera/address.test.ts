import { describe, expect, it } from 'vitest';
import { FRAMES, type Script, type Talk } from '../../support/bad-camera.ts';
import { describeWith } from '../../support/components.ts';
import { badCameras, view } from '../../support/viewing.ts';

const { cameraThat, recordedOf } = badCameras();

const SDP = (session: string, media: string): string =>
  `v=0\r\n${session}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n${media}`;

/** What a camera says of its URLs, and which URLs it is then asked for; `@` is the address that we know it by. */
const URLS: readonly [
  name: string,
  says: { base?: string; location?: string; session?: string; media?: string; path?: string },
  setUp: string,
  play: string,
][] = [
  ['D1 Content-Base', { base: 'rtsp://@/b/', location: 'rtsp://@/l/', media: 't1' }, '/b/t1', '/b/'],
  ['D1 Content-Location', { location: 'rtsp://@/l/', media: 't1' }, '/l/t1', '/l/'],
  ['D1 nothing: what was requested', { media: 't1' }, '/s/t1', '/s'],
  [
    'D1 a=control of the session',
    { base: 'rtsp://@/b/', session: 'rtsp://@/whole', media: 't1' },
    '/b/t1',
    '/whole',
  ],
  ['D2 a path as Content-Base', { base: '/b/', media: 't1' }, '/b/t1', '/b/'],
  ['D3 Anjvision: no scheme', { base: '192.168.1.10:554/stream0/', media: 't1' }, '/stream0/t1', '/stream0/'],
  ['D4 two schemes', { base: 'rtsp://rtsp://@/b/', media: 't1' }, '/b/t1', '/b/'],
  [
    'D5 an address that only the camera knows',
    { base: 'rtsp://1.0.1.113:8554/b/', media: 'rtsp://1.0.1.113/b/t1' },
    '/b/t1',
    '/b/',
  ],
  [
    'D6 Dahua: behind a query',
    { path: '/r?channel=1&subtype=0', media: 'trackID=0' },
    '/r?channel=1&subtype=0/trackID=0',
    '/r?channel=1&subtype=0',
  ],
  [
    'D6 the same in Content-Base',
    { base: 'rtsp://@/r?c=1', media: 'trackID=0' },
    '/r?c=1/trackID=0',
    '/r?c=1',
  ],
  ['D7 a control with a slash', { base: 'rtsp://@/b/', media: '/t1' }, '/b/t1', '/b/'],
  ['D7 a control that is a query', { base: 'rtsp://@/b', media: '?track=1' }, '/b?track=1', '/b'],
  ['D7 an asterisk', { base: 'rtsp://@/b', session: '*', media: '*' }, '/b', '/b'],
  ['D7 no control at all', { base: 'rtsp://@/b' }, '/b', '/b'],
];

describe('the URLs of a camera', () => {
  it.each(URLS)('%s', async (_name, says, setUp, play) => {
    const on: NonNullable<Script['on']> = {
      DESCRIBE: (talk) => {
        const own = /^rtsp:\/\/([^/]+)/.exec(talk.request.url)?.[1] ?? '';
        const filled = (text: string | undefined): string | undefined => text?.replace('@', own);
        const control = (text: string | undefined): string =>
          text === undefined ? '' : `a=control:${filled(text)}\r\n`;
        talk.answer(
          200,
          { 'Content-Base': filled(says.base), 'Content-Location': filled(says.location) },
          SDP(control(says.session), control(says.media)),
        );
      },
    };
    const camera = await cameraThat({ on });
    const viewing = await view(camera.url(says.path ?? '/s'));
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    const asked = (method: string): string | undefined =>
      camera.requests.find((request) => request.method === method)?.url;
    const origin = `rtsp://127.0.0.1:${camera.port}`;
    expect(asked('SETUP')).toBe(origin + setUp);
    // D9: never a track's.
    expect(asked('PLAY')).toBe(origin + play);
    expect(asked('TEARDOWN')).toBe(origin + play);
  });

  it('D9 signs of life are for the whole, as PLAY is', async () => {
    const camera = await cameraThat({
      forever: true,
      on: {
        SETUP: (talk) =>
          talk.answer(200, { Session: '1;timeout=1', Transport: 'RTP/AVP/TCP;interleaved=0-1' }),
        // Some do not answer when a track is named.
        GET_PARAMETER: (talk) => (talk.request.url.endsWith('trackID=1') ? undefined : talk.right()),
      },
    });
    const viewing = await view(camera.url());
    await viewing.recorded(2 * FRAMES);
    const urls = camera.requests.filter(({ method }) => method === 'GET_PARAMETER').map(({ url }) => url);
    expect(new Set(urls)).toEqual(new Set([`rtsp://127.0.0.1:${camera.port}/stream/`]));
  });

  it.each([
    'url=trackID=1;seq=100;rtptime=1000000',
    'url=rtsp://0.0.0.0/wrong/place;seq=100',
    'url=rtsp://10.0.0.1:554//trackID=1/;seq=7;rtptime=3',
  ])('D8 GW Security: RTP-Info with a URL in a wrong form, %s', async (info) => {
    const on: NonNullable<Script['on']> = {
      PLAY: (talk) => {
        talk.answer(200, { 'RTP-Info': info });
        talk.send();
      },
    };
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it('A1 user and password are in no request line and no header but the one for them', async () => {
    const camera = await cameraThat({});
    const viewing = await view(camera.url('/s', 'jean:s%C3%A9same%40@'));
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    for (const { url, headers } of camera.requests) {
      const words = [url, ...[...headers.values()].flat()].join(' ');
      expect(words).not.toMatch(/jean|same/);
    }
  });

  it.each([301, 302, 307])('A4 %i to another camera, with the password', async (status) => {
    const challenge = 'RTSP/1.0 401 No\r\nCSeq: {cseq}\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n';
    const guarded = (then: (talk: Talk) => void) => (talk: Talk) => {
      if (talk.request.headers.has('authorization')) then(talk);
      else talk.raw(challenge);
    };
    const there = await cameraThat({ on: { DESCRIBE: guarded((talk) => talk.right()) } });
    const redirect = (talk: Talk): void => talk.answer(status, { Location: there.url('/other') });
    const here = await cameraThat({ on: { DESCRIBE: guarded(redirect) } });
    const viewing = await view(here.url('/s', 'jean:x@'));
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(here.methods()).toBe('OPTIONS DESCRIBE DESCRIBE');
    expect(there.methods()).toBe('OPTIONS DESCRIBE DESCRIBE SETUP PLAY TEARDOWN');
    // Not sent there before it was asked for.
    expect(there.header('OPTIONS', 'authorization')).toBeUndefined();
    expect(here.open()).toBe(0);
  });

  it('A4 a redirect in a circle is given up', async () => {
    const camera = await cameraThat({
      on: { DESCRIBE: (talk) => talk.answer(302, { Location: talk.request.url }) },
    });
    const viewing = await view(camera.url());
    expect(viewing.failure).toMatchObject({ cause: 'protocol', reason: expect.stringContaining('circle') });
    expect(camera.requests.length).toBeLessThan(12);
    await viewing.stop();
  });
});

describeWith(['ipv6'], 'a camera with an IPv6 address', () => {
  it.each(['[::1]', '[::1%25lo]', '[::1%lo]', '[0:0:0:0:0:0:0:1]'])('A2 written %s', async (host) => {
    const camera = await cameraThat({ host: '::1' });
    const viewing = await view(camera.url().replace('[::1]', host));
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    // What the zone is called here is no business of the camera.
    for (const { url } of camera.requests) expect(url).not.toContain('lo');
  });

  it('A2 sends by UDP, too', async () => {
    const camera = await cameraThat({ host: '::1', tcp: false });
    const viewing = await view(camera.url());
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
  });
});
