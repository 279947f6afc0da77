import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAuthenticator, parseChallenges } from '../../src/rtsp/authentication.ts';
import type { Challenge } from '../../src/rtsp/challenge.ts';
import type { RtspHeaders } from '../../src/rtsp/headers.ts';

const offered = (...values: string[]): readonly Challenge[] =>
  parseChallenges(new Map([['www-authenticate', values]]));
const schemes = (challenges: readonly Challenge[]): string[] =>
  challenges.map((challenge) => (challenge.scheme === 'basic' ? 'basic' : challenge.algorithm));
/** The fields of an Authorization header, quotes off. */
const fields = (authorization: string | undefined): Record<string, string> =>
  Object.fromEntries(
    [...(authorization ?? '').matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s]*))/g)].map((match) => [
      match[1],
      match[2] ?? match[3],
    ]),
  ) as Record<string, string>;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

const USER = { user: 'admin', password: 'pw' };
const MD5 = 'Digest realm="cam", nonce="n1"';
const SHA = 'Digest realm="cam", nonce="n1", algorithm=SHA-256';
const BASIC = 'Basic realm="cam"';

describe('challenges', () => {
  it('C1 come in several headers and several in one', () => {
    expect(schemes(offered(`${BASIC}, ${MD5}`, SHA))).toEqual(['basic', 'MD5', 'SHA-256']);
    expect(schemes(offered('Basic realm="a, Digest b", Digest realm = "x" , nonce ="y"'))).toEqual([
      'basic',
      'MD5',
    ]);
    expect(schemes(offered('Negotiate, Digest nonce="y" Basic realm="z"'))).toEqual(['MD5', 'basic']);
  });

  it.each([
    ['algorithm=MD5', 'MD5'],
    ['algorithm="MD5"', 'MD5'],
    ['algorithm=md5-sess', 'MD5-sess'],
    ['algorithm=""', 'MD5'],
    ['algorithm="sha-256"', 'SHA-256'],
    ['algorithm=SHA-256-sess', 'SHA-256-sess'],
  ])('C3 %s is %s', (parameter, algorithm) => {
    expect(offered(`Digest realm="r",${parameter},nonce="n"`)).toMatchObject([{ algorithm }]);
  });

  it('C3 no algorithm is MD5, and an unknown one no challenge to us', () => {
    expect(offered('Digest realm="r", nonce="n"')).toMatchObject([
      { algorithm: 'MD5', algorithmText: undefined },
    ]);
    expect(offered('Digest realm="r", nonce="n", algorithm=SHA-512-256', BASIC)).toMatchObject([
      { scheme: 'basic' },
    ]);
  });

  it('C4 unknown parameters and schemes are passed over', () => {
    expect(
      offered('Digest qop="auth", random="abc=", realm="r", nonce="n", foo=bar', 'NTLM TlRMTVNTUAAB=='),
    ).toEqual([
      {
        scheme: 'digest',
        realm: 'r',
        nonce: 'n',
        opaque: undefined,
        algorithm: 'MD5',
        algorithmText: undefined,
        qop: 'auth',
        stale: false,
      },
    ]);
  });

  it('keep what stands between the quotes as it is', () => {
    expect(offered(String.raw`Digest realm="a \"b\", c\\", nonce="x\"`)).toMatchObject([
      { realm: String.raw`a \"b\", c\\`, nonce: String.raw`x\"` },
    ]);
  });

  it('may lack quotes, commas and ends', () => {
    expect(offered('Digest realm=IP Camera 7, nonce=abc, stale=TRUE')).toMatchObject([
      { realm: 'IP Camera 7', nonce: 'abc', stale: true },
    ]);
    expect(offered('Digest realm="a" nonce="b" qop="auth-int, auth" opaque="c')).toMatchObject([
      { realm: 'a', nonce: 'b', qop: 'auth', opaque: 'c' },
    ]);
  });

  it('without a nonce are none', () => {
    expect(offered('Digest realm="r"', '', ',,,', '"', '==')).toEqual([]);
  });

  it('never throw and stay few, whatever is sent', () => {
    const piece = fc.constantFrom(
      'Digest ',
      'Basic ',
      'nonce=',
      '"',
      '\\',
      ',',
      '=',
      ' ',
      'realm="x"',
      'a',
      '\0',
      'é',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), (pieces) => {
        expect(offered(pieces.join(''), pieces.join(',')).length).toBeLessThanOrEqual(16);
      }),
    );
  });
});

