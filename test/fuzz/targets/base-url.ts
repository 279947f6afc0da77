import { aggregateUrl, joinControl } from '../../../src/rtsp/base-url.ts';
import { type FuzzTarget, hold } from '../target.ts';

const REQUESTS = [
  'rtsp://10.0.0.7:5554/live/main?channel=1&subtype=0',
  'rtsp://cam/',
  'rtsps://[fe80::1]/a/b',
];

/** Lines: Content-Base, Content-Location, control of the session, control of the media. */
export const target: FuzzTarget = {
  name: 'base-url',
  maxBytes: 128 * 1024,
  tokens: [
    ...[
      'rtsp://',
      'rtsps://',
      'rtspu://',
      '10.1.1.1',
      'camera.local:554',
      '[::1]',
      '/',
      '//',
      '?',
      '*',
      'trackID=1',
    ],
    ...['<', '>', '"', ' ', '\t', '@', ':', '.', '..', '%', '\r', 'é', '\u2028', ':554', ':99999'],
  ],
  run(bytes) {
    const [base, location, session, media] = bytes.toString('utf8').split('\n');
    for (const request of REQUESTS) {
      const aggregate = joinControl(aggregateUrl(request, base, location), session);
      for (const url of [aggregate, joinControl(aggregate, media)]) {
        hold(originOf(url) === originOf(request), `${url} stays on the connection of ${request}`);
        hold(/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(url), 'what goes on the wire is printable');
        // A byte becomes three at most.
        hold(
          url.length <= request.length + 9 * bytes.length + 9,
          'a URL is no longer than what it is made of',
        );
      }
    }
  },
};

const originOf = (url: string): string => /^[a-z]+:\/\/[^/?]*/.exec(url)?.[0] ?? '';
