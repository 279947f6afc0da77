import { isRtsp } from '../../../src/config/source-kind.ts';
import { followRedirect } from '../../../src/rtsp/redirect.ts';
import { parseRtspUrl, redactUrl, type RtspUrl } from '../../../src/rtsp/url.ts';
import { type FuzzTarget, hold } from '../target.ts';

const FROM = parseRtspUrl('rtsps://viewer:secret@10.0.0.7:5554/live/main');

/** A URL as a person wrote it, or as the Location of a redirect. */
export const target: FuzzTarget = {
  name: 'rtsp-url',
  maxBytes: 5_000,
  tokens: [
    ...[
      'rtsp://',
      'rtsps://',
      'RTSP://',
      '@',
      ':',
      '/',
      '//',
      '?',
      '#',
      '[',
      ']',
      '%',
      '%25',
      '%40',
      '%00',
      '..',
    ],
    ...[
      '[::1]',
      'fe80::1%eth0',
      '127.0.0.1',
      ':554',
      ':0',
      ':65536',
      'user:pw@',
      'password=',
      '&',
      ' ',
      '"',
      'é',
      '😀',
      '\r\n',
    ],
  ],
  run(bytes) {
    const text = bytes.toString('utf8');
    const url = parseRtspUrl(text);
    if (url) check(url);
    hold(!url || /\s/.test(text) || isRtsp(text), 'what can be connected to can be configured');
    redactUrl(text);
    if (!FROM) throw new Error('the URL that redirects is none');
    const redirect = followRedirect(FROM, text);
    if (redirect.kind === 'refused') hold(redirect.problem !== '', 'why it is refused is said');
    if (redirect.kind !== 'to') return;
    check(redirect.url);
    hold(redirect.url.scheme === 'rtsps', 'a redirect does not leave TLS');
    hold(redirect.url.credentials?.user === 'viewer', 'credentials go along');
  },
};

function check(url: RtspUrl): void {
  hold(url.host !== '' && !/[\s@/]/.test(url.host), `${JSON.stringify(url.host)} is a host`);
  hold(Number.isInteger(url.port) && url.port > 0 && url.port < 65_536, `${url.port} is a port`);
  hold(/^rtsps?:\/\/[\x21\x23-\x5b\x5d-\x7e]+$/.test(url.requestUrl), 'what goes on the wire is printable');
  hold(!/^rtsps?:\/\/[^/?#]*@/.test(url.requestUrl), 'what goes on the wire has no user');
  const again = parseRtspUrl(url.requestUrl);
  if (url.requestUrl.length > 4_096) return;
  hold(
    again?.requestUrl === url.requestUrl && again.port === url.port,
    'what goes on the wire means the same',
  );
  hold(again.credentials === undefined, 'what goes on the wire holds no credentials');
}
