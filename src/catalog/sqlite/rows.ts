import type { SQLOutputValue } from 'node:sqlite';
import { decodeFragmentIndex } from '../../media/fragment-index.ts';
import { mediaTicks, type WallMicros, wallMicros } from '../../time/units.ts';
import type { GapCause, GapRow, RunRow, SegmentRow, SegmentState } from '../catalog.ts';
import { segmentId } from '../segment-id.ts';

type Row = Record<string, SQLOutputValue>;

/** By the number in the table. */
export const STATES: readonly SegmentState[] = ['open', 'local', 'both', 'remote', 'garbage'];

/** @throws Error when the index of its fragments cannot be read: the database is damaged */
export function segmentRow(row: Row): SegmentRow {
  const cameraNo = Number(row['camera_no']);
  const start = wall(row['start']);
  const stored = row['fragments'] as Uint8Array | null;
  const fragments = stored === null ? [] : decodeFragmentIndex(stored);
  if (!fragments)
    throw new Error(`The fragment index of segment ${segmentId(cameraNo, start)} cannot be read.`);
  return {
    cameraNo,
    start,
    end: wall(row['end']),
    runStart: wall(row['run_start']),
    mediaStart: mediaTicks(Number(row['media_start'])),
    durationTicks: Number(row['duration']),
    initNo: Number(row['init_no']),
    headBytes: Number(row['head_bytes']),
    bytes: Number(row['bytes']),
    sha256: row['sha256'] as Uint8Array | null,
    state: STATES[Number(row['state'])] as SegmentState,
    recovered: row['recovered'] === 1,
    fragments,
  };
}

export function runRow(row: Row): RunRow {
  return { cameraNo: Number(row['camera_no']), start: wall(row['start']), end: wall(row['end']) };
}

export function gapRow(row: Row): GapRow {
  return {
    cameraNo: Number(row['camera_no']),
    from: wall(row['from']),
    to: row['to'] === null ? null : wall(row['to']),
    cause: row['cause'] as GapCause,
  };
}

const wall = (value: SQLOutputValue | undefined): WallMicros => wallMicros(Number(value));
