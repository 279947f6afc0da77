import { createHash, timingSafeEqual } from 'node:crypto';

/** A key as it is kept in memory: its SHA-256. */
export type KeyDigest = Buffer;

export const digestKey = (key: string): KeyDigest => createHash('sha256').update(key).digest();

/** Compares in a time that says nothing about how much of the key was right, or how long it is. */
export const keyMatches = (digest: KeyDigest, key: string): boolean =>
  timingSafeEqual(digest, digestKey(key));
