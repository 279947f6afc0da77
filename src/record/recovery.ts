import { readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { adoptionOf, closingOf } from '../catalog/adoption.ts';
import type { CameraRow, Catalog, CatalogWrite, SegmentRow } from '../catalog/catalog.ts';
import { parseSegmentId, segmentId, segmentKey } from '../catalog/segment-id.ts';
import { hashFile } from '../media/hash-file.ts';
import type { Clock } from '../time/clock.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';
import { repairSegmentFile } from './segment-recovery.ts';

const HOUR_MICROS = 3_600_000_000;
/** Hours that are looked through for files without rows: beyond it `vigie verify` is the tool. */
const MAX_HOURS = 24 * 31;
const CAMERAS_AT_ONCE = 8;

export interface RecoveryDeps {
  readonly catalog: Catalog;
  readonly storageRoot: string;
  readonly clock: Clock;
  /** One line for whoever keeps the log: what was found and what was done. */
  readonly onFinding: (finding: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface RecoveryReport {
  /** Segments that were left open, or had no row, and are now closed. */
  readonly recovered: number;
  /** Rows and files in which there was nothing to keep. */
  readonly discarded: number;
  /** Where recovered segments are that have no hash yet. */
  readonly unhashed: readonly {
    readonly cameraNo: number;
    readonly start: WallMicros;
    readonly path: string;
  }[];
}

/**
 * Brings catalog and files together after the recorder ended in any way: segments left open are walked, cut behind
 * their last whole fragment and closed; files without rows get theirs, rows without files go, and what was not
 * recorded since has a gap. Run before recording starts, for all cameras, or for those of a thread that died.
 *
 * @param cameras those that are going to be recorded
 */
export async function recover(deps: RecoveryDeps, cameras: readonly CameraRow[]): Promise<RecoveryReport> {
  const open = await deps.catalog.openSegments();
  const outcomes: CameraOutcome[] = [];
  const queue = [...cameras];
  const lane = async (): Promise<void> => {
    for (let camera = queue.shift(); camera; camera = queue.shift()) {
      const { cameraNo, id } = camera;
      const outcome: CameraOutcome = { recovered: [], discarded: 0 };
      outcomes.push(outcome);
      try {
        await settleSegments(
          deps,
          camera,
          open.filter((row) => row.cameraNo === cameraNo),
          outcome,
        );
      } catch (error) {
        // One bad folder keeps neither this camera nor the others from being recorded.
        deps.onFinding('what was recorded before could not be settled', { camera: id, error });
      }
      await openGap(deps, cameraNo);
    }
  };
  await Promise.all(Array.from({ length: CAMERAS_AT_ONCE }, lane));
  return {
    recovered: outcomes.reduce((sum, { recovered }) => sum + recovered.length, 0),
    discarded: outcomes.reduce((sum, { discarded }) => sum + discarded, 0),
    unhashed: outcomes.flatMap(({ recovered }) => recovered),
  };
}

/** Settles one segment that could not be brought to its end while recording goes on. */
export async function recoverSegment(
  deps: RecoveryDeps,
  camera: CameraRow,
  start: WallMicros,
): Promise<RecoveryReport> {
  const outcome: CameraOutcome = { recovered: [], discarded: 0 };
  const row = await deps.catalog.segment(camera.cameraNo, start);
  if (row?.state === 'open') await settleOpen(deps, camera, row, outcome);
  return { recovered: outcome.recovered.length, discarded: outcome.discarded, unhashed: outcome.recovered };
}

/**
 * Hashes what recovery closed: reading may take a while, so it is done when recording has begun. What is left when it is
 * aborted has no hash until it is brought to an object store.
 */
export async function hashRecovered(
  catalog: Catalog,
  unhashed: RecoveryReport['unhashed'],
  onProblem: (path: string, error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const { cameraNo, start, path } of unhashed) {
    if (signal.aborted) return;
    try {
      await catalog.apply([{ kind: 'segment-hashed', cameraNo, start, sha256: await hashFile(path) }]);
    } catch (error) {
      onProblem(path, error);
    }
  }
}

interface CameraOutcome {
  readonly recovered: { readonly cameraNo: number; readonly start: WallMicros; readonly path: string }[];
  discarded: number;
}

async function settleSegments(
  deps: RecoveryDeps,
  camera: CameraRow,
  open: readonly SegmentRow[],
  outcome: CameraOutcome,
): Promise<void> {
  const { catalog, clock } = deps;
  const last = await catalog.lastSegment(camera.cameraNo);
  for (const row of open) await settleOpen(deps, camera, row, outcome);
  const since = Math.min(last?.start ?? clock.wall(), ...open.map((row) => row.start));
  await settleFolders(deps, camera, wallMicros(since), outcome);
}

/** A row that is still open: nobody writes to its file any more. */
async function settleOpen(
  deps: RecoveryDeps,
  camera: CameraRow,
  row: SegmentRow,
  outcome: CameraOutcome,
): Promise<void> {
  const { catalog, storageRoot, onFinding } = deps;
  const { cameraNo, start } = row;
  const path = join(storageRoot, segmentKey(camera.id, cameraNo, start));
  const walk = await repairSegmentFile(path);
  if (walk && walk.fragments.length > 0) {
    await catalog.apply([closingOf(row, walk)]);
    outcome.recovered.push({ cameraNo, start, path });
    onFinding('a segment that was being written is recovered', {
      camera: camera.id,
      path,
      torn: walk.problem,
    });
  } else {
    await catalog.apply([{ kind: 'segment-discarded', cameraNo, start }]);
    if (walk) await unlink(path);
    outcome.discarded++;
    onFinding('a segment that was being written held nothing', { camera: camera.id, path });
  }
}

/** What is not recorded from here on has a cause: if none is known, the recorder ended without a word. */
async function openGap({ catalog, clock }: RecoveryDeps, cameraNo: number): Promise<void> {
  const gaps = await catalog.openGaps();
  if (gaps.some((gap) => gap.cameraNo === cameraNo)) return;
  const recorded = await catalog.lastSegment(cameraNo);
  await catalog.apply([
    recorded
      ? { kind: 'gap-opened', cameraNo, from: recorded.end, cause: 'crash' }
      : { kind: 'gap-opened', cameraNo, from: clock.wall(), cause: 'connecting' },
  ]);
}

/** Compares the folders of the hours since `since` with the catalog, both ways. */
async function settleFolders(
  deps: RecoveryDeps,
  camera: CameraRow,
  since: WallMicros,
  outcome: CameraOutcome,
): Promise<void> {
  const { catalog, storageRoot, clock } = deps;
  const now = clock.wall();
  const first = Math.floor(Math.max(since, now - MAX_HOURS * HOUR_MICROS) / HOUR_MICROS) - 1;
  // An hour into the future: a clock that was set back has left files there.
  for (let hour = first; hour <= Math.floor(now / HOUR_MICROS) + 1; hour++) {
    const from = wallMicros(hour * HOUR_MICROS);
    const to = wallMicros(from + HOUR_MICROS);
    const folder = dirname(join(storageRoot, segmentKey(camera.id, camera.cameraNo, from)));
    const names = await namesIn(folder);
    const between = await catalog.segmentsBetween(camera.cameraNo, from, to);
    const rows = between.filter((row) => row.start >= from && row.start < to && row.state !== 'remote');
    if (names.length === 0 && rows.length === 0) continue;
    const files = new Set(names);
    for (const row of rows) {
      const name = `${segmentId(row.cameraNo, row.start)}.mp4`;
      const path = join(folder, name);
      await alone(deps, path, () => settleRow(deps, camera, row, path, files.has(name), outcome));
      files.delete(name);
    }
    for (const name of files) {
      const path = join(folder, name);
      await alone(deps, path, () => settleFile(deps, camera, path, name, outcome));
    }
  }
}

/**
 * One that cannot be settled keeps no other from it: what is past its date is destroyed meanwhile, so any file may be gone
 * when it is looked at.
 */
async function alone(deps: RecoveryDeps, path: string, settle: () => Promise<void>): Promise<void> {
  try {
    await settle();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      deps.onFinding('a file could not be settled', { path, error });
  }
}

/** A row without its file, or with less of it than it says. */
async function settleRow(
  deps: RecoveryDeps,
  camera: CameraRow,
  row: SegmentRow,
  path: string,
  present: boolean,
  outcome: CameraOutcome,
): Promise<void> {
  const { catalog, onFinding } = deps;
  const { cameraNo, start, end, runStart, mediaStart, initNo, headBytes } = row;
  const size = present ? (await stat(path)).size : 0;
  if (size >= row.bytes && present) return;
  if (row.state === 'both') {
    // The copy in the object store was asked for its size when it was stored.
    await catalog.apply([{ kind: 'segment-moved', cameraNo, start, from: 'both', to: 'remote' }]);
    if (present) await unlink(path);
    onFinding('a file is gone or cut short; the object store has it', { camera: camera.id, path });
    return;
  }
  const walk = present ? await repairSegmentFile(path) : undefined;
  const writes: CatalogWrite[] = [{ kind: 'segment-discarded', cameraNo, start }];
  const kept = walk && walk.fragments.length > 0 ? closingOf(row, walk) : undefined;
  if (kept) {
    writes.push({ kind: 'segment-opened', cameraNo, start, runStart, mediaStart, initNo, headBytes }, kept);
    outcome.recovered.push({ cameraNo, start, path });
  }
  writes.push({ kind: 'gap', cameraNo, from: kept ? kept.end : start, to: end, cause: 'io-error' });
  await catalog.apply(writes);
  outcome.discarded++;
  onFinding('a file holds less than was recorded', {
    camera: camera.id,
    path,
    bytes: size,
    recorded: row.bytes,
  });
}

/** A file without a row: written by us before its row was committed, or none of ours. */
async function settleFile(
  deps: RecoveryDeps,
  camera: CameraRow,
  path: string,
  name: string,
  outcome: CameraOutcome,
): Promise<void> {
  const { catalog, onFinding } = deps;
  const { cameraNo } = camera;
  const key = name.endsWith('.mp4') ? parseSegmentId(name.slice(0, -4)) : undefined;
  if (key?.cameraNo !== cameraNo) {
    onFinding('a file that is no segment of this camera is left alone', { camera: camera.id, path });
    return;
  }
  const row = await catalog.segment(cameraNo, key.start);
  if (row) {
    // It left this machine and came to be here again, or it is about to be deleted, which is not for here to do.
    if (row.state === 'remote') await unlink(path);
    return;
  }
  const walk = await repairSegmentFile(path);
  if (!walk) return;
  if (walk.fragments.length === 0) {
    await unlink(path);
    outcome.discarded++;
    onFinding('a file without a whole fragment is removed', { camera: camera.id, path });
    return;
  }
  const writes = await adoptionOf(catalog, camera, key.start, walk);
  if (!writes) {
    onFinding('a file that says of itself to be another one is left alone', { camera: camera.id, path });
    return;
  }
  await catalog.apply(writes);
  const { start } = key;
  outcome.recovered.push({ cameraNo, start, path });
  onFinding('a file without a row is taken into the catalog', { camera: camera.id, path });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
