import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { sizeFor } from '../storage/sizing.ts';
import { bytesText, type Finding, findingsAbout } from './finding.ts';
import { bytesPerSecond, type Subject } from './subject.ts';

const DAY_MICROS = 86_400_000_000;
/** With less than this nothing is recorded for long. */
const LEAST_FREE_BYTES = 1e9;

const { good, warning, bad } = findingsAbout('room');

/** Whether the disk holds what is to be kept on it, and the catalog's what is to be known of it. */
export async function checkRoom(subject: Subject): Promise<readonly Finding[]> {
  const { config, cameras, bitrateBps } = subject;
  const { retention, record, storage } = config;
  // Footage that nobody has looked at is kept as long as if something moved in it: that is what has to fit.
  const sizing = sizeFor(
    {
      ...{ cameras, bitrateBps, days: retention.motionMicros / DAY_MICROS },
      localDays: retention.localMicros / DAY_MICROS,
      segmentSeconds: record.segmentMicros / 1e6,
      fragmentSeconds: record.fragmentMicros / 1e6,
      hasStore: storage.s3 !== undefined,
    },
    undefined,
    undefined,
  );
  const disk = await spaceOf(storage.path);
  const catalogDisk = await spaceOf(dirname(config.catalog.sqlite));
  const findings: Finding[] = [];
  if (disk.free < LEAST_FREE_BYTES) {
    findings.push(
      bad(
        `The disk of the recordings has ${bytesText(disk.free)} free.`,
        'Make room, or set storage.local.path to another disk.',
      ),
    );
  } else if (sizing.localBytes > disk.size) {
    const days = disk.size / bytesPerSecond(subject) / 86_400;
    findings.push(
      warning(
        `The disk of the recordings has ${bytesText(disk.size)}, and ${cameras} cameras need ${bytesText(sizing.localBytes)}: it is full after ${days.toFixed(1)} days, and then the oldest footage goes before its time.`,
        'A larger disk, a shorter retention, fewer bits a second, or an object store (storage.s3). See vigie plan.',
      ),
    );
  } else {
    findings.push(
      good(
        `The disk of the recordings has ${bytesText(disk.size)}, ${bytesText(disk.free)} of it free; ${bytesText(sizing.localBytes)} are needed.`,
      ),
    );
  }
  if (catalogDisk.free < LEAST_FREE_BYTES || sizing.catalogBytes > catalogDisk.size) {
    findings.push(
      bad(
        `The disk of the catalog has ${bytesText(catalogDisk.free)} free, and the catalog grows to ${bytesText(sizing.catalogBytes)}.`,
        'Make room, or set catalog.sqlite to another disk.',
      ),
    );
  }
  return findings;
}

/** Of the folder, or of the nearest one above that is there. */
async function spaceOf(path: string): Promise<{ readonly size: number; readonly free: number }> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      const { blocks, bavail, bsize } = await statfs(folder);
      return { size: blocks * bsize, free: bavail * bsize };
    } catch (error) {
      if (folder === dirname(folder)) throw error;
    }
  }
}
