import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import type { S3Config } from '../../config/config.ts';
import { StoreError } from '../object-store.ts';

/** A connection that does not come about in this time is given up. */
const CONNECT_MILLIS = 5_000;
/** Uploads, reads, deletes and questions at once: each has a socket of its own. */
const SOCKETS = 32;

/**
 * The SDK, without what it would do by itself: its checksums, its retries, its log.
 *
 * @throws {StoreError} when the CA file is not what it should be
 */
export function createS3Client(config: S3Config): S3Client {
  const ca = config.caFile === undefined ? undefined : readCa(config.caFile);
  const sockets = { keepAlive: true, maxSockets: SOCKETS };
  return new S3Client({
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    region: config.region,
    forcePathStyle: config.pathStyle,
    ...(config.credentials ? { credentials: config.credentials } : {}),
    // What the SDK would add by itself is not understood by every store, or understood and not checked.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A body that is read from a file once cannot be sent twice: whoever calls tries again.
    maxAttempts: 1,
    // What it would print is what it throws.
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    requestHandler: {
      connectionTimeout: CONNECT_MILLIS,
      socketTimeout: config.timeoutMillis,
      httpAgent: new HttpAgent(sockets),
      httpsAgent: new HttpsAgent({ ...sockets, ...(ca ? { ca } : {}) }),
    },
  });
}

/** Node takes a file without a certificate without a word, and then refuses every server. */
function readCa(path: string): string {
  try {
    const pem = readFileSync(path, 'utf8');
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const words = code === 'ENOENT' ? 'it is not there' : message;
    throw new StoreError(
      'untrusted',
      `storage.s3.caFile is no certificate that can be read: ${words}`,
      error,
    );
  }
}

/** Of every command of the SDK, as far as it matters here. */
interface Command {
  readonly middlewareStack: {
    add(
      middleware: <Args extends { request: unknown }, Answer>(
        next: (args: Args) => Answer,
      ) => (args: Args) => Answer,
      options: { readonly step: 'build'; readonly name: string },
    ): void;
  };
}

/** Sends a header that the SDK has no parameter for, or another value than its own. */
export function setHeader(command: Command, name: string, value: (body: unknown) => string): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers, body } = args.request as { headers: Record<string, string>; body: unknown };
      headers[name] = value(body);
      return next(args);
    },
    { step: 'build', name },
  );
}

const ignore = (): void => undefined;
