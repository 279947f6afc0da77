import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { StoreError, type Upload } from '../object-store.ts';
import { PROBE_PREFIX, type S3Store } from './s3-store.ts';

const PROBE_BYTES = 4_096;

/**
 * Tries everything that Vigie will ask of a store, on an object of four kilobytes, and believes what it sees, not what
 * it is told: whether content that differs from its signed hash is refused, whether what was stored can be read
 * again, and whether what was deleted is gone.
 *
 * @throws {StoreError} saying what does not work; a store that cannot delete is one for which no retention can be kept
 */
export async function probeStore(store: S3Store): Promise<void> {
  await store.openBucket();
  const key = probeKey();
  const content = randomBytes(PROBE_BYTES);
  const wrong = { ...uploadOf(content), body: () => Readable.from([randomBytes(PROBE_BYTES)]) };
  try {
    store.needsMd5 = false;
    store.needsMd5 = await takesWrongContent(store, key, wrong);
    await store.put(key, uploadOf(content));
    if (!(await hasContent(store, key, content))) {
      throw new StoreError('corrupt', 'The object store gives back something else than what was stored.');
    }
  } finally {
    const stayed = await store.remove([key]);
    const problem = stayed.get(key);
    if (problem) {
      // It is what the caller should hear of, unless something went wrong before.
      // oxlint-disable-next-line no-unsafe-finally
      throw new StoreError(
        problem.problem,
        `What is stored cannot be deleted again. ${problem.message}`,
        problem,
      );
    }
  }
  if ((await store.size(key)) !== undefined) {
    throw new StoreError(
      'unexpected',
      'The object store says that it has deleted something, and still has it.',
    );
  }
}

/**
 * Tries on an object of its own whether the store keeps what is held from being deleted, and lets go of it again,
 * before any segment is put at risk: Swift, which does not know the question, takes it for the new content of the
 * object, says 200, and gives that content back when it is asked what it has done.
 *
 * @returns what `store.locks` is from now on
 * @throws {StoreError} when the store is away
 */
export async function probeLocks(store: S3Store): Promise<boolean> {
  store.locks = false;
  const key = probeKey();
  const content = randomBytes(PROBE_BYTES);
  let keeps = false;
  await store.put(key, uploadOf(content));
  try {
    const held = await store.setLegalHold(key, true);
    if (held && (await hasContent(store, key, content))) {
      const refusal = (await store.remove([key])).get(key);
      if (refusal?.problem === 'unreachable') throw refusal;
      keeps = refusal !== undefined && (await hasContent(store, key, content));
    }
    if (held) await store.setLegalHold(key, false);
  } finally {
    keeps = (await store.remove([key])).size === 0 && keeps;
  }
  store.locks = keeps;
  return keeps;
}

async function takesWrongContent(store: S3Store, key: string, wrong: Upload): Promise<boolean> {
  try {
    await store.put(key, wrong);
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.problem === 'corrupt') return false;
    throw error;
  }
}

async function hasContent(store: S3Store, key: string, content: Buffer): Promise<boolean> {
  const read = Buffer.alloc(content.length + 1);
  const bytes = await store.read(key, read, 0, read.length, 0);
  return read.subarray(0, bytes).equals(content);
}

const probeKey = (): string => `${PROBE_PREFIX}${randomBytes(8).toString('hex')}`;

const uploadOf = (content: Buffer): Upload => ({
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest(),
  body: () => Readable.from([content]),
});
