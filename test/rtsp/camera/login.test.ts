import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSourceMemory } from '../../../src/ingest/camera-source.ts';
import { headerValue } from '../../../src/rtsp/headers.ts';
import { FRAMES, type Script, type Talk } from '../../support/bad-camera.ts';
import { badCameras, view } from '../../support/viewing.ts';
import { until } from '../../support/vigie.ts';

const { cameraThat } = badCameras();

const USER = 'viewer';
const PASSWORD = 'geheim';
const LOGIN = `${USER}:${PASSWORD}@`;
const METHODS = ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'GET_PARAMETER'];

interface Door {
  /** `WWW-Authenticate`, one header each. */
  readonly asks: () => readonly string[];
  readonly opensFor: (authorization: string, talk: Talk) => boolean;
  readonly after?: Readonly<Record<string, (talk: Talk) => void>>;
}

/** A camera that lets nobody in without a word; counts what was refused. */
function guarded({ asks, opensFor, after }: Door): {
  script: Script;
  refused: string[];
  asked: () => number;
} {
  const refused: string[] = [];
  let asked = 0;
  const answer = (talk: Talk): void => {
    const authorization = headerValue(talk.request.headers, 'authorization');
    if (authorization !== undefined && opensFor(authorization, talk)) {
      const then = after?.[talk.request.method];
      if (then) then(talk);
      else talk.right();
      return;
    }
    if (authorization === undefined) asked++;
    else refused.push(authorization);
    const lines = asks().map((challenge) => `WWW-Authenticate: ${challenge}\r\n`);
    talk.raw(`RTSP/1.0 401 Unauthorized\r\nCSeq: {cseq}\r\n${lines.join('')}\r\n`);
  };
  return {
    script: { on: Object.fromEntries(METHODS.map((method) => [method, answer])), forever: true },
    refused,
    asked: () => asked,
  };
}

const hashed = (algorithm: string, text: string): string =>
  createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5')
    .update(text, 'utf8')
    .digest('hex');

/** Fields of a Digest header. */
function fields(authorization: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, key = '', quoted, bare] of authorization.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)) {
    found.set(key, quoted ?? bare ?? '');
  }
  return found;
}

/** RFC 7616 section 3.4.1, worked out on the camera's side; the URI has to be that of the request line. */
function isRight(
  authorization: string,
  talk: Talk,
  want: { algorithm?: string; nonce: string; password?: string },
): boolean {
  const given = fields(authorization);
  const algorithm = want.algorithm ?? 'MD5';
  if (!authorization.startsWith('Digest ') || (given.get('algorithm') ?? 'MD5') !== algorithm) return false;
  if (given.get('nonce') !== want.nonce || given.get('uri') !== talk.request.url) return false;
  const secret = hashed(algorithm, `${USER}:cam:${want.password ?? PASSWORD}`);
  const request = hashed(algorithm, `${talk.request.method}:${talk.request.url}`);
  const counted = given.has('qop') ? `${given.get('nc')}:${given.get('cnonce')}:${given.get('qop')}:` : '';
  return given.get('response') === hashed(algorithm, `${secret}:${want.nonce}:${counted}${request}`);
}

