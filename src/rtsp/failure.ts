import type { ResponseHead } from './message.ts';

/** Why there is no video: what a person is told, and what the gap in the recording is called. */
export interface RtspFailure {
  readonly kind: 'failure';
  /**
   * `offline`: refused, timed out, closed. `credentials`: the password. `not-found`: no such stream.
   * `protocol`: it speaks no RTSP, or not one that leads to video which is recorded here.
   */
  readonly cause: 'offline' | 'credentials' | 'not-found' | 'protocol';
  /** One sentence without its full stop. Holds no secret. */
  readonly reason: string;
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
      return failure('offline', `the connection to ${where} failed: ${error.code ?? error.message}`);
  }
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
      return failure('offline', `${said}: it may have too many viewers`);
    default:
      return failure('protocol', said);
  }
}
