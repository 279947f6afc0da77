import { EXIT, type ExitCode } from './exit.ts';
import { readConfig } from './serve.ts';

const DAY_MICROS = 86_400_000_000;

/** Prints a rule with which the bucket itself would expire what nothing may keep any longer. */
export async function lifecycle(file: string | undefined): Promise<ExitCode> {
  if (file === undefined) {
    process.stderr.write('lifecycle needs --config FILE. See vigie lifecycle --help.\n');
    return EXIT.usedWrongly;
  }
  const config = await readConfig(file);
  if (!config) return EXIT.usedWrongly;
  const { s3 } = config.storage;
  if (!s3) {
    process.stderr.write(
      'The configuration names no object store: there is no bucket to write a rule for.\n',
    );
    return EXIT.failed;
  }
  // Whole days from the upload, which is later than the footage; one more, so that it never comes first.
  const days = Math.ceil(config.retention.maximumMicros / DAY_MICROS) + 1;
  const rule = {
    ID: 'vigie-second-net',
    Status: 'Enabled',
    Filter: { Prefix: s3.prefix === '' ? '' : `${s3.prefix}/` },
    Expiration: { Days: days },
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  };
  process.stdout.write(`${JSON.stringify({ Rules: [rule] }, undefined, 2)}\n`);
  return EXIT.done;
}
