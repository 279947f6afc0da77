import { headerValue, parseHeaderLines, type RtspHeaders } from './headers.ts';

/**
 * RTSP messages (RFC 2326 sections 6 and 7): a start line, header lines, a blank line, and as many bytes of body as
 * `Content-Length` says. Text is read and written as Latin-1, so that a byte that is no ASCII, such as one in a realm
 * that we must echo, comes out as it came in.
 */
export type ParsedHead =
  | ResponseHead
  | RequestHead
  /** Valid so far: call again with more bytes. */
  | { readonly kind: 'incomplete' }
  /** No message starts here: told after `bytes` of it. The connection may look for the next one (B5). */
  | { readonly kind: 'invalid'; readonly problem: string; readonly bytes: number };

export interface ResponseHead extends HeadFields {
  readonly kind: 'response';
  readonly status: number;
  /** `''` when the camera leaves it out (B9). */
  readonly reason: string;
}

/** A request that the camera sends to us (B6). */
export interface RequestHead extends HeadFields {
  readonly kind: 'request';
  readonly method: string;
  readonly url: string;
}

interface HeadFields {
  /** `1.0` or `2.0`. */
  readonly version: string;
  readonly headers: RtspHeaders;
  /** `undefined` when missing or no number: then the one outstanding request is meant (B7). */
  readonly cseq: number | undefined;
  /** Bytes of body that follow the head; 0 when the header is missing. */
  readonly contentLength: number;
  /** Bytes from `start` to the first byte of the body, blank lines before the message included. */
  readonly headBytes: number;
}

/** Headers to send; one that is `undefined` is left out. */
export type OutgoingHeaders = Readonly<Record<string, string | undefined>>;

export const MAX_HEAD_BYTES = 32 * 1024;
export const MAX_BODY_BYTES = 128 * 1024;
const MAX_START_LINE_BYTES = 4096;
/** Several times what the most talkative camera sends: each line costs, and garbage may begin at any byte. */
const MAX_HEAD_LINES = 100;

const CR = 0x0d;
const LF = 0x0a;
const TAB = 0x09;

const INCOMPLETE: ParsedHead = { kind: 'incomplete' };
const STATUS_LINE = /^RTSP\/(\d\.\d)[ \t]+(\d{3})(?:[ \t]+(.*))?$/i;
const REQUEST_LINE = /^([A-Z_]+)[ \t]+(\S+)[ \t]+RTSP\/(\d\.\d)$/i;

