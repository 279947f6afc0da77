import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BENCH_PREFIX, type LoadStore } from '../../bench/load/load.ts';
import { emptyBucket, ofOneRun, openBucket } from '../../bench/load/run-bucket.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { benchIn, PATIENT } from '../support/bench.ts';
import { describeWith } from '../support/components.ts';
import { freePort } from '../support/free-port.ts';
import { type Radosgw, startRadosgw } from '../support/radosgw.ts';
import { collect, upload } from '../support/stored.ts';
import { temporaryFolder } from '../support/vigie.ts';

const FOREIGN = { key: 'holidays/beach.jpg', bytes: 5 };

describeWith(['radosgw'], 'the bucket of a bench', () => {
  let server: Radosgw;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    [server, folder] = await Promise.all([startRadosgw(), temporaryFolder()]);
  });
  afterAll(async () => {
    await folder?.remove();
    await server?.stop();
  });

  const storeOf = (bucket: string): LoadStore => ({
    ...{ endpoint: server.endpoint, bucket, prefix: BENCH_PREFIX },
    // The SDK writes into what it is given.
    accessKeyId: server.credentials.accessKeyId,
    secretAccessKey: server.credentials.secretAccessKey,
  });
  const inPrefix = async <T>(
    { bucket, prefix }: LoadStore,
    work: (store: S3Store) => Promise<T>,
  ): Promise<T> => {
    const store = new S3Store(server.config(bucket, { prefix }));
    try {
      return await work(store);
    } finally {
      store.close();
    }
  };
  const keysIn = (bucket: string): Promise<string[]> =>
    inPrefix({ ...storeOf(bucket), prefix: '' }, async (all) =>
      (await collect(all.list(''))).map(({ key }) => key),
    );
  const put = (place: LoadStore, key: string): Promise<void> =>
    inPrefix(place, (store) => store.put(key, upload(Buffer.alloc(FOREIGN.bytes))));

  it('is made, and emptied of what one run brought and nothing else', async () => {
    const store = storeOf('shared');
    expect(await openBucket(store)).toBe(0);
    const [one, other] = [ofOneRun(store), ofOneRun(store)];
    await put({ ...store, prefix: '' }, FOREIGN.key);
    await put(other, 'cam-1/1.mp4');
    // More than a store deletes at one time.
    for (let i = 0; i < 120; i++) await put(one, `cam-1/${i}.mp4`);
    await emptyBucket(one);
    expect(await keysIn('shared')).toEqual([FOREIGN.key, `${other.prefix}/cam-1/1.mp4`]);
    expect(await openBucket(store)).toBe(1);
  });

  it('has nothing of a run any more when that is over, and what was in it before', async () => {
    const store = storeOf('used');
    await openBucket(store);
    await put({ ...store, prefix: '' }, FOREIGN.key);
    await put(ofOneRun(store), 'cam-1/1.mp4');
    const leftOver = (await keysIn('used')).find((key) => key !== FOREIGN.key);
    const { accessKeyId, secretAccessKey } = server.credentials;
    const url = `${server.endpoint.replace('://', `://${accessKeyId}:${secretAccessKey}@`)}/used`;
    // Files are closed every 20 s, and only then brought there.
    const { code, out, report } = await benchIn(folder.path, [...PATIENT, '--s3', url, '--seconds', '23']);
    expect(code).toBe(0);
    expect(report.runs[0]?.measured.told?.storedBytesPerSecond).toBeGreaterThan(0);
    expect(await keysIn('used')).toEqual([FOREIGN.key, leftOver]);
    expect(out).toMatch(/^1 objects? of a bench .* below vigie-bench\/: nobody needs/m);
    expect(JSON.stringify(report)).not.toContain(secretAccessKey);
  }, 120_000);
});

describe('a bench without a store that answers', () => {
  it('ends before it measures anything', async () => {
    const nobody = `http://key:topsecret@127.0.0.1:${await freePort()}/bucket`;
    const folder = await temporaryFolder();
    const bench = benchIn(folder.path, ['--s3', nobody]);
    await expect(bench).rejects.toThrow(/^The bench could not go on: The object store, asked for the bucket/);
    await expect(bench).rejects.not.toThrow(/topsecret/);
    await folder.remove();
  }, 60_000);
});
