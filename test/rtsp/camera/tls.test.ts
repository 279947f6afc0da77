import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsTrust } from '../../../src/rtsp/tls.ts';
import { FRAMES, type Script } from '../../support/bad-camera.ts';
import { type Certificate, createCertificate } from '../../support/certificate.ts';
import { badCameras, view } from '../../support/viewing.ts';
import { until } from '../../support/vigie.ts';

const { cameraThat } = badCameras();

let folder: string;
let authority: Certificate;
let signed: Certificate;
let self: Certificate;
let byAuthority: TlsTrust;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigie-tls-'));
  authority = createCertificate({ name: 'City of Testing', isAuthority: true });
  signed = createCertificate({ name: 'cam', addresses: ['127.0.0.1'], issuer: authority.issuer });
  self = createCertificate({ name: 'cam' });
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.cert);
  byAuthority = { kind: 'authority', caFile };
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const pinned = (certificate: Certificate): TlsTrust => ({
  kind: 'fingerprint',
  sha256: certificate.fingerprint,
});

/** What becomes of a viewing of a camera with that certificate. */
async function seen(certificate: Certificate, tls: TlsTrust | undefined, more: Script['tls'] = {}) {
  const { cert, key } = certificate;
  const camera = await cameraThat({ tls: { cert, key, ...more } });
  const viewing = await view(camera.url('/s', 'jean:geheim@'), tls ? { tls } : {});
  const frames = viewing.failure ? 0 : await viewing.recorded(FRAMES);
  const { certificateEnd } = viewing.source;
  await viewing.stop();
  return { frames, failure: viewing.failure, requests: camera.requests, certificateEnd };
}

