/** Something to fetch: a part of a file. */
export interface PlaylistPart {
  readonly path: string;
  /** As in a `Range` header. */
  readonly range: string;
}

export interface Playlist {
  /** What a decoder needs first; that of the last entry. */
  readonly start: PlaylistPart | undefined;
  readonly entries: readonly PlaylistPart[];
}

/** RFC 8216, as far as our own server writes it. */
export function parsePlaylist(text: string): Playlist {
  let start: PlaylistPart | undefined;
  let range = '';
  const entries: PlaylistPart[] = [];
  for (const line of text.split('\n')) {
    const map = /^#EXT-X-MAP:URI="([^"]+)"(?:,BYTERANGE="([^"]+)")?/.exec(line);
    if (map) start = { path: map[1] as string, range: rangeHeader(map[2] ?? '') };
    else if (line.startsWith('#EXT-X-BYTERANGE:'))
      range = rangeHeader(line.slice('#EXT-X-BYTERANGE:'.length));
    else if (line !== '' && !line.startsWith('#')) entries.push({ path: line, range });
  }
  return { start, entries };
}

/** `LENGTH@OFFSET` (section 4.3.2.2) is `bytes=FIRST-LAST`. */
function rangeHeader(text: string): string {
  const [length, offset] = text.split('@').map(Number);
  return length === undefined || offset === undefined ? '' : `bytes=${offset}-${offset + length - 1}`;
}
