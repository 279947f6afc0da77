import type { Readable } from 'node:stream';

/** Where segments are kept: a folder of this machine, or a bucket. Keys are those of `segmentKey`. */
export interface SegmentStore {
  /** Bytes of an object; `undefined` when there is none. */
  size(key: string): Promise<number | undefined>;
  /**
   * Fills `buffer` from `position` of the object on, up to `length` bytes.
   * @returns bytes read: fewer only where the object ends
   */
  read(key: string, buffer: Buffer, offset: number, length: number, position: number): Promise<number>;
  /**
   * Every copy goes, older versions too.
   * @param onRemoved called for each that was there; by a store that can tell
   * @returns what is still there, and why; nothing else is
   */
  remove(keys: readonly string[], onRemoved?: () => void): Promise<ReadonlyMap<string, StoreError>>;
  /** All objects below a prefix, by key, in the order of their bytes. */
  list(prefix: string): AsyncIterable<StoredObject>;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

/** A store that things are brought to. */
export interface ObjectStore extends SegmentStore {
  /**
   * Brings an object there, whole or not at all, and asks for it afterwards: when this resolves, the store has said
   * itself that it has that many bytes.
   */
  put(key: string, upload: Upload): Promise<void>;
}

export interface Upload {
  readonly bytes: number;
  /** Of all of them: the store is told, and refuses anything else. */
  readonly sha256: Uint8Array;
  /** The content, from its beginning; `moved` is called as it is taken. Destroyed when it is not read to its end. */
  readonly body: (moved: () => void) => Readable;
}

/**
 * What is wrong with a store, as far as anybody has to act on it. `unreachable`: no connection, no answer, or an
 * error of the store's own: it may pass. `refused`: credentials, permissions, clock, bucket: a person has to act.
 * `untrusted`: its certificate, or what it speaks instead of TLS, is not to be believed: a person has to act. `full`: it
 * takes no more. `missing`: there is no such object. `corrupt`: what arrived there, or came from there, is not what was
 * sent. `unexpected`: anything else.
 */
export const STORE_PROBLEMS = [
  'unreachable',
  'refused',
  'untrusted',
  'full',
  'missing',
  'corrupt',
  'unexpected',
] as const;
export type StoreProblem = (typeof STORE_PROBLEMS)[number];

/** The one error of a store. Its message is a sentence for a person and holds no secret. */
export class StoreError extends Error {
  readonly problem: StoreProblem;

  constructor(problem: StoreProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StoreError';
    this.problem = problem;
  }
}

/** An error that a store threw, or one of ours: then it counts as unexpected. */
export function asStoreError(error: unknown): StoreError {
  return error instanceof StoreError
    ? error
    : new StoreError('unexpected', error instanceof Error ? error.message : String(error), error);
}
