import { createHash, randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { DEFAULT_S3, type S3Config } from '../../src/config/config.ts';
import type { StoreProblem, Upload } from '../../src/storage/object-store.ts';
import { RateLimit } from '../../src/storage/rate-limit.ts';
import { probeLocks, probeStore } from '../../src/storage/s3/probe.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { UploadLane } from '../../src/storage/segment-upload.ts';
import { systemClock } from '../../src/time/clock.ts';
import { describeWith } from '../support/components.ts';
import { startRadosgw } from '../support/radosgw.ts';
import { S3_DOMAIN, type S3Server } from '../support/s3-server.ts';
import { collect, failure, upload } from '../support/stored.ts';
import { startSwift } from '../support/swift.ts';

const SERVERS = [
  { component: 'radosgw', start: startRadosgw, manyObjects: 1_050 },
  // Its lists are of fifty.
  { component: 'swift', start: startSwift, manyObjects: 120 },
] as const;

/** The SDK as it comes, for what Vigie does not do. */
const plainClient = ({ endpoint, credentials }: S3Server): S3Client =>
  new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });

for (const { component, start, manyObjects } of SERVERS) {
  describeWith([component], `a bucket of ${component}`, () => {
    let server: S3Server;
    let store: S3Store;
    beforeAll(async () => {
      server = await start();
      // As configured by default: it deletes a hundred objects before it answers.
      store = new S3Store(server.config('city', { timeoutMillis: DEFAULT_S3.timeoutMillis }));
      await probeStore(store);
    });
    afterAll(async () => {
      store?.close();
      await server?.stop();
    });

    it('checks the hash that was signed, so nothing is hashed a second time', () => {
      expect(store.needsMd5).toBe(false);
    });

    it('gives back what was stored, in any part', async () => {
      const content = randomBytes(3_000_000);
      await store.put('gare/2026/1.mp4', upload(content));
      expect(await store.size('gare/2026/1.mp4')).toBe(content.length);
      for (const [position, length] of [
        [0, 10],
        [1_234_567, 1_000_000],
        [2_999_990, 100],
        [3_000_000, 10],
      ] as const) {
        const read = Buffer.alloc(length);
        const bytes = await store.read('gare/2026/1.mp4', read, 0, length, position);
        expect(read.subarray(0, bytes)).toEqual(content.subarray(position, position + length));
      }
    });

    it('streams a large file past the cache, byte for byte', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'vigie-upload-'));
      try {
        const content = randomBytes(30_000_001);
        const path = join(folder, 'segment.mp4');
        await writeFile(path, content);
        const lane = new UploadLane(new RateLimit(Number.POSITIVE_INFINITY, systemClock));
        for (const bytes of [content.length, 4_096, 1_048_576, 1]) {
          const part = content.subarray(0, bytes);
          const sha256 = createHash('sha256').update(part).digest();
          const body: Upload['body'] = (moved) => lane.stream(path, bytes, moved);
          await store.put('gare/large.mp4', { bytes, sha256, body });
          const read = Buffer.alloc(bytes);
          expect(await store.read('gare/large.mp4', read, 0, bytes, 0)).toBe(bytes);
          expect(read.equals(part)).toBe(true);
        }
        // Less than was promised: the store never gets a whole object.
        const short = { bytes: content.length + 5, sha256: createHash('sha256').digest() };
        const body: Upload['body'] = (moved) => lane.stream(path, content.length + 5, moved);
        expect((await failure(store.put('gare/short.mp4', { ...short, body }))).message).toMatch(
          /ends at byte/,
        );
        expect(await store.size('gare/short.mp4')).toBeUndefined();
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('refuses content that is not what was recorded', async () => {
      const error = await failure(
        store.put('gare/wrong.mp4', upload(randomBytes(5_000), randomBytes(5_000))),
      );
      expect(error.problem).toBe('corrupt');
      expect(await store.size('gare/wrong.mp4')).toBeUndefined();
    });

    it('lists in the order of keys and deletes more than one request can, and what is not there is gone as well', async () => {
      const keys = Array.from({ length: manyObjects }, (_, i) => `list/${String(i).padStart(5, '0')}.mp4`);
      for (let i = 0; i < keys.length; i += 50) {
        await Promise.all(keys.slice(i, i + 50).map((key) => store.put(key, upload(Buffer.from(key)))));
      }
      const listed = await collect(store.list('list/'));
      expect(listed.map(({ key }) => key)).toEqual(keys);
      expect(listed[7]?.bytes).toBe(keys[7]?.length);
      expect(await store.remove([...keys, 'list/none.mp4'])).toEqual(new Map());
      expect(await collect(store.list('list/'))).toEqual([]);
    }, 120_000);

    it('leaves no older version behind where a bucket keeps them', async () => {
      const config = server.config('versions');
      const versioned = new S3Store(config);
      await versioned.openBucket();
      const client = plainClient(server);
      await client.send(
        new PutBucketVersioningCommand({
          Bucket: 'versions',
          VersioningConfiguration: { Status: 'Enabled' },
        }),
      );
      await versioned.put('a.mp4', upload(randomBytes(100)));
      await versioned.put('a.mp4', upload(randomBytes(200)));
      expect(await versioned.remove(['a.mp4'])).toEqual(new Map());
      const left = await client.send(new ListObjectVersionsCommand({ Bucket: 'versions' }));
      expect([...(left.Versions ?? []), ...(left.DeleteMarkers ?? [])]).toEqual([]);
      client.destroy();
      versioned.close();
    });

    it.each([true, false])(
      'is asked to lock what is held only if it really does (made to lock: %s)',
      async (lock) => {
        const bucket = `locks-${lock}`;
        const client = plainClient(server);
        await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: lock }));
        client.destroy();
        const held = new S3Store(server.config(bucket));
        const content = randomBytes(100_000);
        await held.put('a.mp4', upload(content));
        expect(await held.setLegalHold('a.mp4', true)).toBe(false);
        // Swift says that it makes such a bucket, and that it locks.
        const locks = lock && component === 'radosgw';
        expect(await probeLocks(held)).toBe(locks);
        expect(await held.setLegalHold('a.mp4', true)).toBe(locks);
        expect((await held.remove(['a.mp4'])).get('a.mp4')?.problem).toBe(locks ? 'refused' : undefined);
        if (!locks) await held.put('a.mp4', upload(content));
        const read = Buffer.alloc(content.length);
        expect(await held.read('a.mp4', read, 0, read.length, 0)).toBe(content.length);
        expect(read.equals(content)).toBe(true);
        expect(await held.setLegalHold('a.mp4', false)).toBe(locks);
        expect(await held.remove(['a.mp4'])).toEqual(new Map());
        expect(await collect(held.list(''))).toEqual([]);
        held.close();
      },
    );

    it('is found by the name of the host, where that has the bucket in it', async () => {
      const { port } = new URL(server.endpoint);
      const resolve = vi.spyOn(dns, 'lookup');
      const names = new Set<string>();
      // A city's name server; everything else is as it is.
      const lookup = (name: string, _options: unknown, done: (error: null, found: unknown) => void): void => {
        names.add(name);
        done(null, [{ address: '127.0.0.1', family: 4 }]);
      };
      resolve.mockImplementation(lookup as unknown as typeof dns.lookup);
      const hosted = new S3Store(
        server.config('hosted', { endpoint: `http://${S3_DOMAIN}:${port}`, pathStyle: false }),
      );
      try {
        await probeStore(hosted);
        const content = randomBytes(100_000);
        await hosted.put('gare/a.mp4', upload(content));
        expect((await collect(hosted.list(''))).map(({ key }) => key)).toEqual(['gare/a.mp4']);
        expect([...names]).toEqual([`hosted.${S3_DOMAIN}`]);
      } finally {
        resolve.mockRestore();
        hosted.close();
      }
      // It is the same bucket as by its path.
      const byPath = new S3Store(server.config('hosted', { createBucket: false }));
      expect(await byPath.size('gare/a.mp4')).toBe(100_000);
      byPath.close();
    });

    // Ceph takes any.
    if (component === 'swift')
      it('another region: is said', async () => {
        const abroad = new S3Store(server.config('city', { region: 'eu-west-3' }));
        const error = await failure(probeStore(abroad));
        expect(error.problem).toBe('refused');
        expect(error.message).toMatch(/the region is not the one of the bucket/);
        abroad.close();
      });

    const key = (changes: Partial<S3Server['credentials']>) => ({
      credentials: { ...server.credentials, ...changes },
    });
    it.each<[string, () => Partial<S3Config>, StoreProblem, RegExp]>([
      ['a secret that is wrong', () => key({ secretAccessKey: 'no' }), 'refused', /secret key is wrong/],
      ['a key that nobody has', () => key({ accessKeyId: 'who' }), 'refused', /access key|secret key/],
      [
        'a bucket that is not there',
        () => ({ bucket: 'nowhere', createBucket: false }),
        'refused',
        /no bucket of that name/,
      ],
      [
        'a port where nothing listens',
        () => ({ endpoint: 'http://127.0.0.1:1' }),
        'unreachable',
        /nothing listens/,
      ],
      [
        'TLS where there is none',
        () => ({ endpoint: server.endpoint.replace('http', 'https') }),
        'untrusted',
        /TLS/,
      ],
      [
        'a name that cannot be resolved',
        () => ({ endpoint: 'http://s3.invalid' }),
        'unreachable',
        /resolved/,
      ],
    ])('%s: is said', async (_what, changes, problem, words) => {
      const wrong = new S3Store(server.config('city', changes()));
      const error = await failure(probeStore(wrong));
      expect(error.problem).toBe(problem);
      expect(error.message).toMatch(words);
      expect(error.message).not.toContain(server.credentials.secretAccessKey);
      wrong.close();
    });
  });
}
