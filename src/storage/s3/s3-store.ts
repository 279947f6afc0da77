import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  type S3Client,
  type ServerSideEncryption,
  type StorageClass,
} from '@aws-sdk/client-s3';
import type { S3Config } from '../../config/config.ts';
import {
  asStoreError,
  type ObjectStore,
  type StoredObject,
  StoreError,
  type Upload,
} from '../object-store.ts';
import { deleteObjects } from './deletion.ts';
import { createS3Client, setHeader } from './s3-client.ts';
import { s3Error } from './s3-problem.ts';

/** Of objects that nobody misses: what a store can do is tried on them. */
export const PROBE_PREFIX = '.vigie/probe-';

/**
 * Segments in a bucket of an S3-compatible store, through the AWS SDK. What goes there has a known length and is
 * signed with the SHA-256 that was taken while it was recorded: so the store itself checks every byte from the
 * recorder's memory to its own, and nothing is hashed a second time here.
 *
 * A store that does not check what it signed for is found out by `probe` (see probe.ts); it then gets Content-MD5.
 */
export class S3Store implements ObjectStore {
  /** Set for a store that takes content with another hash than the one that was signed. */
  needsMd5 = false;
  /** Set by `probeLocks` for a store that has kept what is held; until then none is asked to. */
  locks = false;

  readonly #config: S3Config;
  #client: S3Client | undefined;

  constructor(config: S3Config) {
    this.#config = config;
  }