/** Reads the head of the message that starts at `start`; bytes from `end` on are not looked at. */
export function parseResponseHead(bytes: Uint8Array, start: number, end: number): ParsedHead {
  // The caller's buffer may hold far more than a head, and searches must not run through all of it.
  const view = bytes.subarray(start, Math.min(end, start + MAX_HEAD_BYTES));
  const head = Buffer.from(view.buffer, view.byteOffset, view.length);
  const { length } = head;
  const full = length === MAX_HEAD_BYTES;

  const first = skipBlankLines(head, 0, length);
  if (first === length) return full ? invalid(`${length} bytes of blank lines`, length) : INCOMPLETE;

  const startLineEnd = head.indexOf(LF, first);
  const problem = startLineProblem(head, first, startLineEnd < 0 ? length : startLineEnd);
  if (problem !== undefined) return invalid(problem, 0);

  const lines: string[] = [];
  for (let lineStart = first; ; ) {
    const lineFeed = head.indexOf(LF, lineStart);
    if (lineFeed < 0) {
      return full ? invalid(`a message head may have ${MAX_HEAD_BYTES} bytes at most`, length) : INCOMPLETE;
    }
    const lineEnd = lineFeed > lineStart && head[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
    if (lineEnd === lineStart) return headOf(lines, lineFeed + 1);
    lines.push(head.toString('latin1', lineStart, lineEnd));
    lineStart = lineFeed + 1;
    const wrong = lines.length === 1 ? grammarProblem(lines[0] as string) : undefined;
    if (wrong !== undefined) return invalid(wrong, 0);
    if (lines.length > MAX_HEAD_LINES) {
      return invalid(`a message head may have ${MAX_HEAD_LINES} lines at most`, lineStart);
    }
  }
}

/** The first position at or after `start` that is no CR or LF: cameras send stray ones between messages (B4). */
export function skipBlankLines(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++;
  return at;
}

/** `CSeq` is written exactly so: some cameras compare it byte by byte (B8). */
export function buildRequest(
  method: string,
  url: string,
  cseq: number,
  headers: OutgoingHeaders = {},
  body = '',
): Buffer {
  return buildMessage(`${method} ${url} RTSP/1.0`, cseq, headers, body);
}

/** `cseq` is `undefined` when the request that is answered had none. */
export function buildResponse(
  status: number,
  reason: string,
  cseq: number | undefined,
  headers: OutgoingHeaders = {},
  body = '',
): Buffer {
  return buildMessage(`RTSP/1.0 ${status} ${reason}`, cseq, headers, body);
}

/**
 * The answer to a request that a camera sends us (B6): it may ask for our OPTIONS, which some do as a sign of life;
 * everything else is refused in a way that leaves the session as it is.
 */
export function answerServerRequest(request: RequestHead): Buffer {
  const session = headerValue(request.headers, 'session');
  const method = request.method.toUpperCase();
  if (method === 'OPTIONS') {
    return buildResponse(200, 'OK', request.cseq, { Public: 'OPTIONS', Session: session });
  }
  return STANDARD_METHODS.has(method)
    ? buildResponse(405, 'Method Not Allowed', request.cseq, { Allow: 'OPTIONS', Session: session })
    : buildResponse(501, 'Not Implemented', request.cseq, { Session: session });
}

const STANDARD_METHODS = new Set(
  'DESCRIBE ANNOUNCE SETUP PLAY PAUSE TEARDOWN GET_PARAMETER SET_PARAMETER REDIRECT RECORD'.split(' '),
);

function headOf(lines: readonly string[], headBytes: number): ParsedHead {
  const startLine = (lines[0] ?? '').trim();
  const headers = parseHeaderLines(lines.slice(1));
  const contentLength = readContentLength(headerValue(headers, 'content-length'));
  if (typeof contentLength === 'string') return invalid(contentLength, headBytes);
  const fields = { headers, cseq: readCSeq(headerValue(headers, 'cseq')), contentLength, headBytes };

  const response = STATUS_LINE.exec(startLine);
  if (response) {
    const [, version = '', status, reason = ''] = response;
    return { kind: 'response', version, status: Number(status), reason, ...fields };
  }
  const [, method = '', url = '', version = ''] = REQUEST_LINE.exec(startLine) ?? [];
  return { kind: 'request', version, method, url, ...fields };
}

/** Told by the first line alone, so that a stranger is known at once. */
function grammarProblem(line: string): string | undefined {
  const startLine = line.trim();
  if (STATUS_LINE.test(startLine) || REQUEST_LINE.test(startLine)) return undefined;
  if (/^HTTP\//i.test(startLine)) return 'the answer is HTTP, not RTSP: this is probably not the RTSP port';
  return `neither a status line nor a request line: ${JSON.stringify(startLine.slice(0, 80))}`;
}

/** Binary data is told from a message by its first bytes already, without waiting for a line end that never comes. */
function startLineProblem(head: Uint8Array, first: number, lineEnd: number): string | undefined {
  if (!isLetter(head[first] ?? 0)) return `a message cannot start with byte ${head[first] ?? 0}`;
  if (lineEnd - first > MAX_START_LINE_BYTES) {
    return `a start line may have ${MAX_START_LINE_BYTES} bytes at most`;
  }
  for (let at = first; at < lineEnd; at++) {
    const byte = head[at] ?? 0;
    const isLineEnd = byte === CR && at === lineEnd - 1;
    if (byte < 0x20 && byte !== TAB && !isLineEnd) return `control byte ${byte} in the start line`;
  }
  return undefined;
}

/** Bytes, or the reason why the end of the message cannot be known (B11). */
function readContentLength(text: string | undefined): number | string {
  // An empty or negative length comes from firmware that prints a length it never set: there is no body.
  if (text === undefined || text === '' || /^-\d+$/.test(text)) return 0;
  if (!/^\d+$/.test(text)) return `Content-Length must be a number. Got ${JSON.stringify(text.slice(0, 40))}`;
  const length = Number(text);
  return length <= MAX_BODY_BYTES
    ? length
    : `a message body may have ${MAX_BODY_BYTES} bytes at most. Got ${text.slice(0, 20)}`;
}

function readCSeq(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function buildMessage(
  startLine: string,
  cseq: number | undefined,
  headers: OutgoingHeaders,
  body: string,
): Buffer {
  const lines = [oneLine(startLine)];
  if (cseq !== undefined) lines.push(`CSeq: ${cseq}`);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) lines.push(oneLine(`${name}: ${value}`));
  }
  const bodyBytes = Buffer.from(body, 'utf8');
  if (bodyBytes.length > 0) lines.push(`Content-Length: ${bodyBytes.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bodyBytes]);
}

/** URLs and session ids come back to us from the camera: none of them may start a header of its own. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\x00-\x08\x0a-\x1f\x7f]+/g, '');
}

function invalid(problem: string, bytes: number): ParsedHead {
  return { kind: 'invalid', problem, bytes };
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}
