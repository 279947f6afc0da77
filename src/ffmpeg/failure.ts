/** Why there is no video: what a person is told, and what the gap in the recording is called. */
export interface FfmpegFailure {
  readonly kind: 'failure';
  /**
   * `offline`: refused, timed out, ended. `credentials`: the password. `not-found`: no such file or stream.
   * `protocol`: it is nothing that leads to video which is recorded here.
   */
  readonly cause: 'offline' | 'credentials' | 'not-found' | 'protocol';
  /** One sentence without its full stop. Holds no secret. */
  readonly reason: string;
}

export const failure = (cause: FfmpegFailure['cause'], reason: string): FfmpegFailure => ({
  kind: 'failure',
  cause,
  reason,
});
