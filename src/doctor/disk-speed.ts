import { randomBytes } from 'node:crypto';
import { mkdir, rmdir, statfs, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DirectWriter } from '../record/direct-writer.ts';
import { SegmentFile } from '../record/segment-file.ts';
import { StagingBuffers } from '../record/staging-buffers.ts';
import { bytesText, type Finding, findingsAbout } from './finding.ts';
import { bytesPerSecond, type Subject } from './subject.ts';

/** As a fragment of two seconds at 4 Mbit/s. */
const WRITE_BYTES = 1_000_000;
/** As the recorder does it after `record.sync`, and more often, so that it is measured. */
const WRITES_A_SYNC = 5;
const MOST_BYTES = 256_000_000;
const LONGEST_MILLIS = 2_000;
/** Of the free space, at most. */
const MOST_SHARE = 0.1;
/** Twice what arrives: a disk that just keeps up has no time for those who watch. */
const COMFORT = 2;
/** A write that takes longer fills the memory of many cameras. */
const LONG_MILLIS = 1_000;

const { good, warning, bad } = findingsAbout('disk');

/** What one file, written as the recorder writes, does on a disk. */
export interface DiskSpeed {
  readonly bytesPerSecond: number;
  /** The longest write, and the longest `fdatasync`, milliseconds. */
  readonly longestWriteMillis: number;
  readonly longestSyncMillis: number;
  /** It is written past the system's file cache. */
  readonly direct: boolean;
}

/**
 * Writes with the recorder's own code for two seconds or 256 MB, whichever is less. The file has no name while it is
 * written: it is gone with this process, however that ends.
 * @throws the error of the file system
 */
export async function measureDisk(folder: string): Promise<DiskSpeed> {
  const { bavail, bsize } = await statfs(folder);
  const most = Math.min(MOST_BYTES, bavail * bsize * MOST_SHARE);
  if (most < WRITE_BYTES) throw Object.assign(new Error('it is full'), { code: 'ENOSPC' });
  const piece = randomBytes(WRITE_BYTES);
  const staging = new StagingBuffers();
  const path = join(folder, `.vigie-doctor-${randomBytes(6).toString('hex')}`);
  const file = await SegmentFile.create(path, staging);
  let longestWriteMillis = 0;
  let longestSyncMillis = 0;
  let bytes = 0;
  const began = performance.now();
  try {
    const opens = await opensDirectly(path, staging);
    await unlink(path);
    for (let writes = 1; bytes + WRITE_BYTES <= most; writes++) {
      longestWriteMillis = Math.max(longestWriteMillis, await timed(() => file.append([piece])));
      bytes += WRITE_BYTES;
      const last = performance.now() - began > LONGEST_MILLIS || bytes + WRITE_BYTES > most;
      if (last || writes % WRITES_A_SYNC === 0) {
        longestSyncMillis = Math.max(longestSyncMillis, await timed(() => file.sync()));
      }
      if (last) break;
    }
    const seconds = (performance.now() - began) / 1_000;
    return {
      ...{ bytesPerSecond: bytes / seconds, longestWriteMillis, longestSyncMillis },
      direct: opens && staging.usable,
    };
  } finally {
    await file.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
  }
}

/** Whether a file can be written past the system's cache. */
export async function opensDirectly(path: string, staging: StagingBuffers): Promise<boolean> {
  const direct = await DirectWriter.open(path, staging);
  await direct?.close();
  return direct !== undefined;
}

/** Whether the disk takes what the cameras send, with room to spare. */
export async function checkDiskSpeed(subject: Subject): Promise<readonly Finding[]> {
  const { path } = subject.config.storage;
  const made = await mkdir(path, { recursive: true, mode: 0o750 });
  let speed: DiskSpeed;
  try {
    speed = await measureDisk(path);
  } catch (error) {
    return [
      bad(
        `The disk of the recordings takes nothing: ${(error as Error).message}.`,
        'Make room, or set storage.local.path to another disk.',
      ),
    ];
  } finally {
    if (made !== undefined) await removeEmpty(path, made);
  }
  return judge(speed, bytesPerSecond(subject), subject);
}

function judge(speed: DiskSpeed, needed: number, { cameras, running }: Subject): readonly Finding[] {
  const rate = `${bytesText(speed.bytesPerSecond)} a second`;
  const need = `${cameras} cameras bring ${bytesText(needed)} a second`;
  const beside = running ? ' beside the server that records' : '';
  const longest = Math.max(speed.longestWriteMillis, speed.longestSyncMillis);
  const remedy = 'A faster disk (an SSD, or several disks as one), fewer cameras, or fewer bits a second.';
  const findings: Finding[] = [];
  if (speed.bytesPerSecond < needed)
    findings.push(bad(`The disk writes ${rate}${beside}, and ${need}.`, remedy));
  else if (speed.bytesPerSecond < COMFORT * needed) {
    findings.push(
      warning(`The disk writes ${rate}${beside}, and ${need}: that leaves little for reading.`, remedy),
    );
  } else {
    findings.push(
      good(
        `The disk writes ${rate}${beside}, a sync takes ${speed.longestSyncMillis.toFixed(0)} ms at most.`,
      ),
    );
  }
  if (longest > LONG_MILLIS) {
    findings.push(
      warning(
        `One write or sync took ${(longest / 1_000).toFixed(1)} s.`,
        'Look for what else writes there; a disk that is about to die does that, too: smartctl -a.',
      ),
    );
  }
  if (!speed.direct) {
    findings.push(
      warning(
        'The file system cannot be written to past the file cache (O_DIRECT): recording takes several times the CPU.',
        'ext4 and XFS can.',
      ),
    );
  }
  return findings;
}

/** The folders that were made to look: the server makes them when it starts, and may have by now. */
async function removeEmpty(path: string, first: string): Promise<void> {
  for (let folder = resolve(path); folder.length >= first.length; folder = dirname(folder)) {
    if (
      !(await rmdir(folder).then(
        () => true,
        () => false,
      ))
    )
      return;
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
