import { parseDecimal, parseParameter, parseSsrc, splitOutsideQuotes } from './quoted-text.ts';

/**
 * One entry of `RTP-Info` (RFC 2326 section 12.33): a hint and never a requirement (G7). Cameras leave it out, send it
 * for streams that were not set up (G6), and fill it with zeros. A value known for lying is `undefined` here.
 */
export interface RtpInfo {
  /** As written: absolute, a bare path, or wrong (G2, D8). */
  readonly url: string | undefined;
  /** First sequence number. 0 and 1 are what Hikvision and Tapo put there without meaning it (G3). */
  readonly sequence: number | undefined;
  /** RTP timestamp of the start. Negative on OMNY (G4); 0 means "unknown" far more often than zero. */
  readonly rtpTime: number | undefined;
  /** Some cameras tell it nowhere else (G5). */
  readonly ssrc: number | undefined;
}

const MAX_ENTRIES = 64;
const MAX_SEQUENCE = 0xffff;
const MAX_RTP_TIME = 0xffff_ffff;
const KEYS = new Set(['url', 'seq', 'rtptime', 'ssrc', 'session']);

/** Every entry, in order; text without any sense has none. */
export function parseRtpInfo(text: string): readonly RtpInfo[] {
  return splitOutsideQuotes(text, ',').slice(0, MAX_ENTRIES).map(parseEntry).filter(saysSomething);
}

/**
 * The entry of a media. By URL when one is equal, else by the last part of the path when just one ends so: hosts are
 * wrong there as they are in `Content-Base`. No match means no hint.
 */
export function findRtpInfo(entries: readonly RtpInfo[], mediaUrl: string): RtpInfo | undefined {
  const wanted = withoutSlash(mediaUrl);
  const equal = entries.find((entry) => entry.url !== undefined && withoutSlash(entry.url) === wanted);
  if (equal) return equal;
  const alike = entries.filter(
    (entry) => entry.url !== undefined && lastPart(entry.url) === lastPart(wanted),
  );
  return alike.length === 1 ? alike[0] : undefined;
}

function parseEntry(text: string): RtpInfo {
  const values = new Map<string, string>();
  for (const part of splitOutsideQuotes(text, ';')) {
    const { key, value } = parseParameter(part);
    // `rtsp://host/trackID=1` without `url=` has an equals sign too.
    if (KEYS.has(key)) values.set(key, value);
    else if (!values.has('url') && /^(?:rtsps?:|\/|track|stream)/i.test(part)) values.set('url', part);
  }
  const sequence = parseDecimal(values.get('seq') ?? '', MAX_SEQUENCE);
  return {
    url: values.get('url') || undefined,
    sequence: sequence !== undefined && sequence > 1 ? sequence : undefined,
    rtpTime: parseDecimal(values.get('rtptime') ?? '', MAX_RTP_TIME) || undefined,
    ssrc: parseSsrc(values.get('ssrc') ?? ''),
  };
}

function saysSomething(entry: RtpInfo): boolean {
  return (entry.url ?? entry.sequence ?? entry.rtpTime ?? entry.ssrc) !== undefined;
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}

function lastPart(url: string): string {
  const trimmed = withoutSlash(url);
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}
