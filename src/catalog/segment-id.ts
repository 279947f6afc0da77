import { type WallMicros, wallMicros } from '../time/units.ts';

/**
 * A segment is named by its camera's number and the microsecond at which it starts: unique without asking
 * anybody, sortable, and enough to find its row by primary key. Form: `17-1795466400000000`.
 */
export const segmentId = (cameraNo: number, start: WallMicros): string => `${cameraNo}-${start}`;

const SEGMENT_ID = /^([1-9]\d{0,8})-(\d{1,16})$/;

export function parseSegmentId(id: string): { cameraNo: number; start: WallMicros } | undefined {
  const match = SEGMENT_ID.exec(id);
  if (!match) return undefined;
  const start = Number(match[2]);
  if (!Number.isSafeInteger(start)) return undefined;
  return { cameraNo: Number(match[1]), start: wallMicros(start) };
}

/**
 * Where a segment's file is, below the storage root and in the object store alike:
 * `<camera>/<yyyy>/<mm>/<dd>/<hh>/<segment id>.mp4`, the hour being UTC.
 */
export function segmentKey(cameraId: string, cameraNo: number, start: WallMicros): string {
  const hour = new Date(Math.floor(start / 1000)).toISOString();
  const folder = `${hour.slice(0, 4)}/${hour.slice(5, 7)}/${hour.slice(8, 10)}/${hour.slice(11, 13)}`;
  return `${cameraId}/${folder}/${segmentId(cameraNo, start)}.mp4`;
}
