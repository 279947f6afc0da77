import { headerValues, type RtspHeaders } from './headers.ts';

/**
 * What a 401 asks for (RFC 7235 section 2.1, RFC 7616 section 3.3). Values are what stands between the quotes, escapes
 * included: the digest is computed over exactly that (`unq` in RFC 7616), and the answer echoes exactly that.
 */
export type Challenge = DigestChallenge | BasicChallenge;

export interface DigestChallenge {
  readonly scheme: 'digest';
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly algorithm: DigestAlgorithm;
  /** As the camera wrote it, to be echoed so; `undefined` when it wrote none, which means MD5 (C3). */
  readonly algorithmText: string | undefined;
  /** The kind of protection to use, `undefined` for the older digest without one. */
  readonly qop: 'auth' | 'auth-int' | undefined;
  /** The answer was right and only the nonce too old. */
  readonly stale: boolean;
}

export interface BasicChallenge {
  readonly scheme: 'basic';
  readonly realm: string;
}

export type DigestAlgorithm = 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess';

const ALGORITHMS: ReadonlyMap<string, DigestAlgorithm> = new Map([
  ['md5', 'MD5'],
  ['md5-sess', 'MD5-sess'],
  ['sha-256', 'SHA-256'],
  ['sha-256-sess', 'SHA-256-sess'],
]);

const MAX_CHALLENGES = 16;
const WORD = /[^\s,="]+/y;
const PADDED_EQUALS = /\s*=\s*/y;
const BLANK_OR_COMMA = /[\s,]*/y;

interface RawChallenge {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

/**
 * Every challenge that can be answered, in the order offered, from all `WWW-Authenticate` headers and all challenges in
 * each (C1). Unknown schemes, algorithms and parameters, such as Hikvision's `random=` (C4), are passed over.
 */
export function parseChallenges(headers: RtspHeaders): readonly Challenge[] {
  return headerValues(headers, 'www-authenticate')
    .flatMap(scanChallenges)
    .slice(0, MAX_CHALLENGES)
    .map(understand)
    .filter((challenge) => challenge !== undefined);
}

function understand({ scheme, parameters }: RawChallenge): Challenge | undefined {
  const realm = parameters.get('realm') ?? '';
  if (scheme === 'basic') return { scheme, realm };
  const nonce = parameters.get('nonce');
  if (scheme !== 'digest' || nonce === undefined) return undefined;

  const algorithmText = parameters.get('algorithm');
  const algorithm = ALGORITHMS.get(algorithmText?.toLowerCase() || 'md5');
  if (!algorithm) return undefined;
  const offered = (parameters.get('qop') ?? '').toLowerCase().split(/[\s,]+/);
  return {
    scheme,
    realm,
    nonce,
    opaque: parameters.get('opaque'),
    algorithm,
    algorithmText: algorithmText || undefined,
    qop: (['auth', 'auth-int'] as const).find((qop) => offered.includes(qop)),
    stale: parameters.get('stale')?.toLowerCase() === 'true',
  };
}

/**
 * Challenges and their parameters are both separated by commas, so only what follows a word tells which it is: `=` after
 * a parameter's name, anything else after a scheme. Words after a value without quotes and without a comma belong to
 * that value (`realm=IP Camera`).
 */
function scanChallenges(text: string): RawChallenge[] {
  const found: RawChallenge[] = [];
  let openKey: string | undefined;
  for (let at = 0; at < text.length; ) {
    const separator = matchAt(BLANK_OR_COMMA, text, at);
    at += separator.length;
    if (separator.includes(',')) openKey = undefined;
    const word = matchAt(WORD, text, at);
    if (word === '') {
      // A quote or an equals sign where none belongs.
      at++;
      continue;
    }
    at += word.length;
    const current = found.at(-1);
    const equals = matchAt(PADDED_EQUALS, text, at);
    if (equals !== '') {
      at += equals.length;
      const value = readValue(text, at);
      at = value.end;
      const key = word.toLowerCase();
      if (current && !current.parameters.has(key)) current.parameters.set(key, value.text);
      openKey = value.quoted ? undefined : key;
    } else if (current && openKey !== undefined && !isKnownScheme(word)) {
      current.parameters.set(openKey, `${current.parameters.get(openKey) ?? ''} ${word}`);
    } else {
      found.push({ scheme: word.toLowerCase(), parameters: new Map() });
      openKey = undefined;
    }
  }
  return found;
}

function readValue(text: string, start: number): { text: string; end: number; quoted: boolean } {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && !/[\s,]/.test(text[end] ?? '')) end++;
    return { text: text.slice(start, end), end, quoted: false };
  }
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return { text: text.slice(start + 1, end), end: end + 1, quoted: true };
}

function isKnownScheme(word: string): boolean {
  return /^(?:basic|digest)$/i.test(word);
}

/** What a sticky expression matches at `at`, `''` for nothing. */
function matchAt(expression: RegExp, text: string, at: number): string {
  expression.lastIndex = at;
  return expression.exec(text)?.[0] ?? '';
}
