import { createHash, randomBytes } from 'node:crypto';
import type { Challenge, DigestAlgorithm, DigestChallenge } from './challenge.ts';
import type { Credentials } from './url.ts';

export { type Challenge, parseChallenges } from './challenge.ts';

/**
 * Answers a camera's challenges for one connection (RFC 2326 section 14, RFC 2617, RFC 7616).
 *
 * A 401 has three meanings: "who are you?", "that was right but take a new nonce", and "wrong". Only the last is an
 * end, and cameras tell it from the second badly: few send `stale=true`. So a nonce that comes after an accepted
 * answer is always worth one try (C5), and a scheme that was answered and refused is not tried again (C9): cameras lock
 * accounts after a handful of wrong passwords.
 */
export interface Authenticator {
  /**
   * The `Authorization` header for a request, or `undefined` while the camera has not asked for one. `uri` is exactly
   * what stands in the request line (C6).
   */
  authorize(method: string, uri: string): string | undefined;
  /** To be called with what a 401 offers. `retry` means: send the request again with a new `authorize`. */
  onChallenge(challenges: readonly Challenge[]): 'retry' | 'refused';
  /** To be called when a request that carried `authorize` was answered with anything but a 401. */
  onAccepted(): void;
  /** The way that was accepted, for `LoginChoice.prefer`; `undefined` while none was. */
  readonly accepted: string | undefined;
}

/** Which of several offers is answered first; the others follow when it is refused. */
export interface LoginChoice {
  /** By strength, or as the camera lists them (C1). */
  readonly order: 'strongest' | 'first';
  /** Before all others, if it is offered: what was accepted the last time. */
  readonly prefer: string | undefined;
}

/** Nonces in a row that a camera may call stale before we take its word for a refusal. */
const MAX_RENEWALS = 3;

const ALGORITHM_RANK: Record<DigestAlgorithm, number> = {
  'SHA-256': 4,
  'SHA-256-sess': 3,
  MD5: 2,
  'MD5-sess': 1,
};

const PREFERRED_RANK = 5;

interface Answering {
  readonly challenge: Challenge;
  /** One for the life of a nonce, so that the session variants keep their key. */
  readonly cnonce: string;
  /** Times this nonce was used: `nc`, which a camera may check for gaps and repeats. */
  uses: number;
}

export function createAuthenticator(
  credentials: Credentials | undefined,
  createCnonce: () => string = () => randomBytes(8).toString('hex'),
  choice: LoginChoice = { order: 'strongest', prefer: undefined },
): Authenticator {
  let answering: Answering | undefined;
  let accepted = false;
  let acceptedName: string | undefined;
  let renewals = 0;
  const refused = new Set<string>();

  const take = (challenge: Challenge): 'retry' => {
    answering = { challenge, cnonce: createCnonce(), uses: 0 };
    return 'retry';
  };

  return {
    authorize(method, uri) {
      if (!credentials || !answering) return undefined;
      answering.uses++;
      const { challenge } = answering;
      return challenge.scheme === 'basic'
        ? basicAuthorization(credentials)
        : digestAuthorization(credentials, challenge, method, uri, answering.cnonce, answering.uses);
    },

    onChallenge(challenges) {
      if (!credentials) return 'refused';
      const previous = answering;
      if (previous && previous.uses > 0) {
        const name = schemeName(previous.challenge);
        const renewed = challenges.find((challenge) => isRenewal(challenge, previous.challenge));
        const believed = accepted || (renewed?.scheme === 'digest' && renewed.stale);
        if (renewed && believed && renewals < MAX_RENEWALS) {
          accepted = false;
          renewals++;
          return take(renewed);
        }
        refused.add(name);
      }
      accepted = false;
      const next = challenges
        .filter((challenge) => !refused.has(schemeName(challenge)))
        .toSorted((a, b) => rank(b, choice) - rank(a, choice))[0];
      return next ? take(next) : 'refused';
    },

    onAccepted() {
      if (!answering || answering.uses === 0) return;
      accepted = true;
      acceptedName = schemeName(answering.challenge);
      renewals = 0;
    },

    get accepted() {
      return acceptedName;
    },
  };
}

/** SHA-256 before MD5 before Basic, whatever the order in which they are offered (C1), unless that order counts. */
function rank(challenge: Challenge, { order, prefer }: LoginChoice): number {
  if (schemeName(challenge) === prefer) return PREFERRED_RANK;
  if (order === 'first') return 0;
  return challenge.scheme === 'basic' ? 0 : ALGORITHM_RANK[challenge.algorithm];
}

function schemeName(challenge: Challenge): string {
  return challenge.scheme === 'basic' ? 'basic' : challenge.algorithm;
}

/** The same scheme with a nonce not yet tried: the same nonce again can only be refused again. */
function isRenewal(challenge: Challenge, previous: Challenge): boolean {
  return (
    challenge.scheme === 'digest' &&
    previous.scheme === 'digest' &&
    challenge.algorithm === previous.algorithm &&
    challenge.nonce !== previous.nonce
  );
}

function basicAuthorization({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function digestAuthorization(
  credentials: Credentials,
  challenge: DigestChallenge,
  method: string,
  uri: string,
  cnonce: string,
  uses: number,
): string {
  const { realm, nonce, qop, opaque, algorithm, algorithmText } = challenge;
  const hash = (text: string): string =>
    createHash(algorithm.startsWith('SHA-256') ? 'sha256' : 'md5')
      .update(text, 'latin1')
      .digest('hex');
  const isSession = algorithm.endsWith('-sess');
  const user = asBytes(credentials.user);
  const count = uses.toString(16).padStart(8, '0');

  const secret = hash(`${user}:${realm}:${asBytes(credentials.password)}`);
  const key = isSession ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  // `auth-int` covers the body too; the requests that carry our answer have none.
  const request = hash(qop === 'auth-int' ? `${method}:${uri}:${hash('')}` : `${method}:${uri}`);
  const response = hash(
    qop ? `${key}:${nonce}:${count}:${cnonce}:${qop}:${request}` : `${key}:${nonce}:${request}`,
  );

  const fields = [
    `username="${user.replaceAll(/["\\]/g, '\\$&')}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${response}"`,
  ];
  // Only what was asked for: cameras from before RFC 2617 know none of these.
  if (algorithmText !== undefined) fields.push(`algorithm=${algorithmText}`);
  if (opaque !== undefined) fields.push(`opaque="${opaque}"`);
  if (qop) fields.push(`qop=${qop}`, `nc=${count}`);
  if (qop || isSession) fields.push(`cnonce="${cnonce}"`);
  return `Digest ${fields.join(', ')}`;
}

/** UTF-8 as a string of bytes: messages are Latin-1, and the camera's own strings are bytes already. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