  async put(key: string, upload: Upload): Promise<void> {
    const doing = 'The object store, asked to store a segment';
    const md5 = this.needsMd5 ? await md5Of(upload.body(() => undefined)) : undefined;
    await this.#timed(doing, async (client, abortSignal, moved) => {
      const body = upload.body(moved);
      const broken = new AbortController();
      // A request waits for its body for ever: it is not told that there is no more.
      body.once('error', (error) => broken.abort(error));
      try {
        const { storageClass, encryption, kmsKeyId } = this.#config;
        const command = new PutObjectCommand({
          ...this.#at(key),
          Body: body,
          ContentLength: upload.bytes,
          ContentType: 'video/mp4',
          ...(md5 ? { ContentMD5: md5 } : {}),
          ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
          ...(encryption === undefined ? {} : { ServerSideEncryption: encryption as ServerSideEncryption }),
          ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
        });
        const sha256 = Buffer.from(upload.sha256).toString('hex');
        setHeader(command, 'x-amz-content-sha256', () => sha256);
        await client.send(command, { abortSignal: AbortSignal.any([abortSignal, broken.signal]) });
      } catch (error) {
        throw broken.signal.aborted ? broken.signal.reason : error;
      } finally {
        body.destroy();
      }
    });
    const stored = await this.size(key);
    if (stored === upload.bytes) return;
    const words =
      stored === undefined ? 'it has no such object' : `it has ${stored} of ${upload.bytes} bytes`;
    throw new StoreError(
      'corrupt',
      `The object store says that it has stored a segment, and then that ${words}.`,
    );
  }

  async size(key: string): Promise<number | undefined> {
    const doing = 'The object store, asked for a segment';
    try {
      return await this.#timed(doing, async (client, abortSignal) => {
        const answer = await client.send(new HeadObjectCommand(this.#at(key)), { abortSignal });
        return answer.ContentLength ?? 0;
      });
    } catch (error) {
      // An answer without a body: a bucket that is not there looks the same.
      if (error instanceof StoreError && error.problem === 'missing') return undefined;
      throw error;
    }
  }

  async read(key: string, buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
    if (length === 0) return 0;
    const doing = 'The object store, asked for a part of a segment';
    return this.#timed(doing, async (client, abortSignal, moved) => {
      const range = `bytes=${position}-${position + length - 1}`;
      const command = new GetObjectCommand({ ...this.#at(key), Range: range });
      const answer = await client.send(command, { abortSignal }).catch((error: unknown) => {
        // Nothing lies there: it ends before.
        if ((error as { name?: string }).name === 'InvalidRange') return undefined;
        throw error;
      });
      if (!answer) return 0;
      const promised = answer.ContentLength ?? 0;
      let done = 0;
      for await (const chunk of answer.Body as Readable) {
        const bytes = chunk as Buffer;
        moved();
        if (done + bytes.length > length) {
          (answer.Body as Readable).destroy();
          throw new StoreError('corrupt', `${doing}: it sends more than was asked for`);
        }
        bytes.copy(buffer, offset + done);
        done += bytes.length;
      }
      if (done < promised) throw new StoreError('unreachable', `${doing}: its answer was cut short`);
      return done;
    });
  }

  async remove(keys: readonly string[]): Promise<ReadonlyMap<string, StoreError>> {
    const stayed = await deleteObjects(
      { bucket: this.#config.bucket, ask: (doing, work) => this.#timed(doing, work) },
      keys.map((key) => this.#key(key)),
    );
    return new Map([...stayed].map(([key, error]) => [this.#local(key), error]));
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const doing = 'The object store, asked for a list';
    const what = { Bucket: this.#config.bucket, Prefix: this.#key(prefix) };
    for (let token: string | undefined; ; ) {
      const command = new ListObjectsV2Command(
        token === undefined ? what : { ...what, ContinuationToken: token },
      );
      const page = await this.#timed(doing, (client, abortSignal) => client.send(command, { abortSignal }));
      for (const { Key, Size } of page.Contents ?? []) {
        if (Key !== undefined) yield { key: this.#local(Key), bytes: Size ?? 0 };
      }
      if (page.IsTruncated !== true) return;
      const next = page.NextContinuationToken;
      // A list that ends too early would look like objects that are lost.
      if (next === undefined || next === token)
        throw new StoreError('unexpected', `${doing}: there is more of it, and it does not say where`);
      token = next;
    }
  }

  /**
   * Asks the store to keep an object from being deleted, or to let it go, and asks it again what it has done. A store
   * that has not been tried is not asked about a segment: Swift takes the question for the new content of the object.
   * @returns false when it does not do it
   */
  async setLegalHold(key: string, on: boolean): Promise<boolean> {
    if (!this.locks && !key.startsWith(PROBE_PREFIX)) return false;
    const doing = 'The object store, asked to lock a segment';
    const Status = on ? 'ON' : 'OFF';
    try {
      return await this.#timed(doing, async (client, abortSignal) => {
        await client.send(
          new PutObjectLegalHoldCommand({
            ...this.#at(key),
            LegalHold: { Status },
            ChecksumAlgorithm: undefined,
          }),
          { abortSignal },
        );
        const answer = await client.send(new GetObjectLegalHoldCommand(this.#at(key)), { abortSignal });
        return answer.LegalHold?.Status === Status;
      });
    } catch (error) {
      const problem = asStoreError(error);
      // It does not know what that is, or the bucket was made without it.
      if (problem.problem === 'unexpected' || problem.problem === 'missing' || problem.problem === 'refused')
        return false;
      throw problem;
    }
  }

  /** The bucket is there and may be used; it is created when the configuration says so. */
  async openBucket(): Promise<void> {
    const { bucket, createBucket } = this.#config;
    const doing = `The object store, asked for the bucket "${bucket}"`;
    try {
      await this.#timed(doing, (client, abortSignal) =>
        client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal }),
      );
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.problem === 'refused' || error.problem === 'unexpected') {
        // The answer came without a word, as the question asked for none: this one gets a reason.
        const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: this.#key(''), MaxKeys: 1 });
        await this.#timed(doing, (client, abortSignal) => client.send(command, { abortSignal }));
        return;
      }
      if (error.problem !== 'missing') throw error;
      if (!createBucket) throw new StoreError('refused', `${doing}: there is no bucket of that name`, error);
      await this.#timed(`The object store, asked to create the bucket "${bucket}"`, (client, abortSignal) =>
        client.send(new CreateBucketCommand({ Bucket: bucket }), { abortSignal }),
      );
    }
  }

  close(): void {
    this.#client?.destroy();
  }

  /**
   * Gives up a request in which nothing moves for the configured time: no byte of its body taken, no answer.
   */
  async #timed<T>(
    doing: string,
    work: (client: S3Client, signal: AbortSignal, moved: () => void) => Promise<T>,
  ): Promise<T> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), this.#config.timeoutMillis);
    const moved = (): void => void timer.refresh();
    try {
      this.#client ??= createS3Client(this.#config);
      return await work(this.#client, abort.signal, moved);
    } catch (error) {
      throw s3Error(doing, error);
    } finally {
      clearTimeout(timer);
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#config.bucket, Key: this.#key(key) };
  }

  #key(key: string): string {
    return this.#config.prefix === '' ? key : `${this.#config.prefix}/${key}`;
  }

  #local(key: string): string {
    return this.#config.prefix === '' ? key : key.slice(this.#config.prefix.length + 1);
  }
}

async function md5Of(body: Readable): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of body) hash.update(chunk as Buffer);
  return hash.digest('base64');
}
