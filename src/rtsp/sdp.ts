import { parseDecimal } from './quoted-text.ts';
import { resolvePayloads, type SdpPayload } from './sdp-payload.ts';

export type { SdpPayload } from './sdp-payload.ts';

/**
 * A session description (RFC 8866), read for the few things that a recorder needs. Cameras break every rule of the
 * order and form of its lines (section E of the quirks), so only two are kept: a line is a letter, `=` and a value, and
 * `m=` opens a media section. Lines that we have no use for (`v o s t c b`) are not looked at, so they cannot be wrong.
 */
export interface Sdp {
  /** `a=` lines before the first media, by lower-case name; a line without a value has `''`. */
  readonly attributes: SdpAttributes;
  /** `a=control` of the session. */
  readonly control: string | undefined;
  /** `a=tool`: the server software, by which old live555 servers are known (H6). */
  readonly tool: string | undefined;
  readonly medias: readonly SdpMedia[];
}

export interface SdpMedia {
  /** `video`, `audio`, `application` or whatever else is written, in lower case (E10). */
  readonly kind: string;
  /** `RTP/AVP`, `TCP/RTP/AVP`, `RTP/SAVP` …, in upper case; `''` when missing (E12). */
  readonly proto: string;
  readonly port: number;
  /** In the order of preference of the `m=` line; those known from `a=rtpmap` alone come last. */
  readonly payloads: readonly SdpPayload[];
  readonly control: string | undefined;
  readonly direction: SdpDirection | undefined;
  /**
   * We would have to send this one: a loudspeaker at the camera. ONVIF marks it `sendonly`, seen from us; but a camera
   * that marks its video or everything so means itself (E24).
   */
  readonly isBackChannel: boolean;
  /** Frames a second, when the camera says something credible (E27). */
  readonly framerate: number | undefined;
  readonly attributes: SdpAttributes;
}

export type SdpAttributes = ReadonlyMap<string, readonly string[]>;

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;
export type SdpDirection = (typeof DIRECTIONS)[number];

export const MAX_SDP_LENGTH = 128 * 1024;
const MAX_MEDIAS = 32;
const MAX_LINES = 4096;

interface Section {
  /** The value of `m=`, `''` for the session. */
  readonly head: string;
  readonly attributes: Map<string, string[]>;
}

/** Reads whatever there is to read: text that is no SDP at all has no medias. Bytes may be in any encoding (E26). */
export function parseSdp(source: string | Uint8Array): Sdp {
  const text = typeof source === 'string' ? source : decodeText(source);
  const [session, ...sections] = splitSections(text.slice(0, MAX_SDP_LENGTH));
  const attributes = session?.attributes ?? new Map<string, string[]>();
  const sessionDirection = directionOf(attributes);

  const strayFmtps = [session, ...sections].flatMap((section) => (section ? strayFmtpsOf(section) : []));

  const drafts = sections.map((section) => {
    const [kind = '', port = '', proto = '', ...formats] = section.head.split(/\s+/);
    return {
      kind: kind.toLowerCase(),
      port: parseDecimal(/^\d+/.exec(port)?.[0] ?? '', 65_535) ?? 0,
      proto: proto.toUpperCase(),
      payloads: resolvePayloads(kind.toLowerCase(), formats, section.attributes, strayFmtps),
      direction: directionOf(section.attributes) ?? sessionDirection,
      section,
    };
  });
  const sendOnly = drafts.filter((draft) => draft.direction === 'sendonly');
  const cameraSends = sendOnly.length === drafts.length || sendOnly.some((draft) => draft.kind === 'video');

  return {
    attributes,
    control: firstText(attributes, 'control'),
    tool: firstText(attributes, 'tool'),
    medias: drafts.map(({ section, ...draft }) => ({
      ...draft,
      control: firstText(section.attributes, 'control'),
      isBackChannel: draft.direction === 'sendonly' && !cameraSends,
      framerate: readFramerate(firstText(section.attributes, 'framerate')),
      attributes: section.attributes,
    })),
  };
}

/** The session first, then each media; a repeated attribute keeps every value (E13). */
function splitSections(text: string): Section[] {
  const sections: Section[] = [{ head: '', attributes: new Map() }];
  for (const line of text.split(/\r\n|\n|\r/, MAX_LINES)) {
    const match = /^\s*([a-z])\s*=/i.exec(line);
    if (!match) continue;
    const letter = match[1]?.toLowerCase();
    const value = line.slice(match[0].length).trim();
    if (letter === 'm') {
      if (sections.length > MAX_MEDIAS) break;
      sections.push({ head: value, attributes: new Map() });
    } else if (letter === 'a') {
      const colon = value.indexOf(':');
      const name = (colon < 0 ? value : value.slice(0, colon)).trim().toLowerCase();
      const attributes = sections.at(-1)?.attributes;
      const values = attributes?.get(name) ?? [];
      values.push(colon < 0 ? '' : value.slice(colon + 1).trim());
      attributes?.set(name, values);
    }
  }
  return sections;
}

/** `fmtp` lines for a payload type that their own section does not have: they are meant for another one (E14). */
function strayFmtpsOf(section: Section): readonly string[] {
  const own = new Set(section.head.split(/\s+/).slice(3));
  for (const rtpmap of section.attributes.get('rtpmap') ?? []) own.add(firstWord(rtpmap));
  return (section.attributes.get('fmtp') ?? []).filter((fmtp) => !own.has(firstWord(fmtp)));
}

function firstWord(text: string): string {
  return /^[^\s;]*/.exec(text)?.[0] ?? '';
}

function firstText(attributes: SdpAttributes, name: string): string | undefined {
  return attributes.get(name)?.find((value) => value !== '');
}

function directionOf(attributes: SdpAttributes): SdpDirection | undefined {
  return DIRECTIONS.find((direction) => attributes.has(direction));
}

/** `25`, `29.970` and `25.0 fps` count; `0S` does not. */
function readFramerate(text: string | undefined): number | undefined {
  const number = Number(/^\d{1,4}(?:\.\d{1,6})?/.exec(text ?? '')?.[0]);
  return number > 0 && number <= 1000 ? number : undefined;
}

/** UTF-8 where it is that, else a byte a character, which keeps every line readable but its free text (E26). */
function decodeText(bytes: Uint8Array): string {
  const capped = bytes.subarray(0, MAX_SDP_LENGTH);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(capped);
  } catch {
    return Buffer.from(capped.buffer, capped.byteOffset, capped.length).toString('latin1');
  }
}
