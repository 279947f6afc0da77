import { parseDecimal, parseParameter } from './quoted-text.ts';

/** The `Session` header (RFC 2326 section 12.37). */
export interface RtspSession {
  /** To be sent back exactly so. */
  readonly id: string;
  readonly timeoutSeconds: number;
}

/** What RFC 2326 says holds when no time-out is given; also for 0 and nonsense (F7). */
export const DEFAULT_SESSION_TIMEOUT_SECONDS = 60;
const MAX_SESSION_TIMEOUT_SECONDS = 86_400;

/** `id`, `id;timeout=60`, `id ; timeout = 60 ;`; `undefined` when there is no id. */
export function parseSession(text: string): RtspSession | undefined {
  const [id = '', ...parameters] = text.split(';').map((part) => part.trim());
  if (id === '') return undefined;
  const timeout = parameters.map(parseParameter).find(({ key }) => key === 'timeout')?.value ?? '';
  const seconds = parseDecimal(/^\d+/.exec(timeout)?.[0] ?? '', Number.MAX_SAFE_INTEGER);
  return {
    id,
    timeoutSeconds: Math.min(seconds || DEFAULT_SESSION_TIMEOUT_SECONDS, MAX_SESSION_TIMEOUT_SECONDS),
  };
}
