import { MESSAGE } from './message.ts';

/** User control events (Adobe RTMP 1.0, section 7.1.7): each asks or answers with a timestamp. */
export const PING_REQUEST = 6;
export const PING_RESPONSE = 7;

/**
 * A user control message, as the one chunk that it is.
 *
 * ```
 *  chunk 2, type 0 | time 3 | length 3: 6 | type 1: 4 | stream 4 | event 2 | value 4
 * ```
 */
export function userControl(event: number, value: number): Buffer {
  const bytes = Buffer.alloc(18);
  bytes[0] = 2;
  bytes[6] = 6;
  bytes[7] = MESSAGE.userControl;
  bytes.writeUInt16BE(event, 12);
  bytes.writeUInt32BE(value, 14);
  return bytes;
}
