import { createHash, randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderStore } from '../../src/storage/folder-store.ts';
import { asStoreError, type ObjectStore, StoreError } from '../../src/storage/object-store.ts';
import { probeStore } from '../../src/storage/s3/probe.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { describeWith } from '../support/components.ts';
import { type Radosgw, startRadosgw } from '../support/radosgw.ts';
import { collect, failure, upload } from '../support/stored.ts';

describeWith(['radosgw'], 'a bucket of a store that fails', () => {
  let rgw: Radosgw;
  let store: S3Store;
  beforeAll(async () => {
    rgw = await startRadosgw();
    store = new S3Store(rgw.config('city'));
    await probeStore(store);
  });
  afterAll(async () => {
    store?.close();
    await rgw?.stop();
  });

  it('that is full says so or breaks off, and works again with more room', async () => {
    rgw.admin('quota', 'set', '--quota-scope=user', '--uid=vigie', '--max-size=20M');
    rgw.admin('quota', 'enable', '--quota-scope=user', '--uid=vigie');
    let problem: StoreError | undefined;
    const content = randomBytes(8_000_000);
    for (let i = 0; i < 20 && !problem; i++) {
      problem = await store.put(`full/${i}.mp4`, upload(content)).then(
        () => undefined,
        (error: unknown) => asStoreError(error),
      );
    }
    expect(['full', 'unreachable', 'refused']).toContain(problem?.problem);
    rgw.admin('quota', 'disable', '--quota-scope=user', '--uid=vigie');
    await store.put('full/last.mp4', upload(content));
  });

  it('that hangs is given up, and works again afterwards', async () => {
    const hasty = new S3Store(rgw.config('city', { timeoutMillis: 1_000 }));
    rgw.freeze();
    try {
      const error = await failure(hasty.put('hang.mp4', upload(randomBytes(1_000))));
      expect(error.problem).toBe('unreachable');
      expect(error.message).toMatch(/does not answer/);
    } finally {
      rgw.thaw();
    }
    await store.put('hang.mp4', upload(randomBytes(1_000)));
    hasty.close();
  });

  it('that is killed in the middle is unreachable, and has everything when it is back', async () => {
    const content = randomBytes(100_000);
    await store.put('before.mp4', upload(content));
    await rgw.kill();
    expect((await failure(store.put('during.mp4', upload(content)))).problem).toBe('unreachable');
    await rgw.revive();
    expect(await store.size('before.mp4')).toBe(content.length);
    await store.put('during.mp4', upload(content));
  });
});

/** What no honest server does. */
describe('a store that lies', () => {
  let server: Server | undefined;
  const lying = async (answer: RequestListener): Promise<S3Store> => {
    server = createServer(answer);
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new S3Store({
      ...{ endpoint: `http://127.0.0.1:${port}`, bucket: 'city', region: 'x', prefix: '' },
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      ...{ createBucket: false, pathStyle: true, caFile: undefined, storageClass: undefined },
      ...{ encryption: undefined, kmsKeyId: undefined, concurrency: 1 },
      ...{ bytesPerSecond: Number.POSITIVE_INFINITY, timeoutMillis: 800, warnAfterMicros: 1 },
    });
  };
  const stop = async (store: ObjectStore & { close(): void }): Promise<void> => {
    store.close();
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  };

  it('accepts and loses: is found out', async () => {
    const store = await lying((request, reply) => {
      request.resume();
      request.on('end', () => reply.writeHead(request.method === 'HEAD' ? 404 : 200).end());
    });
    const error = await failure(store.put('a.mp4', upload(randomBytes(100))));
    expect(error.problem).toBe('corrupt');
    expect(error.message).toMatch(/no such object/);
    await stop(store);
  });

  it('answers 200 with an empty body to everything: is found out', async () => {
    const store = await lying((request, reply) => {
      request.resume();
      request.on('end', () => reply.writeHead(200).end());
    });
    expect((await failure(store.put('a.mp4', upload(randomBytes(100))))).message).toMatch(/0 of 100 bytes/);
    expect((await store.remove(['a.mp4'])).get('a.mp4')).toBeInstanceOf(StoreError);
    await stop(store);
  });

  it('cuts its answer short, or stops in the middle: is found out', async () => {
    let mode = 'cut';
    const store = await lying((_request, reply) => {
      reply.writeHead(206, { 'content-length': '1000' });
      reply.write(Buffer.alloc(400));
      if (mode === 'cut') setTimeout(() => reply.destroy(), 20);
    });
    const read = (): Promise<number> => store.read('a.mp4', Buffer.alloc(1_000), 0, 1_000, 0);
    expect((await failure(read())).problem).toBe('unreachable');
    mode = 'stop';
    expect((await failure(read())).message).toMatch(/does not answer/);
    await stop(store);
  });

  it('sends more than was asked for: nothing is overwritten', async () => {
    const store = await lying((_request, reply) => void reply.end(Buffer.alloc(5_000, 1)));
    const buffer = Buffer.alloc(200);
    expect((await failure(store.read('a.mp4', buffer, 0, 100, 0))).problem).toBe('corrupt');
    expect(buffer.subarray(100).every((byte) => byte === 0)).toBe(true);
    await stop(store);
  });

  it('lists without an end: is found out', async () => {
    const store = await lying((_request, reply) => {
      reply.end(`<ListBucketResult><Contents><Key>a.mp4</Key><Size>1</Size></Contents>
        <IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>`);
    });
    expect((await failure(collect(store.list('')))).message).toMatch(/does not say where/);
    await stop(store);
  });

  it('takes content with another hash than the one that was signed: it gets Content-MD5', async () => {
    const objects = new Map<string, Buffer>();
    let md5: string | undefined;
    const store = await lying((request, reply) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = (request.url ?? '').split('?')[0] as string;
        const object = objects.get(path);
        if (request.method === 'PUT') {
          objects.set(path, Buffer.concat(chunks));
          md5 = request.headers['content-md5'] as string | undefined;
          reply.end();
        } else if (request.method === 'POST') {
          objects.clear();
          const key = /<Key>(.*?)<\/Key>/.exec(Buffer.concat(chunks).toString())?.[1];
          reply.end(`<DeleteResult><Deleted><Key>${key}</Key></Deleted></DeleteResult>`);
        } else if (path === '/city' || path === '/city/') reply.end();
        else if (!object) reply.writeHead(404).end();
        else if (request.method === 'HEAD') reply.writeHead(200, { 'content-length': object.length }).end();
        else reply.writeHead(206, { 'content-length': object.length }).end(object);
      });
    });
    await probeStore(store);
    expect(store.needsMd5).toBe(true);
    const content = randomBytes(100);
    await store.put('a.mp4', upload(content));
    expect(md5).toBe(createHash('md5').update(content).digest('base64'));
    await stop(store);
  });
});

describe('a folder as a store', () => {
  it('lists as a bucket does, deletes, and says what is missing', async () => {
    const root = await mkdtemp(join(tmpdir(), 'vigie-folder-'));
    try {
      const store = new FolderStore(root);
      expect(await store.size('a/b.mp4')).toBeUndefined();
      expect((await failure(store.read('a/b.mp4', Buffer.alloc(1), 0, 1, 0))).problem).toBe('missing');
      expect(await store.remove(['a/b.mp4'])).toEqual(new Map());
      expect(await collect(store.list('a/'))).toEqual([]);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
