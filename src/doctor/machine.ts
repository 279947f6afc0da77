import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { usableMemory } from '../config/memory.ts';
import { type BenchResult, sizeFor } from '../storage/sizing.ts';
import { bytesText, type Finding, findingsAbout } from './finding.ts';
import { enabledCameras, type Subject } from './subject.ts';

/** Without a result of the bench: what it found on two cores, with room to spare. */
const USUAL: BenchResult = { cameras: 217, bitrateBps: 4_000_000, cpu: 0.35, residentBytes: 600e6 };
/** Of a kernel's own and whatever else runs. */
const SYSTEM_BYTES = 300e6;
/** One key frame of a 4K camera, in one burst. */
const UDP_BUFFER_BYTES = 2 * 1024 * 1024;

const about = {
  node: findingsAbout('node'),
  memory: findingsAbout('memory'),
  processor: findingsAbout('processor'),
  network: findingsAbout('network'),
};

/** The Node that runs this, which is the one that would run the server. */
export function checkNode(leastMajor: number, version = process.versions.node): Finding {
  const { good, bad } = about.node;
  return Number(version.split('.')[0]) >= leastMajor
    ? good(`Node ${version}.`)
    : bad(
        `Node ${version} is too old: ${leastMajor} is needed.`,
        'Run "npm ci", which brings one along, and start Vigie by npm or npx.',
      );
}

/** Memory and cores against the count of cameras; a container's limits count. */
export function checkMachine(
  subject: Subject,
  bench: BenchResult | undefined,
  has = { memoryBytes: usableMemory(), cores: availableParallelism() },
): readonly Finding[] {
  const { cameras, bitrateBps, config } = subject;
  const load = {
    cameras,
    bitrateBps,
    segmentSeconds: 60,
    fragmentSeconds: 2,
    days: 1,
    localDays: 1,
    hasStore: false,
  };
  const sizing = sizeFor(load, bench ?? USUAL, undefined);
  const memoryNeeded = sizing.memoryBytes ?? 0;
  const coresNeeded = sizing.cores ?? 0;
  const from = bench ? 'as measured here' : 'measure it: npm run bench';
  const memory = `${bytesText(has.memoryBytes)} of memory; recording ${cameras} cameras takes about ${bytesText(memoryNeeded)}`;
  const cores = `${has.cores} core${has.cores === 1 ? '' : 's'}; recording ${cameras} cameras takes about ${(coresNeeded * 100).toFixed(0)} % of one (${from})`;
  return [
    has.memoryBytes < memoryNeeded
      ? about.memory.bad(`${memory}.`, 'More memory, or fewer cameras.')
      : has.memoryBytes < memoryNeeded + config.record.bufferBytes + SYSTEM_BYTES
        ? about.memory.warning(
            `${memory}, and up to ${bytesText(config.record.bufferBytes)} more while the disk is slow.`,
            'More memory, fewer cameras, or a smaller record.buffer.',
          )
        : about.memory.good(`${memory}.`),
    coresNeeded > has.cores
      ? about.processor.bad(`${cores}.`, 'More cores, or fewer cameras.')
      : coresNeeded > has.cores * 0.7
        ? about.processor.warning(
            `${cores}: that leaves little for motion and viewers.`,
            'More cores, or fewer cameras.',
          )
        : about.processor.good(`${cores}.`),
  ];
}

/** Whether the system lets a socket hold a key frame while the thread is busy. Only asked where something comes by UDP. */
export async function checkReceiveBuffer(
  subject: Subject,
  path = '/proc/sys/net/core/rmem_max',
): Promise<Finding | undefined> {
  const cameras = enabledCameras(subject).filter(({ rtsp }) => rtsp.transport === 'udp').length;
  if (cameras === 0) return undefined;
  const most = Number(await readFile(path, 'latin1').catch(() => Number.NaN));
  if (Number.isNaN(most)) return undefined;
  const said = `${cameras} cameras send by UDP, and a socket may hold ${bytesText(most)}`;
  return most < UDP_BUFFER_BYTES
    ? about.network.warning(
        `${said}: large key frames will lack packets.`,
        `sysctl net.core.rmem_max=${UDP_BUFFER_BYTES}, and the same line in /etc/sysctl.d/vigie.conf.`,
      )
    : about.network.good(`${said}.`);
}
