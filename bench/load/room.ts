import { statfs } from 'node:fs/promises';
import { bytesPerSecond, type Load } from './load.ts';

/** Cameras send before and after they are measured, too: while all connect, and while the last of it arrives. */
const MORE_SECONDS = 5;

/** A sentence when the recordings of a run do not fit into its folder: a disk that fills up is another bench. */
export async function noRoomFor(load: Load): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(load.folder);
  const free = bavail * bsize;
  const seconds = load.settleSeconds + load.seconds + MORE_SECONDS;
  const needed = bytesPerSecond(load) * seconds;
  if (needed <= free) return undefined;
  return (
    `${load.cameras} cameras write ${gigabytes(needed)} in ${seconds} s, and ${load.folder} has ${gigabytes(free)} free: ` +
    'a shorter --settle or --seconds needs less, and --folder names another place.'
  );
}

/**
 * A sentence when a recorder would use up the memory of the machine: a search for the largest count would otherwise end
 * where the system ends some program, which need not be the recorder.
 *
 * @param needed,available bytes
 */
export function noMemoryFor(cameras: number, needed: number, available: number): string | undefined {
  if (needed <= available) return undefined;
  return `${cameras} cameras would take ${gigabytes(needed)} of memory, and ${gigabytes(available)} are free.`;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
