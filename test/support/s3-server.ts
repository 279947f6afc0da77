import { createServer, type AddressInfo } from 'node:net';
import type { S3Config } from '../../src/config/config.ts';

/** Its name, for buckets in the name of the host: BUCKET.s3.test. */
export const S3_DOMAIN = 's3.test';

/** A real S3 server of this machine. */
export interface S3Server {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** As `storage.s3` of a configuration, for a bucket that is created. */
  config(bucket: string, changes?: Partial<S3Config>): S3Config;
  /** The same as lines of a configuration file. */
  yaml(bucket: string, more?: string): string;
  stop(): Promise<void>;
}

/** What all of them have, once they run. */
export function s3Access(
  endpoint: string,
  credentials: S3Server['credentials'],
): Pick<S3Server, 'endpoint' | 'credentials' | 'config' | 'yaml'> {
  const { accessKeyId, secretAccessKey } = credentials;
  return {
    endpoint,
    credentials,
    config: (bucket, changes = {}) => ({
      ...{ endpoint, bucket, region: 'us-east-1', prefix: 'vigie', createBucket: true, pathStyle: true },
      credentials,
      ...{ caFile: undefined, storageClass: undefined, encryption: undefined, kmsKeyId: undefined },
      ...{ concurrency: 4, bytesPerSecond: Number.POSITIVE_INFINITY, timeoutMillis: 5_000 },
      warnAfterMicros: 3_600_000_000,
      ...changes,
    }),
    yaml: (bucket, more = '') =>
      `{ endpoint: "${endpoint}", bucket: ${bucket}, prefix: vigie, createBucket: true, accessKeyId: "${accessKeyId}", secretAccessKey: "${secretAccessKey}", timeout: 3s${more} }`,
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
