import { encodeFragmentIndex } from '../../media/fragment-index.ts';
import type { CatalogWrite, GapCause } from '../catalog.ts';
import { STATES } from './rows.ts';
import type { Statements } from './statements.ts';

/**
 * One write inside a transaction. A write that was made before changes nothing: a recording thread that was restarted
 * may repeat itself.
 */
export function applyWrite(statements: Statements, write: CatalogWrite): void {
  const { cameraNo } = write;
  switch (write.kind) {
    case 'segment-opened': {
      const { start, runStart, mediaStart, initNo, headBytes } = write;
      statements.insertRun.run(cameraNo, runStart, runStart);
      statements.insertSegment.run(cameraNo, start, start, runStart, mediaStart, initNo, headBytes);
      return;
    }
    case 'segment-closed': {
      const { start, end, durationTicks, bytes, sha256, recovered, fragments } = write;
      const closed = statements.closeSegment.get(
        ...[end, durationTicks, bytes, recovered ? 1 : 0, sha256, cameraNo, start],
      );
      if (!closed) return;
      statements.insertIndex.run(cameraNo, start, encodeFragmentIndex(fragments));
      statements.extendRun.run(end, cameraNo, Number(closed['run_start']), end);
      return;
    }
    case 'segment-hashed':
      statements.hashSegment.run(write.sha256, cameraNo, write.start);
      return;
    case 'segment-moved':
      statements.moveSegment.run(STATES.indexOf(write.to), cameraNo, write.start, STATES.indexOf(write.from));
      return;
    case 'segment-discarded': {
      const deleted = statements.deleteSegment.get(cameraNo, write.start);
      if (deleted) shortenRun(statements, cameraNo, Number(deleted['run_start']));
      return;
    }
    case 'gap-opened':
      openGap(statements, cameraNo, write.from, write.cause);
      return;
    case 'gap-closed':
      closeGap(statements, cameraNo, write.to);
      return;
    case 'gap':
      if (write.to > write.from) statements.insertGap.run(cameraNo, write.from, write.to, write.cause);
  }
}

/** A run ends where its last segment does, and is none without one. */
export function shortenRun(statements: Statements, cameraNo: number, runStart: number): void {
  const last = statements.lastOfRun.get(cameraNo, runStart, runStart);
  if (last) statements.setRunEnd.run(Number(last['end']), cameraNo, runStart);
  else statements.deleteRun.run(cameraNo, runStart);
}

/** A gap that lasts is cut where its cause changes; the same cause goes on. */
function openGap(statements: Statements, cameraNo: number, from: number, cause: GapCause): void {
  const open = statements.openGap.get(cameraNo);
  if (open?.['cause'] === cause) return;
  if (open) closeGap(statements, cameraNo, from);
  statements.insertOpenGap.run(cameraNo, from, cause);
}

function closeGap(statements: Statements, cameraNo: number, to: number): void {
  const open = statements.openGap.get(cameraNo);
  if (!open) return;
  const from = Number(open['from']);
  if (to > from) statements.endGap.run(to, cameraNo, from);
  else statements.deleteGap.run(cameraNo, from);
}
