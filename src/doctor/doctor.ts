import type { BenchResult } from '../storage/sizing.ts';
import { checkCameraNames } from './camera-names.ts';
import { type CatalogLook, checkCatalog } from './catalog-health.ts';
import { checkClock } from './clock.ts';
import { checkDiskSpeed } from './disk-speed.ts';
import { checkFfmpeg } from './ffmpeg.ts';
import { checkFileSystems } from './file-system.ts';
import { type Finding, findingsAbout } from './finding.ts';
import { checkFolders } from './folders.ts';
import { checkMachine, checkNode, checkReceiveBuffer } from './machine.ts';
import { checkObjectStore } from './object-store.ts';
import { checkOpenFiles } from './open-files.ts';
import { checkPorts } from './ports.ts';
import { checkRoom } from './room.ts';
import type { Subject } from './subject.ts';

/** What the doctor is handed. */
export interface DoctorTools {
  /** The oldest Node that will do. */
  readonly leastNodeMajor: number;
  readonly bundledFfmpeg: string;
  /** What the bench found on this machine. */
  readonly bench: BenchResult | undefined;
  readonly lookAtCatalog: () => CatalogLook | undefined;
}

type Check = () => Promise<Finding | readonly Finding[] | undefined> | Finding | readonly Finding[];

/** Looks at everything, one thing after the other, and tells as it goes. Never throws. */
export async function* examine(subject: Subject, tools: DoctorTools): AsyncGenerator<Finding> {
  const checks: readonly (readonly [about: string, check: Check])[] = [
    ['node', () => checkNode(tools.leastNodeMajor)],
    ['memory', () => checkMachine(subject, tools.bench)],
    ['clock', () => checkClock()],
    ['open files', () => checkOpenFiles(subject)],
    ['network', () => checkReceiveBuffer(subject)],
    ['ports', () => checkPorts(subject)],
    ['folders', () => checkFolders(subject)],
    ['file system', () => checkFileSystems(subject)],
    ['room', () => checkRoom(subject)],
    ['disk', () => checkDiskSpeed(subject)],
    ['catalog', () => checkCatalog(subject, tools.lookAtCatalog(), Date.now() * 1_000)],
    ['object store', () => checkObjectStore(subject)],
    ['ffmpeg', () => checkFfmpeg(subject, tools.bundledFfmpeg)],
    ['cameras', () => checkCameraNames(subject)],
  ];
  for (const [about, check] of checks) {
    try {
      const found = await check();
      if (found !== undefined) yield* 'about' in found ? [found] : found;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      yield findingsAbout(about).bad(`This could not be looked at: ${problem}.`, 'See the sentence itself.');
    }
  }
}
