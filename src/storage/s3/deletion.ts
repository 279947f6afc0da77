import { createHash } from 'node:crypto';
import {
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { StoreError } from '../object-store.ts';
import { setHeader } from './s3-client.ts';
import { s3Error } from './s3-problem.ts';

/** A thousand may be asked for; but a store deletes them one by one, and Swift answers only when all are gone. */
const KEYS_A_REQUEST = 100;
/** Of versions of one segment: there is one, or a few. */
const MOST_PAGES = 100;
const DOING = 'The object store, asked to delete segments';

/** Where something is deleted. */
export interface DeletionTarget {
  readonly bucket: string;
  /** Gives a request its time and its words for a person. @throws {StoreError} */
  readonly ask: <T>(doing: string, work: (client: S3Client, signal: AbortSignal) => Promise<T>) => Promise<T>;
}

interface Doomed {
  readonly Key: string;
  readonly VersionId?: string;
}

/**
 * Deletes objects with every version that there is of them. @returns what is still there, and why, by the keys that
 * were given; nothing else is
 */
export async function deleteObjects(
  target: DeletionTarget,
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoreError>> {
  const stayed = new Map<string, StoreError>();
  for (let first = 0; first < keys.length; first += KEYS_A_REQUEST) {
    const batch = keys.slice(first, first + KEYS_A_REQUEST);
    try {
      const keepsVersions = await bucketKeepsVersions(target);
      const hidden = await deleteBatch(
        target,
        batch.map((Key) => ({ Key })),
        stayed,
      );
      // A bucket that keeps versions only hid them: each version has to go by its own name.
      for (const key of keepsVersions ? batch : hidden) {
        if (!stayed.has(key)) await deleteVersions(target, key, stayed);
      }
    } catch (error) {
      for (const key of batch) stayed.set(key, s3Error(DOING, error));
    }
  }
  return stayed;
}

/**
 * Most stores say so of each object that they have only hidden; Swift says that it is deleted, while all of its
 * versions are there. A store that does not know the question, or may not be asked it, is taken by its answers.
 */
async function bucketKeepsVersions({ bucket, ask }: DeletionTarget): Promise<boolean> {
  const doing = 'The object store, asked whether the bucket keeps versions';
  try {
    const command = new GetBucketVersioningCommand({ Bucket: bucket });
    const { Status } = await ask(doing, (client, abortSignal) => client.send(command, { abortSignal }));
    return Status !== undefined;
  } catch (error) {
    if (error instanceof StoreError && error.problem !== 'unreachable') return false;
    throw error;
  }
}

/** @returns keys of which the store says that it only made the newest version invisible */
async function deleteBatch(
  { bucket, ask }: DeletionTarget,
  objects: readonly Doomed[],
  stayed: Map<string, StoreError>,
): Promise<readonly string[]> {
  const command = new DeleteObjectsCommand({
    Bucket: bucket,
    Delete: { Objects: [...objects], Quiet: false },
  });
  // Some stores insist on it, others on a checksum that they may not know either: all know this one.
  setHeader(command, 'content-md5', (body) =>
    createHash('md5')
      .update(body as string)
      .digest('base64'),
  );
  const answer = await ask(DOING, (client, abortSignal) => client.send(command, { abortSignal }));
  const told = new Set<string>();
  for (const { Key = '', Code, Message } of answer.Errors ?? []) {
    told.add(Key);
    if (Code !== 'NoSuchKey') stayed.set(Key, s3Error(DOING, { name: Code, message: Message }));
  }
  const hidden: string[] = [];
  for (const { Key = '', DeleteMarker, VersionId } of answer.Deleted ?? []) {
    told.add(Key);
    if (DeleteMarker === true && VersionId === undefined) hidden.push(Key);
  }
  // An answer that says nothing of a key is no promise that it is gone.
  for (const { Key } of objects) {
    if (!told.has(Key))
      stayed.set(Key, new StoreError('unexpected', `${DOING}: it did not say whether it has`));
  }
  return hidden;
}

async function deleteVersions(
  target: DeletionTarget,
  key: string,
  stayed: Map<string, StoreError>,
): Promise<void> {
  const { bucket, ask } = target;
  const doing = 'The object store, asked for older versions of a segment';
  let after: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {};
  for (let page = 0; page < MOST_PAGES; page++) {
    const command = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, ...after });
    const answer = await ask(doing, (client, abortSignal) => client.send(command, { abortSignal }));
    const versions = [...(answer.Versions ?? []), ...(answer.DeleteMarkers ?? [])].flatMap((version) =>
      version.Key === key && version.VersionId !== undefined
        ? [{ Key: key, VersionId: version.VersionId }]
        : [],
    );
    if (versions.length > 0) await deleteBatch(target, versions, stayed);
    const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = answer;
    // What follows is of other objects, whose names begin as this one does.
    if (stayed.has(key) || IsTruncated !== true || NextKeyMarker !== key) return;
    after = {
      KeyMarker: NextKeyMarker,
      ...(NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker }),
    };
  }
  stayed.set(key, new StoreError('unexpected', `${doing}: there is no end of them`));
}
