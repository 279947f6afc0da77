import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, made for one test (RFC 5280), so that none lies about with a date on which it ends. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of the DER form, 64 digits. */
  readonly fingerprint: string;
  readonly issuer: Issuer;
}

interface Issuer {
  readonly name: Buffer;
  readonly privateKey: KeyObject;
}

const SHA256_WITH_RSA = sequence(oid('1.2.840.113549.1.1.11'), Buffer.of(0x05, 0x00));

export function createCertificate(options: {
  readonly name: string;
  /** Addresses for which it is good. */
  readonly addresses?: readonly string[];
  /** Who signs; itself if it is left out. */
  readonly issuer?: Issuer;
  readonly isAuthority?: boolean;
  readonly keyBits?: number;
  /** Days from now on which it ends: negative, and it has. */
  readonly days?: number;
}): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: options.keyBits ?? 2048 });
  const name = sequence(set(sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(options.name)))));
  const issuer = options.issuer ?? { name, privateKey };
  const now = Date.now();
  const day = 86_400_000;
  const extensions = [
    sequence(
      oid('2.5.29.19'),
      octets(options.isAuthority ? sequence(Buffer.of(0x01, 0x01, 0xff)) : sequence()),
    ),
    ...(options.addresses
      ? [
          sequence(
            oid('2.5.29.17'),
            octets(
              sequence(
                ...options.addresses.map((address) =>
                  tagged(0x87, Buffer.from(address.split('.').map(Number))),
                ),
              ),
            ),
          ),
        ]
      : []),
  ];
  const body = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    SHA256_WITH_RSA,
    issuer.name,
    sequence(time(now - 100 * day), time(now + (options.days ?? 30) * day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer.privateKey);
  const der = sequence(body, SHA256_WITH_RSA, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    fingerprint: createHash('sha256').update(der).digest('hex'),
    issuer: { name, privateKey },
  };
}

/** X.690: tag, length, content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80
      ? Buffer.of(length)
      : length < 0x100
        ? Buffer.of(0x81, length)
        : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return tagged(0x31, Buffer.concat(parts));
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function integer(value: Buffer): Buffer {
  return tagged(0x02, value);
}

function time(millis: number): Buffer {
  const digits = new Date(millis).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tagged(0x18, Buffer.from(digits));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}
