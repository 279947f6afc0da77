import { createHash, createHmac } from 'node:crypto';

/**
 * `t=1795450000,v1=5f0c…`: HMAC-SHA256 with the shared secret of the time, a dot and the body, as hexadecimal digits.
 * With the time signed along, a receiver can refuse what somebody has kept and sends again later.
 *
 * @param seconds Unix time
 */
export function signature(secret: string, seconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

/** Stands for a webhook in the catalog: its address may hold a password or a token. */
export const hookKey = (url: string): string => createHash('sha256').update(url).digest('hex').slice(0, 32);
