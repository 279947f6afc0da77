import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';

/** A certificate authority of a test's own, in a folder that goes away with it. */
export interface Authority {
  /** The PEM file that a client is given. */
  readonly path: string;
  /** A server's certificate, and its key. `name`: as in subjectAltName, DNS:… or IP:… */
  certify(name: string, days?: readonly string[]): Certified;
  /** One that is its own authority. */
  selfSigned(name: string): Certified;
  remove(): void;
}

export interface Certified {
  readonly path: string;
  readonly cert: string;
  readonly key: string;
}

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-ca-'));
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const ofKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-batch'];
  const [path, caKey] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  openssl('req', '-x509', ...ofKey, '-subj', '/CN=City CA', '-keyout', caKey, '-out', path, '-days', '2');
  let certificates = 0;
  const next = (): string => join(folder, `server-${certificates++}`);
  const madeAt = (base: string): Certified => ({
    path: `${base}.pem`,
    cert: readFileSync(`${base}.pem`, 'utf8'),
    key: readFileSync(`${base}.key`, 'utf8'),
  });
  return {
    path,
    certify(name, days = []) {
      const base = next();
      writeFileSync(`${base}.ext`, `subjectAltName=${name}\n`);
      openssl('req', ...ofKey, '-subj', '/CN=store', '-keyout', `${base}.key`, '-out', `${base}.csr`);
      openssl(
        ...['x509', '-req', '-in', `${base}.csr`, '-CA', path, '-CAkey', caKey, '-CAcreateserial'],
        ...['-extfile', `${base}.ext`, '-out', `${base}.pem`, ...days],
      );
      return madeAt(base);
    },
    selfSigned(name) {
      const base = next();
      openssl(
        ...['req', '-x509', ...ofKey, '-subj', '/CN=store', '-addext', `subjectAltName=${name}`],
        ...['-keyout', `${base}.key`, '-out', `${base}.pem`],
      );
      return madeAt(base);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** TLS in front of a server of this machine that speaks none, as a reverse proxy would end it. */
export interface TlsFront {
  readonly port: number;
  close(): Promise<void>;
}

export async function startTlsFront(target: number, { cert, key }: Certified): Promise<TlsFront> {
  const clients = new Set<TLSSocket>();
  const server = createServer({ cert, key }, (client) => {
    clients.add(client);
    const upstream = connect(target, '127.0.0.1');
    client.on('error', () => upstream.destroy()).on('close', () => clients.delete(client));
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  // A client that does not like the certificate hangs up.
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
