import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqliteCatalog } from '../src/catalog/sqlite/open.ts';
import type { ClipSpec } from '../src/simulator/ensure-clip.ts';
import type { FrameIdentity } from '../src/simulator/frame-identity.ts';
import { spawnSimulator } from '../src/simulator/spawn.ts';
import { wallMicros } from '../src/time/units.ts';
import { segmentFiles, segmentsOf, startVigie, until } from '../test/support/vigie.ts';
import { checkFrames, framesInSegment } from './recorded-frames.ts';

const EVER = [wallMicros(0), wallMicros(4e15)] as const;
/** Cameras may be sending while it stops, and what it did not take in time is theirs. */
const START_SECONDS = 120;

export interface StopLoad {
  readonly cameras: number;
  readonly seconds: number;
  readonly clip: ClipSpec;
  readonly clipFolder: string;
  readonly folder?: string | undefined;
}

export interface StopResult {
  readonly exitCode: number | null;
  /** From SIGTERM to the end of the process. */
  readonly seconds: number;
  readonly segments: number;
  /** Rows that say that somebody still writes, and rows that recovery had to close: 0 is right. */
  readonly leftOpen: number;
  readonly recovered: number;
  /** Closed rows whose bytes or hash are missing. */
  readonly unfinished: number;
  /** Holes between frames of a camera, and frames that are there twice. */
  readonly missing: number;
  readonly doubled: number;
  /** What the next start found to settle. */
  readonly settledAtNextStart: number;
}

/** Records, is told to stop while every camera sends, and is looked at: rows, files, frames, and the next start. */
export async function measureStop(load: StopLoad): Promise<StopResult> {
  const folder = await mkdtemp(join(load.folder ?? tmpdir(), 'vigie-stop-'));
  const paths = Array.from({ length: load.cameras }, (_, i) => `cam-${i + 1}`);
  const simulator = await spawnSimulator({
    ...{ cacheFolder: load.clipFolder, identity: true },
    cameras: paths.map((path) => ({ path, clip: load.clip })),
  });
  try {
    const options = { folder, cameras: paths.map((id) => ({ id, source: simulator.url(id) })) };
    const server = await startVigie(options);
    await until(
      'every camera is recorded',
      async () => (await server.cameras()).every(({ state }) => state === 'recording'),
      START_SECONDS,
    );
    await sleep(load.seconds * 1_000);
    const began = performance.now();
    const exitCode = await server.stop();
    const seconds = (performance.now() - began) / 1_000;
    const rows = await rowsOf(join(folder, 'catalog.db'));
    const frames = await framesOf(segmentsOf(options), await simulator.stats());
    const again = await startVigie(options);
    const settled = again.log.filter(({ msg }) => msg === 'an earlier recording was settled');
    await again.stop();
    return { exitCode, seconds, ...rows, ...frames, settledAtNextStart: settled.length };
  } finally {
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function rowsOf(path: string) {
  const catalog = await openSqliteCatalog({ path });
  const count = { segments: 0, leftOpen: 0, recovered: 0, unfinished: 0 };
  for (const { cameraNo } of await catalog.cameras()) {
    for (const row of await catalog.segmentsBetween(cameraNo, ...EVER)) {
      count.segments++;
      if (row.state === 'open') count.leftOpen++;
      else if (row.sha256 === null || row.bytes === 0) count.unfinished++;
      if (row.recovered) count.recovered++;
    }
  }
  await catalog.close();
  return count;
}

/** Frames that were sent to the end are not known: the last ones were on their way. So only holes count. */
async function framesOf(
  folder: string,
  sessions: readonly { readonly path: string; readonly session: number }[],
): Promise<{ readonly missing: number; readonly doubled: number }> {
  let [missing, doubled] = [0, 0];
  for (const { path, session } of sessions) {
    const found: FrameIdentity[] = [];
    for (const file of await segmentFiles(folder, `${path}/`)) found.push(...(await framesInSegment(file)));
    const own = found.filter((frame) => frame.session === session);
    if (own.length === 0) missing++;
    const check = checkFrames(own, session, Math.max(0, ...own.map(({ frame }) => frame + 1)));
    missing += check.missing;
    doubled += check.doubled + check.outOfOrder;
  }
  return { missing, doubled };
}
