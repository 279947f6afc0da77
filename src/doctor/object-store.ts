import { asStoreError } from '../storage/object-store.ts';
import { probeStore } from '../storage/s3/probe.ts';
import { S3Store } from '../storage/s3/s3-store.ts';
import { type Finding, findingsAbout } from './finding.ts';
import type { Subject } from './subject.ts';

const { good, bad } = findingsAbout('object store');

/** Whether the store takes, gives back and deletes, tried on an object of four kilobytes. */
export async function checkObjectStore({ config }: Subject): Promise<Finding | undefined> {
  const { s3 } = config.storage;
  if (!s3) return undefined;
  const store = new S3Store(s3);
  try {
    await probeStore(store);
    return good(`Bucket ${s3.bucket} at ${s3.endpoint ?? 'AWS'} takes, gives back and deletes.`);
  } catch (error) {
    const { message, problem } = asStoreError(error);
    return bad(
      message,
      problem === 'unreachable'
        ? 'See storage.s3.endpoint, and whether the store runs and can be reached from here.'
        : 'See storage.s3: keys, bucket (or createBucket: true), and what its keys may do there.',
    );
  } finally {
    store.close();
  }
}
