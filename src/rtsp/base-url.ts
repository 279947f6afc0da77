import { encodeForWire } from './url.ts';

/**
 * Which URL controls what (RFC 2326 appendix C.1.1). A camera names itself in `Content-Base` and in `a=control`, often
 * by an address that only it knows. So of an absolute URL only the path is taken: scheme, host and port stay those of
 * the connection that works (D5), which also keeps RTSPS on TLS and a stranger's host out of our requests.
 */

/** The URL for aggregate PLAY, keep-alive and TEARDOWN (D9): Content-Base, Content-Location or the request's (D1). */
export function aggregateUrl(
  requestUrl: string,
  contentBase: string | undefined,
  contentLocation: string | undefined,
): string {
  for (const header of [contentBase, contentLocation]) {
    const value = cleaned(header);
    if (value === '' || value === '*') continue;
    const path = pathOfAbsolute(value);
    if (path !== undefined) return originOf(requestUrl) + path;
    if (value.startsWith('/')) return originOf(requestUrl) + value;
    // RFC 3986 section 5.2: a query replaces the query, a relative path the last part of the path (D2).
    const withoutQuery = requestUrl.replace(/\?.*$/, '');
    if (value.startsWith('?')) return withoutQuery + value;
    return withoutQuery.slice(0, withoutQuery.lastIndexOf('/') + 1) + value;
  }
  return requestUrl;
}

/**
 * The URL of one media. Relative ones are joined as *text*, also behind a query (D6): `…?channel=1&subtype=0` and
 * `trackID=0` make `…?channel=1&subtype=0/trackID=0`, which is no good URL and what these cameras listen to. Without a
 * control the media is the base itself (D7).
 */
export function joinControl(base: string, control: string | undefined): string {
  const value = cleaned(control);
  if (value === '' || value === '*') return base;
  const path = pathOfAbsolute(value);
  if (path !== undefined) return originOf(base) + path;
  if (value.startsWith('?')) return base + value;
  if (value.startsWith('/')) {
    // Either below the base, in spite of the slash (D7), or the whole path once more.
    const basePath = base.slice(originOf(base).length).replace(/\/$/, '');
    if (basePath !== '' && value.startsWith(`${basePath}/`)) return originOf(base) + value;
    return base.replace(/\/$/, '') + value;
  }
  return base.endsWith('/') ? base + value : `${base}/${value}`;
}

/** Path and query of a value that names a host, with one scheme, several (D4) or none (D3); else `undefined`. */
function pathOfAbsolute(value: string): string | undefined {
  const schemes = /^(?:rtsp[su]?:\/\/)+/i.exec(value);
  const rest = value.slice(schemes?.[0].length ?? 0);
  const authority = /^[^/?]*/.exec(rest)?.[0] ?? '';
  if (!schemes && !looksLikeHost(authority)) return undefined;
  const path = rest.slice(authority.length);
  return path.startsWith('/') ? path : `/${path}`;
}

/** An address, or a dotted name with a port: `trackID=1`, `track:1` and `video.sdp` are none. */
function looksLikeHost(text: string): boolean {
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|[a-z0-9_-]+(?:\.[a-z0-9_-]+)+:\d{1,5}|\[[0-9a-f:.]+\](?::\d{1,5})?)$/i.test(
    text,
  );
}

/** `rtsp://host:554` of a request URL. */
function originOf(requestUrl: string): string {
  return /^[a-z]+:\/\/[^/?]*/i.exec(requestUrl)?.[0] ?? '';
}

function cleaned(value: string | undefined): string {
  const text = (value ?? '').trim().replace(/^[<"]+/, '');
  let end = text.length;
  // No expression: one that looks for the end takes a minute for 128 KiB of `>`.
  while (end > 0 && (text[end - 1] === '>' || text[end - 1] === '"')) end--;
  return encodeForWire(text.slice(0, end));
}
