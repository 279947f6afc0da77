import { parseDecimal, unquoted } from './quoted-text.ts';

/** One way in which a media may be coded: an RTP payload type with its `a=rtpmap` and `a=fmtp`. */
export interface SdpPayload {
  /** RTP payload type, 0 to 127. */
  readonly pt: number;
  /** Encoding name in upper case, `H264`, `MPEG4-GENERIC`; `''` when nothing says what it is (E22). */
  readonly encoding: string;
  /** Ticks of the RTP clock a second. */
  readonly clockRate: number;
  /** Audio channels; 1 for anything else. */
  readonly channels: number;
  /** Format parameters by lower-case key, base64 padding kept; the first of a repeated key counts. */
  readonly fmtp: ReadonlyMap<string, string>;
}

type Encoding = Pick<SdpPayload, 'encoding' | 'clockRate' | 'channels'>;

/** RFC 3551 table 4 and 5, for payload types that need no `rtpmap`. */
const STATIC_ENCODINGS: ReadonlyMap<number, Encoding> = new Map(
  (
    [
      [0, 'PCMU', 8000, 1],
      [3, 'GSM', 8000, 1],
      [4, 'G723', 8000, 1],
      [5, 'DVI4', 8000, 1],
      [6, 'DVI4', 16_000, 1],
      [7, 'LPC', 8000, 1],
      [8, 'PCMA', 8000, 1],
      [9, 'G722', 8000, 1],
      [10, 'L16', 44_100, 2],
      [11, 'L16', 44_100, 1],
      [12, 'QCELP', 8000, 1],
      [13, 'CN', 8000, 1],
      [14, 'MPA', 90_000, 1],
      [15, 'G728', 8000, 1],
      [18, 'G729', 8000, 1],
      [26, 'JPEG', 90_000, 1],
      [31, 'H261', 90_000, 1],
      [32, 'MPV', 90_000, 1],
      [33, 'MP2T', 90_000, 1],
      [34, 'H263', 90_000, 1],
    ] as const
  ).map(([pt, encoding, clockRate, channels]) => [pt, { encoding, clockRate, channels }]),
);

const MAX_PAYLOAD_TYPE = 127;
const MAX_CLOCK_RATE = 10_000_000;
const MAX_CHANNELS = 64;
const MAX_FMTP_KEYS = 64;
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();

/**
 * Every payload type of a media. `formats` are the words at the end of `m=`; what is no number there, such as TP-Link's
 * `smart/1/90000` (E11), is passed over, and the `rtpmap` that comes with it tells the number.
 */
export function resolvePayloads(
  kind: string,
  formats: readonly string[],
  attributes: ReadonlyMap<string, readonly string[]>,
  strayFmtps: readonly string[],
): SdpPayload[] {
  const listed = new Set(
    formats.map((word) => parseDecimal(word, MAX_PAYLOAD_TYPE)).filter((pt) => pt !== undefined),
  );
  const rtpmaps = readRtpmaps(kind, attributes.get('rtpmap') ?? []);
  const fmtps = readFmtps(attributes.get('fmtp') ?? []);
  const strays = readFmtps(strayFmtps);

  // `m=` says 96 and the only `rtpmap` 97: what arrives may carry either (E15).
  const unexplained = [...listed].filter((pt) => !rtpmaps.has(pt) && !STATIC_ENCODINGS.has(pt));
  const unlisted = [...rtpmaps.keys()].filter((pt) => !listed.has(pt));
  const alias =
    unexplained.length === 1 && rtpmaps.size === 1 && unlisted.length === 1 ? unlisted[0] : undefined;

  return [...listed, ...unlisted].map((pt) => {
    const source = alias !== undefined && pt === unexplained[0] ? alias : pt;
    const fmtp = fmtps.get(pt) ?? fmtps.get(source) ?? strays.get(pt) ?? NO_PARAMETERS;
    const encoding = rtpmaps.get(source) ?? STATIC_ENCODINGS.get(pt) ?? guess(kind, fmtp);
    return { pt, ...encoding, fmtp };
  });
}

/** `96 H264/90000` by payload type. The first readable one counts when there are several (E15). */
function readRtpmaps(kind: string, values: readonly string[]): Map<number, Encoding> {
  const rtpmaps = new Map<number, Encoding>();
  for (const value of values) {
    const match = /^(\d{1,3})\s+([^\s/]+)\s*(?:\/\s*(\d+))?\s*(?:\/\s*(\d+))?/.exec(value);
    const pt = parseDecimal(match?.[1] ?? '', MAX_PAYLOAD_TYPE);
    if (!match || pt === undefined || rtpmaps.has(pt)) continue;
    const encoding = match[2]?.toUpperCase() ?? '';
    rtpmaps.set(pt, {
      encoding,
      clockRate: parseDecimal(match[3] ?? '', MAX_CLOCK_RATE) || defaultClockRate(kind),
      channels: parseDecimal(match[4] ?? '', MAX_CHANNELS) || 1,
      // RFC 7587 section 7: always these two, whatever the camera says (E21).
      ...(encoding === 'OPUS' ? { clockRate: 48_000, channels: 2 } : {}),
    });
  }
  return rtpmaps;
}

/** `96 packetization-mode=1; profile-level-id=640028;` by payload type; bare `96` is an empty map (E17). */
function readFmtps(values: readonly string[]): Map<number, Map<string, string>> {
  const fmtps = new Map<number, Map<string, string>>();
  for (const value of values) {
    // `s`: without it, a line separator of Unicode in the value makes this take minutes, and find nothing.
    const match = /^(\d{1,3})(?:[\s;]+(.*))?$/s.exec(value);
    const pt = parseDecimal(match?.[1] ?? '', MAX_PAYLOAD_TYPE);
    if (pt === undefined) continue;
    const parameters = fmtps.get(pt) ?? new Map<string, string>();
    fmtps.set(pt, parameters);
    for (const part of match?.[2]?.split(';') ?? []) {
      // At the first `=` only: the others are base64 padding (E18).
      const equals = part.indexOf('=');
      const key = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
      if (key === '' || parameters.has(key) || parameters.size >= MAX_FMTP_KEYS) continue;
      parameters.set(key, equals < 0 ? '' : unquoted(part.slice(equals + 1).trim()));
    }
  }
  return fmtps;
}

/** A dynamic payload type without `rtpmap`: the parameters of the two video formats give them away (E22). */
function guess(kind: string, fmtp: ReadonlyMap<string, string>): Encoding {
  const clockRate = defaultClockRate(kind);
  if (fmtp.has('sprop-parameter-sets') || fmtp.has('packetization-mode')) {
    return { encoding: 'H264', clockRate, channels: 1 };
  }
  if (fmtp.has('sprop-vps') || fmtp.has('sprop-sps') || fmtp.has('sprop-pps')) {
    return { encoding: 'H265', clockRate, channels: 1 };
  }
  return { encoding: '', clockRate, channels: 1 };
}

function defaultClockRate(kind: string): number {
  return kind === 'audio' ? 8000 : 90_000;
}
