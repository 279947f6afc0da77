import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregateUrl, joinControl } from '../../src/rtsp/base-url.ts';

const REQUEST = 'rtsp://10.0.0.9:8554/live/ch0';

describe('the aggregate URL', () => {
  it('D1 is Content-Base, then Content-Location, then what was requested', () => {
    expect(aggregateUrl(REQUEST, 'rtsp://10.0.0.9:8554/base/', 'rtsp://10.0.0.9:8554/location')).toBe(
      'rtsp://10.0.0.9:8554/base/',
    );
    expect(aggregateUrl(REQUEST, undefined, ' rtsp://10.0.0.9:8554/location ')).toBe(
      'rtsp://10.0.0.9:8554/location',
    );
    expect(aggregateUrl(REQUEST, '', '*')).toBe(REQUEST);
    expect(aggregateUrl(REQUEST, undefined, undefined)).toBe(REQUEST);
  });

  it.each([
    ['/other/', 'rtsp://10.0.0.9:8554/other/'],
    ['ch0/', 'rtsp://10.0.0.9:8554/live/ch0/'],
    ['?x=1', 'rtsp://10.0.0.9:8554/live/ch0?x=1'],
  ])('D2 relative Content-Base %s', (base, url) => {
    expect(aggregateUrl(REQUEST, base, undefined)).toBe(url);
  });

  it.each(['10.0.0.9:554/stream0/', '10.0.0.9/stream0/', 'cam.local:554/stream0/', '[fe80::1]:554/stream0/'])(
    'D3 without a scheme: %s',
    (base) => {
      expect(aggregateUrl(REQUEST, base, undefined)).toBe('rtsp://10.0.0.9:8554/stream0/');
    },
  );

  it('D4 with two schemes', () => {
    expect(aggregateUrl(REQUEST, 'rtsp://rtsp://10.0.0.9:554/s/', undefined)).toBe('rtsp://10.0.0.9:8554/s/');
  });

  it.each([
    'rtsp://192.168.77.3/s',
    'rtsp://10.0.0.9:554/s',
    'rtsp://u:p@10.0.0.9/s',
    '"rtsp://cam/s"',
    '<rtsp://cam/s>',
  ])('D5 keeps the host, the port and the scheme that work: %s', (base) => {
    expect(aggregateUrl('rtsps://[2001:db8::1]:322/x?y', base, undefined)).toBe(
      'rtsps://[2001:db8::1]:322/s',
    );
  });

  it('D5 also without a path', () => {
    expect(aggregateUrl(REQUEST, 'rtsp://cam', undefined)).toBe('rtsp://10.0.0.9:8554/');
    expect(aggregateUrl(REQUEST, 'rtsp://cam?ch=1', undefined)).toBe('rtsp://10.0.0.9:8554/?ch=1');
  });

  it('D9 of a request with a query keeps it when the camera says nothing else', () => {
    expect(aggregateUrl('rtsp://h/a?b=/c', undefined, undefined)).toBe('rtsp://h/a?b=/c');
  });
});

describe('the URL of a media', () => {
  it.each([
    ['rtsp://h/s', 'trackID=1', 'rtsp://h/s/trackID=1'],
    ['rtsp://h/s/', 'trackID=1', 'rtsp://h/s/trackID=1'],
    ['rtsp://h/', 'track:1', 'rtsp://h/track:1'],
    ['rtsp://h/s', 'video.sdp', 'rtsp://h/s/video.sdp'],
    ['rtsp://h/cam?channel=1&subtype=0', 'trackID=0', 'rtsp://h/cam?channel=1&subtype=0/trackID=0'],
    ['rtsp://h/cam?channel=1/', 'trackID=0', 'rtsp://h/cam?channel=1/trackID=0'],
  ])('D6 %s and %s', (base, control, url) => {
    expect(joinControl(base, control)).toBe(url);
  });

  it.each([
    ['rtsp://h/s', '/trackID=1', 'rtsp://h/s/trackID=1'],
    ['rtsp://h/s/', '/trackID=1', 'rtsp://h/s/trackID=1'],
    ['rtsp://h/s/', '/s/trackID=1', 'rtsp://h/s/trackID=1'],
    ['rtsp://h/', '/trackID=1', 'rtsp://h/trackID=1'],
    ['rtsp://h/s', '?ctype=video', 'rtsp://h/s?ctype=video'],
    ['rtsp://h/s/', '?ctype=video', 'rtsp://h/s/?ctype=video'],
    ['rtsp://h/s/', '*', 'rtsp://h/s/'],
    ['rtsp://h/s', undefined, 'rtsp://h/s'],
    ['rtsp://h/s', ' ', 'rtsp://h/s'],
  ])('D7 %s and %j', (base, control, url) => {
    expect(joinControl(base, control)).toBe(url);
  });

  it.each([
    'rtsp://192.168.77.3/s/t1?x=1',
    'rtsp://rtsp://192.168.77.3:554/s/t1?x=1',
    'RTSP://u:p@cam/s/t1?x=1',
    '192.168.77.3:554/s/t1?x=1',
  ])('D5 an absolute control keeps the connected host: %s', (control) => {
    expect(joinControl('rtsps://10.0.0.9:8554/base/', control)).toBe('rtsps://10.0.0.9:8554/s/t1?x=1');
  });

  it('never leaves the host that we are connected to, nor the line', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((tail) => `rtsp://${tail}`),
      fc.string().map((tail) => `/${tail}`),
    );
    fc.assert(
      fc.property(text, text, text, (base, location, control) => {
        const aggregate = aggregateUrl(REQUEST, base, location);
        for (const url of [aggregate, joinControl(aggregate, control)]) {
          expect(url).toMatch(/^rtsp:\/\/10\.0\.0\.9:8554\/[!#-[\]-~]*$/);
        }
      }),
    );
  });
});
