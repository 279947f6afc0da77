/** What an encoder sent that this server does not go on with: the connection is cut. */
export interface RtmpProblem {
  readonly kind: 'problem';
  readonly cause: RefusalCause;
  /** Part of a sentence, without its full stop. Holds no key, and nothing that was not validated. */
  readonly reason: string;
}

/** Why a connection was cut before it published, or while it did: the label of `vigie_rtmp_refused_total`. */
export const REFUSAL_CAUSES = [
  'handshake', // it speaks no RTMP
  'protocol', // RTMP that breaks its own rules
  'limit', // more bytes, longer messages or more streams than a publisher needs
  'timeout', // it did not begin to publish in time
  'full', // too many connections that do not publish yet
  'player', // it wants to play: nobody may from here
  'name', // no camera is pushed there
  'key', // not that camera's key
  'taken', // another encoder is publishing to that camera
  'not-recording', // the camera is not being recorded at the moment
  'idle', // it published, and nothing came any more
  'defect', // the parser threw: a bug that cost one connection
] as const;
export type RefusalCause = (typeof REFUSAL_CAUSES)[number];

export const problem = (cause: RefusalCause, reason: string): RtmpProblem => ({
  kind: 'problem',
  cause,
  reason,
});
