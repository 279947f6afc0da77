/**
 * The header fields of an RTSP message (RFC 2326 section 12), by lower-case name, each with its values in the order
 * they came: names are case-insensitive, and a camera may offer one `WWW-Authenticate` line for each scheme (B10, C1).
 */
export type RtspHeaders = ReadonlyMap<string, readonly string[]>;

/** The first value of a header, whatever case the name is written in. */
export function headerValue(headers: RtspHeaders, name: string): string | undefined {
  return headers.get(name.toLowerCase())?.[0];
}

/** Every value of a header, in order. */
export function headerValues(headers: RtspHeaders, name: string): readonly string[] {
  return headers.get(name.toLowerCase()) ?? [];
}

/**
 * Reads header lines without their line ends. A line without a colon is noise and skipped; a line that starts with a
 * blank continues the one before (RFC 2326 section 4.2 takes that over from HTTP).
 */
export function parseHeaderLines(lines: readonly string[]): RtspHeaders {
  const headers = new Map<string, string[]>();
  let open: string[] | undefined;
  for (const line of lines) {
    if (open && /^[ \t]/.test(line)) {
      open.push(`${open.pop() ?? ''} ${line.trim()}`.trim());
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (name === '') {
      open = undefined;
      continue;
    }
    open = headers.get(name) ?? [];
    open.push(line.slice(colon + 1).trim());
    headers.set(name, open);
  }
  return headers;
}
