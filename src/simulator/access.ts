import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CameraCredentials } from './simulated-camera.ts';

/** What a camera with a password asks its clients, and whether they know it (RFC 7617, RFC 7616). */
export interface Access {
  /** `WWW-Authenticate` of the 401. */
  readonly challenge: string;
  accepts(authorization: string | undefined, method: string): boolean;
}

const REALM = 'Simulated camera';

export function createAccess(credentials: CameraCredentials): Access {
  const { user, password, scheme } = credentials;
  if (scheme === 'basic') {
    const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    return {
      challenge: `Basic realm="${REALM}"`,
      accepts: (authorization) => equal(authorization ?? '', expected),
    };
  }
  const algorithm = scheme === 'digest-md5' ? 'MD5' : 'SHA-256';
  const hash = (text: string): string =>
    createHash(scheme === 'digest-md5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex');
  const nonce = randomBytes(16).toString('hex');
  const secret = hash(`${user}:${REALM}:${password}`);
  return {
    challenge: `Digest realm="${REALM}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"`,
    accepts(authorization, method) {
      const given = parameters(authorization ?? '');
      if (given.get('nonce') !== nonce || given.get('username') !== user) return false;
      const request = hash(`${method}:${given.get('uri') ?? ''}`);
      const counted = `${given.get('nc') ?? ''}:${given.get('cnonce') ?? ''}:auth`;
      return equal(given.get('response') ?? '', hash(`${secret}:${nonce}:${counted}:${request}`));
    },
  };
}

function parameters(authorization: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const match of authorization.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)) {
    found.set((match[1] as string).toLowerCase(), match[2] ?? match[3] ?? '');
  }
  return found;
}

function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
