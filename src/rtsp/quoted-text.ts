/**
 * The one piece of grammar that the structured headers of RTSP share (RFC 2326 section 15, RFC 7235 section 2.1):
 * items between separators, where a separator inside a quoted string does not count.
 */

/** Splits at `separator` (one character) outside quoted strings and trims each part; empty parts are left out. */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let partStart = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === separator) {
      parts.push(text.slice(partStart, at));
      partStart = at + 1;
    }
  }
  parts.push(text.slice(partStart));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Takes one pair of surrounding quotes off, if there is one. */
export function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** `key = "value"` as a lower-case key and a bare value; a lone `key` has the value `''`. */
export function parseParameter(text: string): { readonly key: string; readonly value: string } {
  const equals = text.indexOf('=');
  if (equals < 0) return { key: text.trim().toLowerCase(), value: '' };
  return {
    key: text.slice(0, equals).trim().toLowerCase(),
    value: unquoted(text.slice(equals + 1).trim()),
  };
}

/** A decimal number of digits only, at most `max`; anything else, such as `-1`, `1.5` or `''`, is `undefined`. */
export function parseDecimal(text: string, max: number): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

/** An SSRC as eight hexadecimal digits or fewer, with whatever `0x` or blanks a camera adds (F4). */
export function parseSsrc(text: string): number | undefined {
  const digits = /^\s*(?:0x)?([0-9a-f]{1,8})\s*$/i.exec(text)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
