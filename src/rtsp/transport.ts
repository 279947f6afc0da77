import { parseDecimal, parseParameter, parseSsrc, splitOutsideQuotes } from './quoted-text.ts';

/** How the media of one SETUP is carried (RFC 2326 section 12.39). */
export interface RtspTransport {
  /**
   * `tcp` = interleaved in the RTSP connection. `undefined` when the answer does not say, which is neither a refusal nor
   * a change: what was asked for then holds.
   */
  readonly lower: 'tcp' | 'udp' | undefined;
  /** Channels of the `$` frames; they may be others than asked for (F1) and need not be even and odd (B16). */
  readonly interleaved: PortPair | undefined;
  readonly clientPort: PortPair | undefined;
  /** `undefined` also for 0, which means that the camera does not know yet (F12). */
  readonly serverPort: PortPair | undefined;
  /** Where UDP will come from, if not from the camera's own address (F13). */
  readonly source: string | undefined;
  readonly ssrc: number | undefined;
  readonly isMulticast: boolean;
}

export interface PortPair {
  readonly rtp: number;
  readonly rtcp: number;
}

export type TransportRequest =
  | { readonly lower: 'tcp'; readonly interleaved: PortPair }
  | { readonly lower: 'udp'; readonly clientPort: PortPair };

const MAX_CHANNEL = 255;
const MAX_PORT = 65_535;

/** The header of a SETUP. Without `mode`: some cameras refuse `mode=play` (F9). */
export function buildTransport(request: TransportRequest): string {
  return request.lower === 'tcp'
    ? `RTP/AVP/TCP;unicast;interleaved=${request.interleaved.rtp}-${request.interleaved.rtcp}`
    : `RTP/AVP;unicast;client_port=${request.clientPort.rtp}-${request.clientPort.rtcp}`;
}

/**
 * Reads the answer's header; the first transport, if it lists several. Parameters may come in any order (F2), unknown
 * and unreadable ones are passed over (F4, F6). `undefined` when it holds nothing.
 */
export function parseTransport(text: string): RtspTransport | undefined {
  const [first] = splitOutsideQuotes(text, ',');
  if (first === undefined) return undefined;
  const parameters = new Map<string, string>();
  const words = splitOutsideQuotes(first, ';');
  for (const word of words) {
    const { key, value } = parseParameter(word);
    if (!parameters.has(key)) parameters.set(key, value);
  }
  const pair = (key: string, min: number, max: number) => parsePair(parameters.get(key) ?? '', min, max);
  const interleaved = pair('interleaved', 0, MAX_CHANNEL);
  const clientPort = pair('client_port', 1, MAX_PORT);
  const serverPort = pair('server_port', 1, MAX_PORT);
  const profile = words.find((word) => /^rtp\//i.test(word)) ?? '';
  return {
    lower: lowerTransport(profile, interleaved, clientPort ?? serverPort),
    interleaved,
    clientPort,
    serverPort,
    source: parameters.get('source') || undefined,
    ssrc: parseSsrc(parameters.get('ssrc') ?? ''),
    isMulticast: parameters.has('multicast'),
  };
}

/** `RTP/AVP` alone means UDP by the book, but Escam answers so with channels (F3). */
function lowerTransport(
  profile: string,
  interleaved: PortPair | undefined,
  ports: PortPair | undefined,
): RtspTransport['lower'] {
  if (interleaved || /\/tcp$/i.test(profile)) return 'tcp';
  return ports || /\/udp$/i.test(profile) ? 'udp' : undefined;
}

/** `4-5`, ` 4 - 5`, or `4` alone, which stands for `4-5` (F2). */
function parsePair(text: string, min: number, max: number): PortPair | undefined {
  const match = /^(\d+)\s*(?:-\s*(\d+))?$/.exec(text);
  const rtp = parseDecimal(match?.[1] ?? '', max);
  if (rtp === undefined || rtp < min) return undefined;
  const rtcp = match?.[2] === undefined ? rtp + 1 : parseDecimal(match[2], max);
  return rtcp === undefined || rtcp > max || rtcp < min ? undefined : { rtp, rtcp };
}
