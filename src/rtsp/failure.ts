import type { ResponseHead } from './message.ts';

/** Why there is no video: what a person is told, and what the gap in the recording is called. */
export interface RtspFailure {
  readonly kind: 'failure';
  /**
   * `offline`: refused, timed out, closed. `credentials`: the password, or its certificate. `not-found`: no such stream.
   * `protocol`: it speaks no RTSP, or not one that leads to video which is recorded here.
   */
  readonly cause: 'offline' | 'credentials' | 'not-found' | 'protocol';
  /** One sentence without its full stop. Holds no secret. */
  readonly reason: string;
  /** The camera has no room for another viewer: perhaps because of one of ours that it has not forgotten (H7). */
  readonly busy?: boolean;
}

export const failure = (cause: RtspFailure['cause'], reason: string): RtspFailure => ({
  kind: 'failure',
  cause,
  reason,
});

/** What a socket's error means to a person. `where` is host and port. */
export function socketFailure(error: NodeJS.ErrnoException, where: string): RtspFailure {
  switch (error.code) {
    case 'ECONNREFUSED':
      return failure('offline', `${where} refuses the connection`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure('offline', `the name of ${where} cannot be resolved`);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return failure('offline', `there is no route to ${where}`);
    case 'ETIMEDOUT':
      return failure('offline', `${where} does not answer`);
    case 'ECONNRESET':
    case 'EPIPE':
      return failure('offline', `${where} broke the connection`);
    default:
      return (
        tlsFailure(error.code ?? '', where) ??
        failure('offline', `the connection to ${where} failed: ${error.code ?? error.message}`)
      );
  }
}

/** OpenSSL names the same thing differently from version to version. */
function tlsFailure(code: string, where: string): RtspFailure | undefined {
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH/.test(code)) {
    return failure('protocol', `${where} does not speak TLS: perhaps it is rtsp:// and not rtsps://`);
  }
  if (!/HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|TOO_SMALL|TOO_WEAK/.test(code))
    return undefined;
  return failure(
    'protocol',
    `${where} knows only encryption that is no longer safe: that is accepted with its certificate pinned (tls.fingerprint)`,
  );
}

/** What a status that is no success means (RFC 2326 section 11). */
export function statusFailure(method: string, head: ResponseHead): RtspFailure {
  const said = `the camera answered ${method} with ${head.status}${head.reason === '' ? '' : ` ${head.reason}`}`;
  switch (head.status) {
    case 401:
    case 403:
      return failure('credentials', head.status === 401 ? 'the camera refuses the password' : said);
    case 404:
    case 410:
      return failure('not-found', 'the camera has no such stream');
    case 453:
    case 503:
      return { ...failure('offline', `${said}: it may have too many viewers`), busy: true };
    default:
      return failure('protocol', said);
  }
}