const basic = (authorization: string): boolean =>
  authorization === `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;

describe('a camera with a password', () => {
  const THREE = [
    'Basic realm="cam"',
    'Digest realm="cam", nonce="1", algorithm=MD5',
    'Digest realm="cam", nonce="1", algorithm=SHA-256',
  ];

  it('C1 offers three ways to log in: the strongest is taken', async () => {
    const door = guarded({
      asks: () => THREE,
      opensFor: (given, talk) => isRight(given, talk, { algorithm: 'SHA-256', nonce: '1' }),
    });
    const viewing = await view((await cameraThat(door.script)).url('/s', LOGIN));
    expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
    expect(door.refused).toEqual([]);
  });

  it('C1 TP-Link means only the first of them: it is found, and remembered', async () => {
    const door = guarded({ asks: () => THREE, opensFor: basic });
    const camera = await cameraThat(door.script);
    const memory = createSourceMemory();
    const first = await view(camera.url('/s', LOGIN), {}, { memory });
    expect(await first.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
    expect(door.refused).toHaveLength(2);
    const second = await view(camera.url('/s', LOGIN), {}, { memory });
    expect(await second.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
    expect(door.refused).toHaveLength(2);
  });

  it('C1 the order of the camera can be asked for', async () => {
    const door = guarded({ asks: () => THREE, opensFor: basic });
    const camera = await cameraThat(door.script);
    const viewing = await view(camera.url('/s', LOGIN), { policies: { login: 'first' } });
    expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
    expect(door.refused).toEqual([]);
  });

  it('C2 Dahua with qop: uses of a nonce are counted without a gap', async () => {
    const counts: number[] = [];
    const door = guarded({
      asks: () => ['Digest realm="cam", nonce="1", qop="auth,auth-int", algorithm="SHA-256"'],
      opensFor: (given, talk) => {
        counts.push(Number.parseInt(fields(given).get('nc') ?? '', 16));
        return (
          fields(given).get('qop') === 'auth' && isRight(given, talk, { algorithm: 'SHA-256', nonce: '1' })
        );
      },
    });
    const viewing = await view((await cameraThat(door.script)).url('/s', LOGIN));
    expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
    expect(counts).toEqual(counts.map((_, i) => i + 1));
    expect(counts.length).toBeGreaterThanOrEqual(4);
  });

  it('C3 opaque comes back, and no algorithm is MD5', async () => {
    const door = guarded({
      asks: () => ['Digest realm="cam",nonce="1",opaque="o=p,q"'],
      opensFor: (given, talk) => given.includes('opaque="o=p,q"') && isRight(given, talk, { nonce: '1' }),
    });
    const viewing = await view((await cameraThat(door.script)).url('/s', LOGIN));
    expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
  });

  it('C4 Hikvision adds a parameter that nobody knows', async () => {
    const door = guarded({
      asks: () => ['Digest realm="cam", random="AbC=", nonce="1", stale="FALSE", domain=x'],
      opensFor: (given, talk) => isRight(given, talk, { nonce: '1' }),
    });
    const viewing = await view((await cameraThat(door.script)).url('/s', LOGIN));
    expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
  });

  it.each([', stale=true', ''])('C5 Axis renews the nonce with every sign of life%s', async (stale) => {
    let nonce = 1;
    const door = guarded({
      asks: () => [`Digest realm="cam", nonce="${nonce}"${stale}`],
      opensFor: (given, talk) => isRight(given, talk, { nonce: `${nonce}` }),
      after: {
        SETUP: (talk) =>
          talk.answer(200, { Session: '1;timeout=1', Transport: 'RTP/AVP/TCP;interleaved=0-1' }),
        GET_PARAMETER: (talk) => {
          talk.right();
          nonce++;
        },
      },
    });
    const camera = await cameraThat(door.script);
    const viewing = await view(camera.url('/s', LOGIN));
    await until('it was renewed several times', () => nonce > 4);
    expect(viewing.ended()).toBeUndefined();
    // One for the first request, one for each renewal: no more.
    expect(door.asked() + door.refused.length).toBeLessThanOrEqual(nonce);
    await viewing.stop();
  });

  it('C5 a sign of life that is refused for good does not end the video', async () => {
    let playing = false;
    const door = guarded({
      asks: () => ['Digest realm="cam", nonce="1"'],
      opensFor: (given, talk) => !playing && isRight(given, talk, { nonce: '1' }),
      after: {
        SETUP: (talk) =>
          talk.answer(200, { Session: '1;timeout=1', Transport: 'RTP/AVP/TCP;interleaved=0-1' }),
        PLAY: (talk) => {
          playing = true;
          talk.right();
        },
      },
    });
    const viewing = await view((await cameraThat(door.script)).url('/s', LOGIN));
    await until('it was refused', () => door.refused.length > 0);
    const before = viewing.hub.counters.frames;
    await until('pictures go on', () => viewing.hub.counters.frames > before + 40);
    expect(viewing.ended()).toBeUndefined();
    expect(door.refused.length).toBeLessThanOrEqual(2);
    await viewing.stop();
  });

  it('C6 the digest is over the URL exactly as in the request line, query and slash included', async () => {
    const door = guarded({
      asks: () => ['Digest realm="cam", nonce="1"'],
      opensFor: (given, talk) => isRight(given, talk, { nonce: '1' }),
    });
    const camera = await cameraThat(door.script);
    const viewing = await view(camera.url('/cam/realmonitor/?channel=1&subtype=0', LOGIN));
    expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
    expect(door.refused).toEqual([]);
  });

  it.each(['p:w@x/y', 'a%zz"b', '', 'ünï', 'semi;colon,comma'])('C7 the password %j', async (password) => {
    const door = guarded({
      asks: () => ['Digest realm="cam", nonce="1"'],
      opensFor: (given, talk) => isRight(given, talk, { nonce: '1', password }),
    });
    const camera = await cameraThat(door.script);
    const viewing = await view(camera.url('/s', `${USER}:${encodeURIComponent(password)}@`));
    expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
  });

  it('C9 a wrong one is sent once, and A1 no message shows it', async () => {
    const door = guarded({ asks: () => ['Digest realm="cam", nonce="1"'], opensFor: () => false });
    const viewing = await view((await cameraThat(door.script)).url('/s', `${USER}:falsch@`));
    expect(viewing.failure).toMatchObject({ cause: 'credentials' });
    expect(viewing.failure?.reason).not.toContain('falsch');
    expect(door.refused).toHaveLength(1);
    await viewing.stop();
  });
});
