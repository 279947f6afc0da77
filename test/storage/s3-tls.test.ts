import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { probeStore } from '../../src/storage/s3/probe.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { describeWith } from '../support/components.ts';
import { type Radosgw, startRadosgw } from '../support/radosgw.ts';
import { failure, upload } from '../support/stored.ts';
import { type Authority, type Certified, createAuthority, startTlsFront } from '../support/tls-front.ts';

const ADDRESS = 'IP:127.0.0.1';
const EXPIRED = ['-days', '-1'];

describeWith(['radosgw', 'openssl'], 'an object store behind TLS', () => {
  let rgw: Radosgw;
  let city: Authority;
  let other: Authority;
  let folder: string;
  beforeAll(async () => {
    rgw = await startRadosgw();
    city = createAuthority();
    other = createAuthority();
    folder = await mkdtemp(join(tmpdir(), 'vigie-tls-'));
  });
  afterAll(async () => {
    city?.remove();
    other?.remove();
    await rm(folder, { recursive: true, force: true });
    await rgw?.stop();
  });

  const behind = async (
    certified: Certified,
    caFile: string | undefined,
    work: (store: S3Store) => Promise<void>,
  ): Promise<void> => {
    const front = await startTlsFront(Number(new URL(rgw.endpoint).port), certified);
    const store = new S3Store(
      rgw.config('tls', { endpoint: `https://127.0.0.1:${front.port}`, ...{ caFile } }),
    );
    try {
      await work(store);
    } finally {
      store.close();
      await front.close();
    }
  };

  it('is used as any other when its CA is named', async () => {
    await behind(city.certify(ADDRESS), city.path, async (store) => {
      await probeStore(store);
      const content = randomBytes(5_000_000);
      await store.put('a.mp4', upload(content));
      const read = Buffer.alloc(content.length);
      expect(await store.read('a.mp4', read, 0, read.length, 0)).toBe(content.length);
      expect(read.equals(content)).toBe(true);
      expect((await failure(store.put('b.mp4', upload(content, read.subarray(1))))).problem).toBe('corrupt');
      expect(await store.remove(['a.mp4'])).toEqual(new Map());
    });
  });

  it('may have a certificate that is its own CA', async () => {
    const own = city.certify(ADDRESS);
    await behind(own, own.path, async (store) => {
      expect((await failure(probeStore(store))).message).toMatch(
        /CA that is known here: storage\.s3\.caFile/,
      );
    });
    const self = city.selfSigned(ADDRESS);
    await behind(self, undefined, async (store) => {
      expect((await failure(probeStore(store))).message).toMatch(/self-signed: storage\.s3\.caFile/);
    });
    await behind(self, self.path, probeStore);
  });

  it.each<[string, () => string | undefined, string, readonly string[], RegExp]>([
    ['no CA is named', () => undefined, ADDRESS, [], /CA that is known here: storage\.s3\.caFile/],
    ['another CA is named', () => other.path, ADDRESS, [], /CA that is known here: storage\.s3\.caFile/],
    ['it is for another name', () => city.path, 'DNS:s3.example.org', [], /for another name/],
    ['it is for another address', () => city.path, 'IP:127.0.0.2', [], /for another name/],
    ['it has expired', () => city.path, ADDRESS, EXPIRED, /expired/],
  ])('is refused where %s, and nothing goes there', async (_what, ca, name, days, words) => {
    await behind(city.certify(name, days), ca(), async (store) => {
      const error = await failure(probeStore(store));
      expect(error.problem).toBe('untrusted');
      expect(error.message).toMatch(words);
      expect((await failure(store.put('a.mp4', upload(randomBytes(100))))).problem).toBe('untrusted');
      expect((await store.remove(['a.mp4'])).get('a.mp4')?.problem).toBe('untrusted');
    });
  });

  it('waits for a CA file that is not there yet, or is none', async () => {
    const path = join(folder, 'late.pem');
    await behind(city.certify(ADDRESS), path, async (store) => {
      const missing = await failure(probeStore(store));
      expect(missing.problem).toBe('untrusted');
      expect(missing.message).toMatch(/storage\.s3\.caFile is no certificate.*not there/);
      await writeFile(path, 'no certificate\n');
      expect((await failure(probeStore(store))).message).toMatch(/storage\.s3\.caFile is no certificate/);
      expect((await store.remove(['a.mp4'])).get('a.mp4')?.problem).toBe('untrusted');
      await copyFile(city.path, path);
      await probeStore(store);
    });
  });
});
