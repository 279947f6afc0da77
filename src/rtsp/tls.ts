import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  type ConnectionOptions,
  connect,
  createSecureContext,
  DEFAULT_CIPHERS,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { type WallMicros, wallMicros } from '../time/units.ts';
import { failure, type RtspFailure } from './failure.ts';

/** By what an RTSPS camera is believed to be the one that is meant. There is no way to believe any of them. */
export type TlsTrust =
  /** An authority that the system knows has signed for its name. */
  | { readonly kind: 'system' }
  /** An authority of one's own has: a PEM file. */
  | { readonly kind: 'authority'; readonly caFile: string }
  /** It presents this very certificate: SHA-256 of its DER form, 64 hexadecimal digits. Who signed it is no matter. */
  | { readonly kind: 'fingerprint'; readonly sha256: string };

/** Without forward secrecy whoever gets the camera's key can read what was recorded on the way for years. */
const VERIFIED_CIPHERS = `${DEFAULT_CIPHERS}:!kRSA`;
/**
 * A pinned camera may be one that knows nothing better: RSA key exchange (A3), TLS 1.0, keys of 1024 bits, SHA-1. The
 * best that both know is taken all the same.
 */
const PINNED_CIPHERS = 'DEFAULT:@SECLEVEL=0';

let systemContext: SecureContext | undefined;
let pinnedContext: SecureContext | undefined;

/** What a TLS connection is made with. The authority's file is read each time, so that it may be renewed. */
export async function tlsContext(trust: TlsTrust): Promise<SecureContext | RtspFailure> {
  switch (trust.kind) {
    case 'system':
      systemContext ??= createSecureContext({ ciphers: VERIFIED_CIPHERS });
      return systemContext;
    case 'fingerprint':
      pinnedContext ??= createSecureContext({ ciphers: PINNED_CIPHERS, minVersion: 'TLSv1' });
      return pinnedContext;
    case 'authority':
      try {
        return createSecureContext({ ciphers: VERIFIED_CIPHERS, ca: await readFile(trust.caFile) });
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return failure('protocol', `the certificates in ${trust.caFile} cannot be read: ${code ?? message}`);
      }
  }
}

/**
 * Starts a TLS connection. It may come to stand with anybody: nothing is to be sent or believed before
 * `certificateProblem` has said that there is none.
 */
export function connectTls(options: {
  readonly host: string;
  readonly port: number;
  readonly context: SecureContext;
}): TLSSocket {
  const { host, port, context } = options;
  const settings: ConnectionOptions = {
    host,
    port,
    secureContext: context,
    // Looked at by `certificateProblem`, which can then name the certificate that was presented.
    rejectUnauthorized: false,
    // Nor is there a zone in a certificate.
    checkServerIdentity: (_, certificate) => checkServerIdentity(host.replace(/%.*$/, ''), certificate),
  };
  // An address is no name to ask for (RFC 6066 section 3).
  return connect(isIP(host) === 0 ? { ...settings, servername: host } : settings);
}

/** Why the camera at the other end is not believed, with what a person can do; `undefined` when it is. */
export function certificateProblem(
  socket: TLSSocket,
  trust: TlsTrust,
  where: string,
): RtspFailure | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return failure('protocol', `${where} presents no certificate`);
  const presented = plain(certificate.fingerprint256);
  if (trust.kind === 'fingerprint') {
    return presented === plain(trust.sha256)
      ? undefined
      : failure(
          'credentials',
          `${where} presents another certificate than the pinned one: if the camera was given a new one, pin ${presented}`,
        );
  }
  if (socket.authorized) return undefined;
  const why = explain(String(socket.authorizationError ?? ''));
  return failure(
    'credentials',
    `the certificate of ${where} ${why}: if it is the right camera, set tls.fingerprint to ${presented}`,
  );
}

/**
 * When the camera will be believed no longer, by its own certificate; `undefined` where that does not matter (a pinned one
 * is believed for ever) or cannot be read.
 */
export function certificateEnd(socket: TLSSocket, trust: TlsTrust): WallMicros | undefined {
  if (trust.kind === 'fingerprint') return undefined;
  const end = Date.parse(socket.getPeerX509Certificate()?.validTo ?? '');
  return Number.isNaN(end) ? undefined : wallMicros(end * 1_000);
}

/** A fingerprint as 64 lower-case digits, whatever stands between them. */
function plain(fingerprint: string): string {
  return fingerprint.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
}

function explain(code: string): string {
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return 'is signed by itself';
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'is signed by an unknown authority';
    case 'CERT_HAS_EXPIRED':
      return 'has expired';
    case 'CERT_NOT_YET_VALID':
      return 'is not valid yet';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'is for another name';
    default:
      return `is not accepted (${code})`;
  }
}
