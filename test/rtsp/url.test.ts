import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeForWire, parseRtspUrl, redactUrl } from '../../src/rtsp/url.ts';

describe('an RTSP URL', () => {
  it('is taken apart', () => {
    expect(parseRtspUrl('rtsp://viewer:s3cret@cam7.example:8554/live/main?channel=1&subtype=0')).toEqual({
      scheme: 'rtsp',
      host: 'cam7.example',
      port: 8554,
      credentials: { user: 'viewer', password: 's3cret' },
      requestUrl: 'rtsp://cam7.example:8554/live/main?channel=1&subtype=0',
      redacted: 'rtsp://cam7.example:8554/live/main?channel=1&subtype=0',
    });
  });

  it.each([
    ['rtsp://10.0.0.9/a', 554],
    ['RTSPS://10.0.0.9/a', 322],
    ['rtsp://10.0.0.9:/a', 554],
    ['rtsps://10.0.0.9:7441/a', 7441],
  ])('has a default port: %s', (text, port) => {
    expect(parseRtspUrl(text)?.port).toBe(port);
  });

  it.each([
    'http://10.0.0.9/a',
    'rtsp:/10.0.0.9/a',
    'rtsp://',
    'rtsp:///path',
    'rtsp://host:0/a',
    'rtsp://host:70000/a',
    'rtsp://ho st/a',
    'rtsp://[::1/a',
    'rtsp://[nonsense]/a',
    'rtsp://user:pw@/a',
    '10.0.0.9:554',
    '',
    `rtsp://host/${'x'.repeat(5000)}`,
  ])('is refused when it cannot be connected to: %s', (text) => {
    expect(parseRtspUrl(text)).toBeUndefined();
  });

  it('A1 credentials reach neither the request line nor the log', () => {
    const url = parseRtspUrl('rtsp://root:hunter2@10.0.0.9/s');
    expect(url?.requestUrl).toBe('rtsp://10.0.0.9/s');
    expect(JSON.stringify([url?.requestUrl, url?.redacted, url?.host])).not.toMatch(/root|hunter2/);
  });

  it('A1 credentials are percent-decoded once', () => {
    expect(parseRtspUrl('rtsp://us%65r:p%2540%3A%C3%A9@10.0.0.9/')?.credentials).toEqual({
      user: 'user',
      password: 'p%40:é',
    });
  });

  it('A1 a password in the path goes to the camera and stays out of the log', () => {
    const url = parseRtspUrl('rtsp://10.0.0.9/user=admin_password=tOpS_channel=1_stream=0.sdp?pwd=x1&a=b');
    expect(url?.requestUrl).toContain('password=tOpS_channel=1');
    expect(url?.redacted).toBe('rtsp://10.0.0.9/user=admin_password=***_channel=1_stream=0.sdp?pwd=***&a=b');
    expect(redactUrl('DESCRIBE rtsp://a:b@c@10.0.0.9/x RTSP/1.0')).toBe(
      'DESCRIBE rtsp://***@10.0.0.9/x RTSP/1.0',
    );
  });

  it.each([
    ['rtsp://[2001:db8::7]:8554/a', '2001:db8::7', 8554, 'rtsp://[2001:db8::7]:8554/a'],
    ['rtsp://[fe80::7%25eth0]/a', 'fe80::7%eth0', 554, 'rtsp://[fe80::7]/a'],
    ['rtsp://[fe80::7%eth0]:554/a', 'fe80::7%eth0', 554, 'rtsp://[fe80::7]:554/a'],
    ['rtsp://u:p@[fe80::7%25wlan0]/a', 'fe80::7%wlan0', 554, 'rtsp://[fe80::7]/a'],
    ['rtsp://::ffff:192.0.2.4/a', '::ffff:192.0.2.4', 554, 'rtsp://[::ffff:192.0.2.4]/a'],
  ])('A2 IPv6 literal, zone and bare address: %s', (text, host, port, requestUrl) => {
    expect(parseRtspUrl(text)).toMatchObject({ host, port, requestUrl });
  });

  it.each([
    ['admin:a:b@h/p', 'admin', 'a:b'],
    ['admin:p@ss@w@h/p', 'admin', 'p@ss@w'],
    ['admin:100%@h/p', 'admin', '100%'],
    ['admin:%zz%ff@h/p', 'admin', '%zz%ff'],
    ['admin:say"hi"@h/p', 'admin', 'say"hi"'],
    ['admin:a/b?c#d@h/p', 'admin', 'a/b?c#d'],
    ['admin:a/b@c@h/p', 'admin', 'a/b@c'],
    ['admin:@h/p', 'admin', ''],
    ['admin@h/p', 'admin', ''],
    [':secret@h/p', '', 'secret'],
  ])('C7 awkward password: %s', (text, user, password) => {
    const url = parseRtspUrl(`rtsp://${text}`);
    expect(url?.credentials).toEqual({ user, password });
    expect(url?.requestUrl).toBe('rtsp://h/p');
  });

  it('C7 an @ in the path ends no password', () => {
    expect(parseRtspUrl('rtsp://u:p@h/live@main?x=a@b')).toMatchObject({
      credentials: { user: 'u', password: 'p' },
      requestUrl: 'rtsp://h/live@main?x=a@b',
    });
    expect(parseRtspUrl('rtsp://h/live@main')).toMatchObject({ host: 'h', credentials: undefined });
    expect(parseRtspUrl('rtsp://@h/live')).toMatchObject({ host: 'h', credentials: undefined });
  });

  it('keeps the path byte by byte, and only makes it fit for a line', () => {
    const path = '/../a//b/./c?b=2&a=1&=x?y=%2f&q#frag';
    expect(parseRtspUrl(`rtsp://h${path}`)?.requestUrl).toBe(`rtsp://h${path}`);
    expect(parseRtspUrl('rtsp://h')?.requestUrl).toBe('rtsp://h/');
    expect(parseRtspUrl('rtsp://h?ch=1')?.requestUrl).toBe('rtsp://h/?ch=1');
    expect(parseRtspUrl('rtsp://h/a "b"\\\r\nX: y/é')?.requestUrl).toBe(
      'rtsp://h/a%20%22b%22%5C%0D%0AX:%20y/%C3%A9',
    );
  });

  it('gives any credentials back that were percent-encoded', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, text, (user, password) => {
        const url = `rtsp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h:554/p`;
        expect(parseRtspUrl(url)).toMatchObject({ host: 'h', credentials: { user, password } });
      }),
    );
  });

  it('gives a bare password back whatever stands in it, as long as a host does not', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-$&-.:;<=>?[\]^_{|}~]{1,20}$/), (password) => {
        fc.pre(!password.includes('@') && parseRtspUrl(`rtsp://u:${password}`) === undefined);
        expect(parseRtspUrl(`rtsp://u:${password}@h/p`)?.credentials?.password).toBe(password);
      }),
    );
  });

  it('never throws, and never lets anything past a line of printable ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        for (const candidate of [text, `rtsp://${text}`, `rtsp://u:${text}@h/${text}`, `rtsp://[${text}]/`]) {
          const url = parseRtspUrl(candidate);
          if (url) expect(url.requestUrl).toMatch(/^rtsps?:\/\/[!#-[\]-~]+$/);
        }
        expect(encodeForWire(encodeForWire(text))).toBe(encodeForWire(text));
        redactUrl(text);
      }),
    );
  });
});
