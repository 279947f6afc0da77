/**
 * What differs between cameras in ways that no single behaviour suits. `auto` means: found out from what the camera
 * says and does, and remembered for its next connection (`CameraMemory`). Each can be set for one camera in the
 * configuration, for the day on which the automatic choice is wrong. Ids are those of test/quirks.md.
 */
export interface RtspPolicies {
  /**
   * How media comes.
   * - `auto`: TCP; UDP when the camera refuses TCP (461) or answers with UDP; TCP again when no datagram comes (F10, F11).
   * - `tcp`, `udp`: that and nothing else.
   *
   * Hikvision answers a request for UDP with TCP when it is set so, and then has to be asked from the start.
   */
  readonly transport: 'auto' | 'tcp' | 'udp';
  /**
   * The request that keeps a session alive (H1).
   * - `auto`: GET_PARAMETER where `Public` offers it, else OPTIONS; OPTIONS too after the other was refused or has cost
   *   the connection, as on GW4089IP and, with SET_PARAMETER, on old rtsp-simple-server.
   * - `none`: no request, receiver reports alone.
   */
  readonly keepAlive: 'auto' | KeepAliveMethod | 'none';
  /**
   * Which medias are set up (F16).
   * - `needed`: those that are recorded.
   * - `all`: all that the camera would send; there are encoders that start only then. What is not recorded is dropped.
   */
  readonly setUp: 'needed' | 'all';
  /** Which `Session` counts when SETUPs are answered with different ones (F8): the first, as the cameras seen so far mean it, or the last. */
  readonly sessionId: 'first' | 'last';
  /**
   * What is done about a session that could not be ended (H5, H6).
   * - `auto`: `wait` where `a=tool` names a live555 before 2017.06.04, which goes on writing into a socket that by then
   *   is another client's; `release` elsewhere.
   * - `release`: when the camera refuses a new viewer, the old session is ended by TEARDOWN on a new connection.
   * - `wait`: nothing is asked of the camera until the session is past its time.
   * - `ignore`: nothing.
   */
  readonly staleSession: 'auto' | 'release' | 'wait' | 'ignore';
  /**
   * Which of several offers to log in is tried first (C1).
   * - `strongest`: SHA-256, MD5, Basic, and the next when one is refused; the one that worked is remembered.
   * - `first`: in the order of the camera, for TP-Link, which honours the first alone.
   */
  readonly login: 'strongest' | 'first';
}

export type KeepAliveMethod = 'GET_PARAMETER' | 'OPTIONS' | 'SET_PARAMETER';

const DEFAULT_POLICIES: RtspPolicies = {
  transport: 'auto',
  keepAlive: 'auto',
  setUp: 'needed',
  sessionId: 'first',
  staleSession: 'auto',
  login: 'strongest',
};

const FIXED_LIVE555 = '2017.06.04';

/** Whether `a=tool` is a live555 whose sessions outlive their connection (H6): `LIVE555 Streaming Media v2013.04.08`. */
export function leavesSessionsBehind(tool: string | undefined): boolean {
  const text = tool ?? '';
  const at = text.search(/live555/i);
  const version = at < 0 ? undefined : /\d{4}\.\d{2}\.\d{2}/.exec(text.slice(at))?.[0];
  return version !== undefined && version < FIXED_LIVE555;
}

/** Where the configuration says something else than the defaults. */
export type PolicyOverrides = { readonly [Name in keyof RtspPolicies]?: RtspPolicies[Name] | undefined };

export function policiesWith(overrides: PolicyOverrides): RtspPolicies {
  const { transport, keepAlive, setUp, sessionId, staleSession, login } = DEFAULT_POLICIES;
  return {
    transport: overrides.transport ?? transport,
    keepAlive: overrides.keepAlive ?? keepAlive,
    setUp: overrides.setUp ?? setUp,
    sessionId: overrides.sessionId ?? sessionId,
    staleSession: overrides.staleSession ?? staleSession,
    login: overrides.login ?? login,
  };
}
