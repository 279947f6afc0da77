import { StoreError, type StoreProblem } from '../object-store.ts';

const UNKNOWN_CA = [
  'untrusted',
  'its certificate is not of a CA that is known here: storage.s3.caFile has to name the one it is of',
] as const;
const SELF_SIGNED = [
  'untrusted',
  'its certificate is self-signed: storage.s3.caFile has to name it',
] as const;

/** What the names of errors mean: of the S3 API, and of Node's sockets. */
const PROBLEMS: Readonly<Record<string, readonly [StoreProblem, string]>> = {
  NoSuchBucket: ['refused', 'there is no bucket of that name'],
  InvalidBucketName: ['refused', 'that is no name for a bucket'],
  PermanentRedirect: ['refused', 'the bucket is in another region'],
  AuthorizationHeaderMalformed: ['refused', 'the region is not the one of the bucket'],
  AccessDenied: ['refused', 'these credentials may not do that'],
  Forbidden: ['refused', 'these credentials may not do that'],
  InvalidAccessKeyId: ['refused', 'it does not know the access key'],
  SignatureDoesNotMatch: ['refused', 'the secret key is wrong'],
  ExpiredToken: ['refused', 'the credentials have expired'],
  CredentialsProviderError: [
    'refused',
    'there are no credentials: neither in the configuration nor around it',
  ],
  RequestTimeTooSkewed: ['refused', 'the clock of this machine, or of the store, is wrong by many minutes'],
  QuotaExceeded: ['full', 'its quota is used up'],
  EntityTooLarge: ['unexpected', 'it takes no object that large'],
  NoSuchKey: ['missing', 'it is missing'],
  NotFound: ['missing', 'it is missing'],
  BadDigest: ['corrupt', 'what arrived there is not what was recorded'],
  XAmzContentSHA256Mismatch: ['corrupt', 'what arrived there is not what was recorded'],
  InternalError: ['unreachable', 'it has an internal error'],
  ServiceUnavailable: ['unreachable', 'it says that it is not available'],
  SlowDown: ['unreachable', 'it asks for fewer requests'],
  ECONNREFUSED: ['unreachable', 'nothing listens there'],
  ECONNRESET: ['unreachable', 'it broke the connection'],
  EPIPE: ['unreachable', 'it broke the connection while something was sent'],
  ENOTFOUND: ['unreachable', 'its name cannot be resolved'],
  EAI_AGAIN: ['unreachable', 'its name cannot be resolved at the moment'],
  EHOSTUNREACH: ['unreachable', 'there is no route to it'],
  ENETUNREACH: ['unreachable', 'there is no route to it'],
  ETIMEDOUT: ['unreachable', 'it does not answer'],
  TimeoutError: ['unreachable', 'it does not answer'],
  AbortError: ['unreachable', 'it does not answer'],
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  CERT_SIGNATURE_FAILURE: UNKNOWN_CA,
  ERR_TLS_CERT_ALTNAME_INVALID: ['untrusted', 'its certificate is for another name'],
  CERT_HAS_EXPIRED: ['untrusted', 'its certificate has expired'],
  CERT_NOT_YET_VALID: ['untrusted', 'its certificate is not valid yet: is the clock of this machine right?'],
  EPROTO: ['untrusted', 'it does not speak TLS as it should: is the endpoint http, not https?'],
};

interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly Code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly cause?: unknown;
}

/** What an error of the SDK means to a person. `doing`: "The object store, asked to store something". */
export function s3Error(doing: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { name, code, Code, message, $metadata } = error as SdkError;
  for (const key of [code, Code, name]) {
    const known = key === undefined ? undefined : PROBLEMS[key];
    if (known) return new StoreError(known[0], `${doing}: ${known[1]}`, error);
  }
  const status = $metadata?.httpStatusCode;
  const words = `${name ?? 'error'}${status === undefined ? '' : ` ${status}`}, ${message ?? ''}`;
  // An answer without a body has no name either.
  const known = status === 401 || status === 403 ? 'these credentials may not do that, or are wrong' : words;
  return new StoreError(problemOfStatus(status), `${doing}: ${known}`.slice(0, 500), error);
}

function problemOfStatus(status: number | undefined): StoreProblem {
  if (status === 404) return 'missing';
  if (status === 401 || status === 403) return 'refused';
  if (status === 507) return 'full';
  return status !== undefined && status >= 500 ? 'unreachable' : 'unexpected';
}