describe('digest', () => {
  const answer = (challenge: string, credentials: { user: string; password: string }, cnonce: string) => {
    const authenticator = createAuthenticator(credentials, () => cnonce);
    expect(authenticator.onChallenge(offered(challenge))).toBe('retry');
    return authenticator;
  };

  it('is that of RFC 2617 section 3.5', () => {
    const authenticator = answer(
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
      { user: 'Mufasa', password: 'Circle Of Life' },
      '0a4f113b',
    );
    expect(fields(authenticator.authorize('GET', '/dir/index.html'))).toEqual({
      username: 'Mufasa',
      realm: 'testrealm@host.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      uri: '/dir/index.html',
      qop: 'auth',
      nc: '00000001',
      cnonce: '0a4f113b',
      response: '6629fae49393a05397450978507c4ef1',
      opaque: '5ccc069c403ebaf9f0171e9517f40e41',
    });
  });

  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('is that of RFC 7616 section 3.9.1 with %s', (algorithm, response) => {
    const authenticator = answer(
      `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
      { user: 'Mufasa', password: 'Circle of Life' },
      'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    );
    expect(fields(authenticator.authorize('GET', '/dir/index.html'))).toMatchObject({ algorithm, response });
  });

  it('is that of RFC 2069 when no qop is offered', () => {
    const authenticator = answer(
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
      { user: 'Mufasa', password: 'CircleOfLife' },
      'unused',
    );
    const header = authenticator.authorize('GET', '/dir/index.html');
    expect(fields(header)['response']).toBe('1949323746fe6a43ef61f9606e7febea');
    expect(Object.keys(fields(header))).toEqual(['username', 'realm', 'nonce', 'uri', 'response']);
  });

  it('C2 counts the uses of a nonce, starting over with the next', () => {
    const authenticator = answer(`${MD5}, qop="auth"`, USER, 'c');
    expect(fields(authenticator.authorize('DESCRIBE', 'rtsp://h/'))['nc']).toBe('00000001');
    expect(fields(authenticator.authorize('SETUP', 'rtsp://h/'))['nc']).toBe('00000002');
    authenticator.onAccepted();
    expect(authenticator.onChallenge(offered('Digest realm="cam", nonce="n2", qop="auth"'))).toBe('retry');
    expect(fields(authenticator.authorize('SETUP', 'rtsp://h/'))).toMatchObject({
      nc: '00000001',
      nonce: 'n2',
    });
  });

  it('C2 auth-int alone covers the empty body', () => {
    const header = fields(answer(`${MD5}, qop="auth-int"`, USER, 'c').authorize('PLAY', 'rtsp://h/'));
    const request = md5(`PLAY:rtsp://h/:${md5('')}`);
    expect(header['response']).toBe(md5(`${md5('admin:cam:pw')}:n1:00000001:c:auth-int:${request}`));
  });

  it('the session variant binds its key to the nonce', () => {
    const header = fields(answer(`${MD5}, algorithm=MD5-sess`, USER, 'c').authorize('PLAY', 'rtsp://h/'));
    expect(header['response']).toBe(md5(`${md5(`${md5('admin:cam:pw')}:n1:c`)}:n1:${md5('PLAY:rtsp://h/')}`));
    expect(header).toMatchObject({ algorithm: 'MD5-sess', cnonce: 'c' });
  });

  it('C3 opaque is echoed, even an empty one', () => {
    expect(answer(`${MD5}, opaque=""`, USER, 'c').authorize('PLAY', 'rtsp://h/')).toContain('opaque=""');
  });

  it('C6 the uri is what the request line has', () => {
    const uri = 'rtsp://10.0.0.9:554/cam?channel=1&subtype=0/trackID=0';
    expect(fields(answer(MD5, USER, 'c').authorize('SETUP', uri))).toMatchObject({
      uri,
      response: md5(`${md5('admin:cam:pw')}:n1:${md5(`SETUP:${uri}`)}`),
    });
  });

  it('C7 user and password of any characters', () => {
    const header = answer(MD5, { user: 'a"\\é', password: ':@%"é' }, 'c').authorize('PLAY', 'u') ?? '';
    expect(header).toContain(`username="a\\"\\\\${Buffer.from('é').toString('latin1')}"`);
    expect(fields(header)['response']).toBe(md5(`${md5('a"\\é:cam::@%"é')}:n1:${md5('PLAY:u')}`));
  });
});

describe('an authenticator', () => {
  const first = (credentials = USER, ...values: string[]) => {
    const authenticator = createAuthenticator(credentials, () => 'c');
    authenticator.onChallenge(offered(...values));
    return authenticator;
  };
  const kind = (header: string | undefined): string =>
    header?.startsWith('Basic') ? 'Basic' : (fields(header)['algorithm'] ?? 'MD5');

  it('sends nothing until it is asked', () => {
    expect(createAuthenticator(USER).authorize('OPTIONS', 'rtsp://h/')).toBeUndefined();
  });

  it('has nothing to say without credentials', () => {
    const authenticator = createAuthenticator(undefined);
    expect(authenticator.onChallenge(offered(MD5))).toBe('refused');
    expect(authenticator.authorize('OPTIONS', 'rtsp://h/')).toBeUndefined();
  });

  it('refuses when nothing it knows is offered', () => {
    expect(createAuthenticator(USER).onChallenge(offered('Negotiate'))).toBe('refused');
  });

  it('Basic is UTF-8 in base64', () => {
    expect(first({ user: 'Aladdin', password: 'open sesame' }, BASIC).authorize('PLAY', 'u')).toBe(
      'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    );
  });

  it('C1 takes SHA-256 before MD5 before Basic, and the next when one is refused', () => {
    const all = [BASIC, MD5, SHA];
    const authenticator = first(USER, ...all);
    expect(kind(authenticator.authorize('DESCRIBE', 'u'))).toBe('SHA-256');
    expect(authenticator.onChallenge(offered(...all))).toBe('retry');
    expect(kind(authenticator.authorize('DESCRIBE', 'u'))).toBe('MD5');
    expect(authenticator.onChallenge(offered(...all))).toBe('retry');
    expect(kind(authenticator.authorize('DESCRIBE', 'u'))).toBe('Basic');
    expect(authenticator.onChallenge(offered(...all))).toBe('refused');
  });

  it('C5 a nonce renewed mid-session is answered once', () => {
    const authenticator = first(USER, MD5);
    authenticator.authorize('DESCRIBE', 'u');
    authenticator.onAccepted();
    for (const nonce of ['n2', 'n3', 'n4', 'n5', 'n6']) {
      authenticator.authorize('OPTIONS', 'u');
      expect(authenticator.onChallenge(offered(`Digest realm="cam", nonce="${nonce}"`))).toBe('retry');
      expect(fields(authenticator.authorize('OPTIONS', 'u'))['nonce']).toBe(nonce);
      authenticator.onAccepted();
    }
    authenticator.authorize('OPTIONS', 'u');
    expect(authenticator.onChallenge(offered('Digest realm="cam", nonce="n7"'))).toBe('retry');
    authenticator.authorize('OPTIONS', 'u');
    expect(authenticator.onChallenge(offered('Digest realm="cam", nonce="n8"'))).toBe('refused');
  });

  it('C5 stale says that the password was right, but not for ever', () => {
    const authenticator = first(USER, MD5);
    const answers: string[] = [];
    for (const nonce of ['n2', 'n3', 'n4', 'n5']) {
      authenticator.authorize('DESCRIBE', 'u');
      answers.push(authenticator.onChallenge(offered(`Digest realm="cam", nonce="${nonce}", stale=true`)));
    }
    expect(answers).toEqual(['retry', 'retry', 'retry', 'refused']);
  });

  it('C9 a wrong password is sent once, although every refusal brings a new nonce', () => {
    const authenticator = first(USER, MD5);
    authenticator.authorize('DESCRIBE', 'u');
    expect(authenticator.onChallenge(offered('Digest realm="cam", nonce="n2"'))).toBe('refused');
  });

  it('takes a challenge that came before any answer was sent for no refusal', () => {
    const authenticator = first(USER, MD5);
    expect(authenticator.onChallenge(offered('Digest realm="cam", nonce="n2"'))).toBe('retry');
    expect(fields(authenticator.authorize('DESCRIBE', 'u'))['nonce']).toBe('n2');
  });

  it('comes to an end against any camera that says 401 to everything', () => {
    const digest = fc.record({
      nonce: fc.stringMatching(/^[0-9a-f]{0,8}$/),
      stale: fc.boolean(),
      sha: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(digest, { maxLength: 3 }), { minLength: 30, maxLength: 30 }),
        (rounds) => {
          const authenticator = createAuthenticator(USER, () => 'c');
          let sent = 0;
          for (const round of rounds) {
            const lines = round.map(
              ({ nonce, stale, sha }) =>
                `Digest realm="r", nonce="${nonce}", stale=${stale}${sha ? ', algorithm=SHA-256' : ''}`,
            );
            if (authenticator.onChallenge(offered(...lines, BASIC)) === 'refused') break;
            expect(authenticator.authorize('DESCRIBE', 'u')).toBeDefined();
            sent++;
          }
          expect(sent).toBeLessThanOrEqual(6);
        },
      ),
    );
  });

  it('what it prints is read back as it was challenged', () => {
    const quotable = fc.stringMatching(/^[ !#-[\]-~]{0,24}$/);
    fc.assert(
      fc.property(quotable, quotable, fc.option(quotable), fc.boolean(), (realm, nonce, opaque, qop) => {
        const text = `Digest realm="${realm}", nonce="${nonce}"${opaque === null ? '' : `, opaque="${opaque}"`}${qop ? ', qop="auth"' : ''}`;
        const headers: RtspHeaders = new Map([['www-authenticate', [text]]]);
        expect(parseChallenges(headers)).toMatchObject([
          { realm, nonce, opaque: opaque ?? undefined, qop: qop ? 'auth' : undefined },
        ]);
        const authenticator = first(USER, text);
        const again = parseChallenges(
          new Map([['www-authenticate', [authenticator.authorize('PLAY', 'rtsp://h/') ?? '']]]),
        );
        expect(again).toMatchObject([{ realm, nonce, opaque: opaque ?? undefined }]);
      }),
    );
  });
});
