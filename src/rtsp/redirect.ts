import { parseRtspUrl, type RtspUrl, withCredentials } from './url.ts';

export type Redirect =
  | { readonly kind: 'to'; readonly url: RtspUrl }
  | { readonly kind: 'refused'; readonly problem: string };

/**
 * Where a 301 or 302 sends us (A4). Our credentials go along, since the camera that redirects expects them at the new
 * place, but never from TLS to plain text, where anybody on the way could have written the answer.
 */
export function followRedirect(from: RtspUrl, location: string | undefined): Redirect {
  const target = location?.trim() ?? '';
  if (target === '') return { kind: 'refused', problem: 'the redirect has no Location' };
  const origin = from.requestUrl.slice(0, from.requestUrl.indexOf('/', from.scheme.length + 3));
  const absolute = target.startsWith('/') ? `${origin}${target}` : target;
  const url = parseRtspUrl(absolute);
  if (!url) return { kind: 'refused', problem: 'the Location of the redirect is not an RTSP URL' };
  if (from.scheme === 'rtsps' && url.scheme !== 'rtsps') {
    return { kind: 'refused', problem: `the redirect leaves TLS for ${url.redacted}` };
  }
  // An absolute path stays on the address we are connected to, zone included.
  const host = target.startsWith('/') ? from.host : url.host;
  return { kind: 'to', url: withCredentials({ ...url, host }, from.credentials ?? url.credentials) };
}
