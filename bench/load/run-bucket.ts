import { randomUUID } from 'node:crypto';
import type { S3Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import type { LoadStore } from './load.ts';

/** The same bucket, in a place that no other run has. */
export const ofOneRun = (store: LoadStore): LoadStore => ({
  ...store,
  prefix: `${store.prefix}/${randomUUID()}`,
});

/**
 * Makes the bucket if it is not there.
 * @returns objects of benches before this one: none, unless one was ended before it could tidy up
 * @throws {StoreError} when the bucket cannot be used
 */
export function openBucket(store: LoadStore): Promise<number> {
  return withStore(store, async (s3) => {
    await s3.openBucket();
    return (await keysIn(s3)).length;
  });
}

/**
 * Deletes everything below the prefix: a store that keeps it in memory would be full after a few runs.
 * @throws {StoreError} when something is still there
 */
export function emptyBucket(store: LoadStore): Promise<void> {
  return withStore(store, async (s3) => {
    const [problem] = (await s3.remove(await keysIn(s3))).values();
    if (problem) throw problem;
  });
}

async function withStore<T>(store: LoadStore, work: (s3: S3Store) => Promise<T>): Promise<T> {
  const s3 = new S3Store(configOf(store));
  try {
    return await work(s3);
  } finally {
    s3.close();
  }
}

async function keysIn(s3: S3Store): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of s3.list('')) keys.push(key);
  return keys;
}

/** Read as the measured server reads it, so that both mean the same bucket. */
function configOf(store: LoadStore): S3Config {
  const text = JSON.stringify({ storage: { s3: { ...store, createBucket: true } } });
  const result = loadConfig({ text, file: 'bench', env: {} });
  const s3 = result.ok ? result.config.storage.s3 : undefined;
  if (s3) return s3;
  // The values may hold the secret: only what is allowed is said.
  const wrong = result.ok ? [] : result.problems.map(({ key, allowed }) => `${key} is ${allowed}`);
  throw new Error(`--s3 is not understood: ${wrong.join('; ')}.`);
}
