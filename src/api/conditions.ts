/**
 * Whether the client already has what it asks for (RFC 9110 section 13.1.2). Compares weakly, as the RFC asks for
 * If-None-Match: a cache that marked our tag as weak still has the same bytes.
 */
export function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** Whether a Range still fits what the client has the rest of (section 13.1.5): strongly, and never by date. */
export const rangeApplies = (ifRange: string | undefined, etag: string): boolean =>
  ifRange === undefined || ifRange.trim() === etag;
