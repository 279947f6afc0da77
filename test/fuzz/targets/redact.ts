import { redactSecrets } from '../../../src/telemetry/redact.ts';
import { redactUrl } from '../../../src/rtsp/url.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** Text on its way to the log: what cameras say, errors, URLs. */
export const target: FuzzTarget = {
  name: 'redact',
  maxBytes: 64 * 1024,
  tokens: [
    ...[
      'rtsp://',
      'http://user:pw@',
      '@',
      ':',
      '://',
      'password=',
      'pwd:',
      'Authorization: Digest ',
      'token',
      '_',
      '=',
    ],
    ...['secret_', 'a_', '-', '.', '"', "'", ' ', '\n', '&', 'é'],
  ],
  run(bytes) {
    const text = bytes.toString('utf8');
    hold(redactSecrets(text).length <= 4 * text.length + 16, 'text does not grow without end');
    redactUrl(text);
  },
};
