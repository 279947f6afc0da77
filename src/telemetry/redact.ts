/** What every secret is replaced by. */
export const REDACTED = '***';

/**
 * Takes secrets out of text that is going to be seen: user and password of any URL, stream keys, authorization headers,
 * and values whose name says that they are secret.
 */
export function redactSecrets(text: string): string {
  return text
    .replaceAll(/\b[a-z][a-z0-9+.-]{1,20}:\/\/\S+/gi, redactUrl)
    .replaceAll(
      /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:(?:basic|digest|bearer)\s+)?[^\r\n]{1,2048}/gi,
      `$1${REDACTED}`,
    )
    .replaceAll(/([?&]key=)[^&\s"'…]+/gi, `$1${REDACTED}`)
    .replaceAll(
      /\b((?:\w*[_-])?(?:pass|passwd|password|psw|pwd|secret|token|secretaccesskey)["']?\s*[:=]\s*["']?)(?:(?!_[a-z]+=)[^&\s"',;}])+/gi,
      `$1${REDACTED}`,
    );
}

/**
 * Passwords hold `@`, `/`, quotes and worse, so everything up to the last `@` before a blank goes. Rather too much than
 * too little: only where nothing looks like a user part (`rtsp://10.0.0.1/live@main`) is it left.
 */
function redactUrl(url: string): string {
  const userStart = url.indexOf('://') + 3;
  const userEnd = url.lastIndexOf('@');
  if (userEnd < userStart) return url;
  const before = url.slice(userStart, userEnd);
  const host = /^[^/?#]*/.exec(before)?.[0] ?? '';
  const isPath = host.length < before.length && !/[:@]/.test(host) && !before.includes('://');
  return isPath ? url : `${url.slice(0, userStart)}${REDACTED}${url.slice(userEnd)}`;
}

const MAX_DEPTH = 8;
const MAX_ENTRIES = 1_000;
const SECRET_KEY = /pass|secret|token|authorization|credential/i;

/** A copy of a value for the log, with every string in it redacted; errors become their parts. Bounded in depth. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactSecrets(value);
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? String(value) : value;
  if (depth >= MAX_DEPTH) return '…';
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `${value.byteLength} bytes`;
  if (value instanceof Map) return redactValue(Object.fromEntries(value), depth);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, MAX_ENTRIES).map((entry) => redactValue(entry, depth + 1));
  }
  const copy: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value).slice(0, MAX_ENTRIES)) {
    const isSecret = SECRET_KEY.test(key) && typeof entry === 'string';
    copy[redactSecrets(key)] = isSecret ? REDACTED : redactValue(entry, depth + 1);
  }
  return copy;
}

function redactError(error: Error, depth: number): unknown {
  const { name, message, stack, cause, ...fields } = error as Error & Record<string, unknown>;
  return {
    type: name,
    message: redactSecrets(message),
    stack: redactSecrets(stack ?? ''),
    ...(cause === undefined ? {} : { cause: redactValue(cause, depth + 1) }),
    ...(redactValue({ ...fields }, depth + 1) as object),
  };
}
