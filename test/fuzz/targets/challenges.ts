import { createAuthenticator, parseChallenges } from '../../../src/rtsp/authentication.ts';
import { parseHeaderLines } from '../../../src/rtsp/headers.ts';
import { buildRequest, MAX_HEAD_BYTES, parseResponseHead } from '../../../src/rtsp/message.ts';
import { type FuzzTarget, hold } from '../target.ts';

const URL = 'rtsp://10.0.0.7/live';
const PASSWORD = 'geheim&Wort';

/** Lines, each a WWW-Authenticate header; and the dialogue with a camera that offers the same again and again. */
export const target: FuzzTarget = {
  name: 'challenges',
  maxBytes: 32 * 1024,
  tokens: [
    ...[
      'Digest ',
      'Basic ',
      'Bearer',
      'realm=',
      'nonce=',
      'opaque=',
      'algorithm=',
      'MD5',
      'SHA-256',
      'MD5-sess',
    ],
    ...[
      'qop=',
      '"auth"',
      '"auth,auth-int"',
      'stale=true',
      ',',
      '=',
      '"',
      '\\',
      '\\"',
      ' ',
      '\t',
      'é',
      '\r',
      '\0',
    ],
  ],
  run(bytes) {
    const lines = bytes.toString('latin1').split('\n');
    const headers = parseHeaderLines(lines.map((line) => `WWW-Authenticate: ${line}`));
    const challenges = parseChallenges(headers);
    hold(challenges.length <= 16, 'challenges are bounded');
    const authenticator = createAuthenticator({ user: 'viewer', password: PASSWORD });
    let rounds = 0;
    while (authenticator.onChallenge(challenges) === 'retry') {
      hold(++rounds < 12, 'a camera that is never content is given up');
      const answer = authenticator.authorize('DESCRIBE', URL);
      hold(answer !== undefined, 'who asks gets an answer');
      hold(!answer.includes(PASSWORD), 'the password is never sent as it is');
      const request = buildRequest('DESCRIBE', URL, rounds, { Authorization: answer });
      if (request.length >= MAX_HEAD_BYTES) continue;
      const read = parseResponseHead(request, 0, request.length);
      hold(read.kind === 'request' && read.headBytes === request.length, 'a request stays one request');
      hold([...read.headers.keys()].join() === 'cseq,authorization', 'it has the headers that it was given');
    }
  },
};
