import { stat } from 'node:fs/promises';

/** What ffmpeg is told to open, and how: with its passwords, never to be logged. */
export interface FfmpegInput {
  /** A URL, or a path. */
  readonly location: string;
  /** Options of ffmpeg for it, which stand before `-i`. */
  readonly options: readonly string[];
}

/** Longer than any address; a command line has its limits. */
const MAX_LOCATION_LENGTH = 4096;

/**
 * What an input from the network may lead to: the network. A playlist or a session description from there that points
 * at a file of this machine is refused by ffmpeg then.
 */
const NETWORK_PROTOCOLS =
  'http,https,httpproxy,tcp,tls,udp,rtp,srtp,srt,rist,rtmp,rtmps,rtmpt,rtmpte,ffrtmphttp,ffrtmpcrypt,mmsh,mmst,crypto,data';
/** What a file may lead to: a session description (.sdp) listens for RTP. It need not be one that the admin wrote. */
const FILE_PROTOCOLS = 'file,crypto,data,rtp,srtp,udp';

/** Says what is wrong with a location, `undefined` when ffmpeg may be given it. */
export function locationProblem(location: string): string | undefined {
  if (location.trim() === '') return 'says nothing of what to open';
  if (location.startsWith('-')) return 'begins with "-", which ffmpeg would take for an option';
  if (location.length > MAX_LOCATION_LENGTH) return `is longer than ${MAX_LOCATION_LENGTH} characters`;
  if (/\p{Cc}/u.test(location)) return 'holds control characters';
  return undefined;
}

/** `http` of `http://…`; `undefined` for a path. */
export const schemeOf = (location: string): string | undefined =>
  /^([a-z][a-z0-9+.-]*):\/\//i.exec(location)?.[1]?.toLowerCase();

export function isOnNetwork(location: string): boolean {
  const scheme = schemeOf(location);
  return scheme !== undefined && scheme !== 'file';
}

export const protocolsFor = (location: string): string =>
  isOnNetwork(location) ? NETWORK_PROTOCOLS : FILE_PROTOCOLS;

/** Where a stream may be asked for by somebody who is not to reach files and devices of this machine. */
const STREAM_SCHEMES: ReadonlySet<string> = new Set([
  ...['http', 'https', 'rtsp', 'rtsps', 'rtmp', 'rtmps', 'srt', 'rist', 'udp', 'rtp', 'tcp', 'tls'],
]);

export const isStream = (location: string): boolean => STREAM_SCHEMES.has(schemeOf(location) ?? '');

/** A file on a disk, and not a device or a pipe: it has no speed of its own. */
export async function isPlainFile(location: string): Promise<boolean> {
  if (isOnNetwork(location)) return false;
  try {
    return (await stat(location.replace(/^file:(\/\/)?/i, ''))).isFile();
  } catch {
    return false;
  }
}

/** Where it is, for people: no user, no password, no path, in which secrets may stand, too. */
export function placeOf(location: string): string {
  const scheme = schemeOf(location);
  if (scheme === undefined || scheme === 'file') {
    return (
      location
        .replace(/^file:(\/\/)?/i, '')
        .split('/')
        .at(-1) ?? ''
    );
  }
  return `${scheme}://${authority(location.slice(scheme.length + 3))}`;
}

/** Host and port. A user part may hold anything: it ends at the last `@` before the path, or before a blank. */
function authority(rest: string): string {
  const [head = ''] = rest.split(/[/?#]/, 1);
  const at = head.lastIndexOf('@');
  if (at >= 0) return head.slice(at + 1);
  // A password with a slash in it puts the host behind the first slash.
  const behind = rest.lastIndexOf('@');
  return behind >= 0 && head.includes(':') ? (rest.slice(behind + 1).split(/[/?#]/, 1)[0] ?? '') : head;
}