describe('RTSPS', () => {
  it('is recorded from a camera that an authority of ours has signed for', async () => {
    const { certificateEnd, ...outcome } = await seen(signed, byAuthority);
    expect(outcome).toMatchObject({ frames: FRAMES, failure: undefined });
    expect(certificateEnd).toBe(Date.parse(new X509Certificate(signed.cert).validTo) * 1_000);
  });

  it('A3 is recorded from a camera with the pinned certificate, signed by itself', async () => {
    // That one ends as well, and is believed all the same.
    expect(await seen(self, pinned(self))).toMatchObject({ frames: FRAMES, certificateEnd: undefined });
    const withColons = self.fingerprint.toUpperCase().match(/../g)?.join(':') ?? '';
    expect(await seen(self, { kind: 'fingerprint', sha256: withColons })).toMatchObject({ frames: FRAMES });
  });

  it.each([
    ['signed by itself', () => self],
    ['signed by an unknown authority', () => signed],
  ])(
    'A3 %s is not believed, not told a word, and named so that it can be pinned',
    async (why, certificate) => {
      const { failure, requests } = await seen(certificate(), undefined);
      expect(failure).toMatchObject({ cause: 'credentials', reason: expect.stringContaining(why) });
      expect(failure?.reason).toContain(certificate().fingerprint);
      expect(requests).toEqual([]);
    },
  );

  it.each([
    ['for another name', { name: 'cam', addresses: ['10.0.0.1'] }],
    ['has expired', { name: 'cam', addresses: ['127.0.0.1'], days: -1 }],
  ])(
    'a certificate that is %s is not believed, though an authority of ours signed it',
    async (why, options) => {
      const certificate = createCertificate({ ...options, issuer: authority.issuer });
      const { failure, requests } = await seen(certificate, byAuthority);
      expect(failure?.reason).toContain(why);
      expect(requests).toEqual([]);
    },
  );

  it('A3 another certificate than the pinned one is not believed, even from our authority', async () => {
    const { failure, requests } = await seen(signed, pinned(self));
    expect(failure).toMatchObject({
      cause: 'credentials',
      reason: expect.stringContaining(signed.fingerprint),
    });
    expect(requests).toEqual([]);
  });

  it.each(['AES128-SHA', 'AES256-SHA256'])(
    'A3 a camera that knows RSA key exchange alone (%s) has to be pinned',
    async (ciphers) => {
      const old = { ciphers: `${ciphers}:@SECLEVEL=0`, maxVersion: 'TLSv1.2' } as const;
      expect(await seen(self, pinned(self), old)).toMatchObject({ frames: FRAMES });
      const { failure } = await seen(signed, byAuthority, old);
      expect(failure).toMatchObject({ cause: 'protocol', reason: expect.stringContaining('pinned') });
    },
  );

  it('A3 TLS 1.0 and a key of 1024 bits, pinned', async () => {
    const weak = createCertificate({ name: 'old', keyBits: 1024 });
    const old = { ciphers: 'ALL:@SECLEVEL=0', minVersion: 'TLSv1', maxVersion: 'TLSv1' } as const;
    expect(await seen(weak, pinned(weak), old)).toMatchObject({ frames: FRAMES });
  });

  it('A4 a redirect to plain RTSP is refused: anybody on the way could have written it', async () => {
    const plain = await cameraThat({});
    const { cert, key } = self;
    const camera = await cameraThat({
      tls: { cert, key },
      on: { DESCRIBE: (talk) => talk.answer(302, { Location: plain.url() }) },
    });
    const viewing = await view(camera.url('/s', 'jean:geheim@'), { tls: pinned(self) });
    expect(viewing.failure).toMatchObject({ cause: 'protocol', reason: expect.stringContaining('TLS') });
    expect(plain.requests).toEqual([]);
    await viewing.stop();
  });

  it('A4 a redirect to another RTSPS camera is believed only with its certificate', async () => {
    const there = await cameraThat({ tls: { cert: signed.cert, key: signed.key } });
    const { cert, key } = self;
    const here = await cameraThat({
      tls: { cert, key },
      on: { DESCRIBE: (talk) => talk.answer(302, { Location: there.url() }) },
    });
    const viewing = await view(here.url(), { tls: pinned(self) });
    expect(viewing.failure).toMatchObject({ cause: 'credentials' });
    expect(there.requests).toEqual([]);
    await viewing.stop();
  });

  it('a camera that refuses TCP is not asked for datagrams, which would not be encrypted', async () => {
    const { cert, key } = self;
    const camera = await cameraThat({ tls: { cert, key }, tcp: false });
    const viewing = await view(camera.url(), { tls: pinned(self) });
    expect(viewing.failure).toMatchObject({ reason: expect.stringContaining('461') });
    expect(camera.methods()).not.toContain('SETUP OPTIONS');
    await viewing.stop();
  });

  it('a port that speaks no TLS, and one that says nothing', async () => {
    const plain = await cameraThat({ deaf: true, onConnect: ({ raw }) => raw('RTSP/1.0 200 OK\r\n\r\n') });
    const url = plain.url().replace('rtsp:', 'rtsps:');
    const viewing = await view(url, { tls: pinned(self) }, { timeoutMillis: 500 });
    expect(viewing.failure).toMatchObject({ cause: 'protocol', reason: expect.stringContaining('rtsp://') });
    await viewing.stop();
    const silent = await cameraThat({ deaf: true });
    const waiting = await view(silent.url().replace('rtsp:', 'rtsps:'), {}, { timeoutMillis: 300 });
    expect(waiting.failure).toMatchObject({ reason: expect.stringContaining('does not answer') });
    await waiting.stop();
  });

  it('a file of authorities that is not there is named', async () => {
    const { failure } = await seen(signed, { kind: 'authority', caFile: join(folder, 'nowhere.pem') });
    expect(failure).toMatchObject({ reason: expect.stringMatching(/nowhere\.pem cannot be read: ENOENT/) });
  });

  it('goes on for long, with video in pieces of any size', async () => {
    const { cert, key } = self;
    const camera = await cameraThat({ tls: { cert, key }, forever: true, frames: 500 });
    const viewing = await view(camera.url(), { tls: pinned(self) });
    await until('much has come', () => viewing.hub.counters.frames > 520);
    expect(viewing.hub.counters.framesDamaged).toBe(0);
    await viewing.stop();
    await until('it is closed', () => camera.open() === 0);
  });
});
