import { openSqliteCatalog } from '../catalog/sqlite/open.ts';
import { parseSize } from '../config/units.ts';
import { FolderStore } from '../storage/folder-store.ts';
import { asStoreError } from '../storage/object-store.ts';
import { RateLimit } from '../storage/rate-limit.ts';
import { S3Store } from '../storage/s3/s3-store.ts';
import { type Finding, verify } from '../storage/verify.ts';
import { systemClock } from '../time/clock.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readConfig } from './serve.ts';

/** Read from disk and from the object store together, beside a server at work. */
const DEFAULT_RATE = '50MB';

const WORDS: Readonly<Record<Finding['outcome'], readonly [done: string, would: string]>> = {
  repaired: ['repaired', 'can be repaired'],
  lost: ['lost, a gap says so', 'is lost'],
  left: ['left as it is', 'would be left as it is'],
};

/** Compares the catalog with the disk and the object store, and repairs what can be repaired. */
export async function verifyRecordings(options: {
  readonly config: string | undefined;
  readonly deep: boolean;
  readonly dryRun: boolean;
  readonly rate: string | undefined;
  readonly json: boolean;
}): Promise<ExitCode> {
  const bytesPerSecond = parseSize(options.rate ?? DEFAULT_RATE);
  if (options.config === undefined || bytesPerSecond === undefined || bytesPerSecond < 1) {
    process.stderr.write(
      options.config === undefined
        ? 'verify needs --config FILE. See vigie verify --help.\n'
        : `--rate ${options.rate} is no size a second, as in 50MB.\n`,
    );
    return EXIT.usedWrongly;
  }
  const config = await readConfig(options.config);
  if (!config) return EXIT.usedWrongly;
  const catalog = await openSqliteCatalog({ path: config.catalog.sqlite });
  const remote = config.storage.s3 && new S3Store(config.storage.s3);
  const { dryRun, deep, json } = options;
  const findings: Finding[] = [];
  try {
    // A bucket that is out of sight would make everything in it look lost.
    await remote?.openBucket();
    const report = await verify({
      ...{ catalog, local: new FolderStore(config.storage.path), remote, deep, dryRun },
      now: systemClock.wall(),
      maximumMicros: config.retention.maximumMicros,
      limit: new RateLimit(bytesPerSecond, systemClock),
      onFinding(finding) {
        if (json) findings.push(finding);
        else
          process.stdout.write(
            `${finding.key}: ${finding.problem}: ${WORDS[finding.outcome][dryRun ? 1 : 0]}\n`,
          );
      },
    });
    if (json) {
      process.stdout.write(`${JSON.stringify({ ...report, dryRun, list: findings }, undefined, 2)}\n`);
    } else {
      const { segments, bytesHashed, repaired, lost, left } = report;
      const hashed = deep ? `, ${(bytesHashed / 1e9).toFixed(2)} GB read and compared` : '';
      process.stdout.write(
        `${segments} segments${hashed}: ${repaired} ${dryRun ? 'to repair' : 'repaired'}, ${lost} lost, ${left} to look at.\n`,
      );
    }
    return report.lost + report.left === 0 ? EXIT.done : EXIT.failed;
  } catch (error) {
    process.stderr.write(`${asStoreError(error).message}\n`);
    return EXIT.failed;
  } finally {
    remote?.close();
    await catalog.close();
  }
}
