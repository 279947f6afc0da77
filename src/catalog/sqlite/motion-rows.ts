import type { SQLOutputValue } from 'node:sqlite';
import { type WallMicros, wallMicros } from '../../time/units.ts';
import type { Box, ChangedEvent, EventGroup, EventKind, EventRow, LookedMinute } from '../motion.ts';

export type Row = Record<string, SQLOutputValue>;

/** The unit of a coded box: shares of the picture as 16 bits. */
const WHOLE = 0xff_ff;

/** Left, top, width, height, 16 bits each. Cut at the edges of the picture. */
export function encodeBox(box: Box | null): Uint8Array | null {
  if (!box) return null;
  const share = (value: number): number => Math.round(Math.max(0, Math.min(1, value || 0)) * WHOLE);
  const [left, top] = [share(box.x), share(box.y)];
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(left, 0);
  bytes.writeUInt16BE(top, 2);
  bytes.writeUInt16BE(Math.min(share(box.width), WHOLE - left), 4);
  bytes.writeUInt16BE(Math.min(share(box.height), WHOLE - top), 6);
  return bytes;
}

function decodeBox(bytes: Uint8Array | null): Box | null {
  if (!bytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const share = (offset: number): number => view.getUint16(offset) / WHOLE;
  return { x: share(0), y: share(2), width: share(4), height: share(6) };
}

export function eventRow(row: Row): EventRow {
  return {
    eventNo: Number(row['event_no']),
    cameraNo: Number(row['camera_no']),
    kind: row['kind'] as EventKind,
    from: wall(row['from']),
    to: row['to'] === null ? null : wall(row['to']),
    continues: row['continues'] === 1,
    score: Number(row['score']),
    box: decodeBox(row['box'] as Uint8Array | null),
    zones: JSON.parse(String(row['zones'])) as string[],
  };
}

export function groupRow(row: Row): EventGroup {
  const count = Number(row['count']);
  return {
    eventNo: count === 1 ? Number(row['event_no']) : null,
    kind: row['kind'] as EventKind,
    from: wall(row['from']),
    to: row['to'] === null ? null : wall(row['to']),
    count,
    score: Number(row['score']),
    zones: count === 1 ? (JSON.parse(String(row['zones'])) as string[]) : [],
  };
}

export const changedRow = (row: Row): ChangedEvent => ({ ...eventRow(row), changed: Number(row['changed']) });

export function lookedRow(row: Row): LookedMinute {
  return {
    cameraNo: Number(row['camera_no']),
    minute: wall(row['minute']),
    pictures: Number(row['pictures']),
    moving: Number(row['moving']),
    passed: Number(row['passed']),
    heat: row['heat'] as Uint8Array | null,
  };
}

export const wall = (value: SQLOutputValue | undefined): WallMicros => wallMicros(Number(value));
