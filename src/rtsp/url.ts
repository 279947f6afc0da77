import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';

/**
 * An RTSP URL as people paste it from a camera's manual. Taken apart by hand, because the WHATWG `URL` refuses a bare
 * `%` in a password, drops zones of IPv6 addresses and rewrites paths that a camera compares byte by byte.
 */
export interface RtspUrl {
  readonly scheme: 'rtsp' | 'rtsps';
  /** For `net.connect`: no brackets, with the IPv6 zone if there was one. */
  readonly host: string;
  readonly port: number;
  /** Percent-decoded once; the password is `''` when only a user was given. */
  readonly credentials: Credentials | undefined;
  /** For the request line and the digest's `uri`: printable ASCII, without user, password and zone (A1, C6). */
  readonly requestUrl: string;
  /** For logs and people: `requestUrl` with the secrets of its query hidden too. */
  readonly redacted: string;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

interface Endpoint {
  readonly host: string;
  readonly port: number | undefined;
  /** As it may go on the wire: brackets, no zone, the port only if it was given. */
  readonly authority: string;
}

const DEFAULT_PORTS = { rtsp: 554, rtsps: 322 } as const;
const MAX_URL_LENGTH = 4096;

/** Reads a URL; `undefined` when it is not `rtsp://` or `rtsps://` with a host that can be connected to. */
export function parseRtspUrl(text: string): RtspUrl | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_URL_LENGTH) return undefined;
  const match = /^(rtsps?):\/\//i.exec(trimmed);
  if (!match) return undefined;
  const scheme = match[1]?.toLowerCase() === 'rtsps' ? 'rtsps' : 'rtsp';
  const rest = trimmed.slice(match[0].length);

  // Passwords hold `@`, `/`, `?` and `#` unescaped (C7), so the user part ends at the first `@` that is followed by
  // a real host, which without such a password is the last `@` before the path.
  for (let at = -1; ; ) {
    const hostStart = at + 1;
    const hostEnd = endOfAuthority(rest, hostStart);
    const endpoint = parseEndpoint(rest.slice(hostStart, hostEnd));
    if (endpoint) {
      const credentials = at < 0 ? undefined : parseCredentials(rest.slice(0, at));
      return rtspUrl(scheme, endpoint, rest.slice(hostEnd), credentials);
    }
    at = rest.indexOf('@', hostStart);
    if (at < 0) return undefined;
  }
}

/** The same place with other credentials, for a redirect, whose `Location` has none (A4). */
export function withCredentials(url: RtspUrl, credentials: Credentials | undefined): RtspUrl {
  return { ...url, credentials };
}

/**
 * Makes text fit for a request line and for the quotes of a digest's `uri`: blanks, quotes, backslashes, control
 * characters and everything past ASCII percent-encoded as UTF-8. What is already encoded stays as it is.
 */
export function encodeForWire(text: string): string {
  return text.replaceAll(/[^\x21\x23-\x5b\x5d-\x7e]+/g, (run) =>
    Buffer.from(run, 'utf8').reduce((encoded, byte) => `${encoded}%${hex(byte)}`, ''),
  );
}

/**
 * Hides what must not reach a log: the user part of any RTSP URL in `text`, and values of `password=`, `pwd=` and the
 * like, which XMeye and other firmware carry in the path (`/user=admin_password=secret_channel=1.sdp`).
 */
export function redactUrl(text: string): string {
  return hideSecretParameters(text.replaceAll(/(rtsps?:\/\/)[^\s"<>]{0,1024}@/gi, '$1***@'));
}

function hideSecretParameters(text: string): string {
  return text.replaceAll(
    /\b((?:\w*_)?(?:pass|passwd|password|psw|pwd|token|secret)=)(?:(?!_[a-z]+=)[^&/?;#\s"])*/gi,
    '$1***',
  );
}

function rtspUrl(
  scheme: RtspUrl['scheme'],
  endpoint: Endpoint,
  tail: string,
  credentials: Credentials | undefined,
): RtspUrl {
  const path = tail.startsWith('/') ? tail : `/${tail}`;
  const requestUrl = `${scheme}://${endpoint.authority}${encodeForWire(path)}`;
  return {
    scheme,
    host: endpoint.host,
    port: endpoint.port ?? DEFAULT_PORTS[scheme],
    credentials,
    requestUrl,
    redacted: hideSecretParameters(requestUrl),
  };
}

/** `host`, `host:port`, `[v6%zone]:port` or a bare IPv6 address (A2). */
function parseEndpoint(text: string): Endpoint | undefined {
  const bracketed = /^\[([^\]@]*)\](?::(\d*))?$/.exec(text);
  if (bracketed) return endpointOf(bracketed[1] ?? '', bracketed[2] ?? '', true);
  if (isIPv6(decodeZone(text))) return endpointOf(text, '', true);
  const named = /^([^:@[\]\s]+)(?::(\d*))?$/.exec(text);
  return named ? endpointOf(named[1] ?? '', named[2] ?? '', false) : undefined;
}

function endpointOf(hostText: string, portText: string, v6: boolean): Endpoint | undefined {
  const port = portText === '' ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const suffix = port === undefined ? '' : `:${port}`;
  if (v6) {
    const host = decodeZone(hostText);
    if (!isIPv6(host)) return undefined;
    // A zone means something on this machine only, so the camera must not see it (RFC 6874 section 1).
    return { host, port, authority: `[${host.replace(/%.*$/, '')}]${suffix}` };
  }
  const host = isAscii(hostText) ? hostText : domainToASCII(hostText);
  // Underscores are no host name to RFC 1123, and yet routers hand them out.
  if (isIP(host) === 0 && !/^[a-z0-9_]([a-z0-9._-]*)$/i.test(host)) return undefined;
  return { host, port, authority: `${host}${suffix}` };
}

/** RFC 6874 writes a zone as `%25eth0`; people write `%eth0`. */
function decodeZone(text: string): string {
  return text.replace(/%25(?=.)/, '%');
}

function parseCredentials(userInfo: string): Credentials | undefined {
  if (userInfo === '') return undefined;
  const colon = userInfo.indexOf(':');
  if (colon < 0) return { user: percentDecode(userInfo), password: '' };
  return {
    user: percentDecode(userInfo.slice(0, colon)),
    password: percentDecode(userInfo.slice(colon + 1)),
  };
}

/** Decodes once, and leaves alone what is no encoding: `100%` is a fine password. */
function percentDecode(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

function endOfAuthority(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '/' || character === '?' || character === '#') return at;
  }
  return text.length;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0');
