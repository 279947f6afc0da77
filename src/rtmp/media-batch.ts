/** One audio or video message on its way from the RTMP thread to a recording thread; valid during the call. */
export interface MediaEntry {
  cameraNo: number;
  /** Which viewing it belongs to: what was under way when a viewing ended is not for the next one. */
  viewing: number;
  /** Message type: audio or video. */
  type: number;
  /** Milliseconds, unsigned 32-bit. */
  timestamp: number;
  /** Its bytes are [start, end) of the batch. */
  start: number;
  end: number;
}

/**
 * ```
 *  | camera 4 | viewing 4 | type 4 | timestamp 4 | length 4 | data | …
 * ```
 */
const HEAD_BYTES = 20;

export const entryBytes = (length: number): number => HEAD_BYTES + length;

/** Writes an entry at `at`; returns where the next one goes. There has to be room for `entryBytes`. */
export function writeEntry(
  batch: Buffer,
  at: number,
  entry: Pick<MediaEntry, 'cameraNo' | 'viewing' | 'type' | 'timestamp'>,
  data: Buffer,
  length: number,
): number {
  batch.writeUInt32LE(entry.cameraNo, at);
  batch.writeUInt32LE(entry.viewing, at + 4);
  batch.writeUInt32LE(entry.type, at + 8);
  batch.writeUInt32LE(entry.timestamp, at + 12);
  batch.writeUInt32LE(length, at + 16);
  data.copy(batch, at + HEAD_BYTES, 0, length);
  return at + HEAD_BYTES + length;
}

/** Reads the entry at `at` into `entry`; returns where the next one is. */
export function readEntry(batch: Buffer, at: number, entry: MediaEntry): number {
  entry.cameraNo = batch.readUInt32LE(at);
  entry.viewing = batch.readUInt32LE(at + 4);
  entry.type = batch.readUInt32LE(at + 8);
  entry.timestamp = batch.readUInt32LE(at + 12);
  entry.start = at + HEAD_BYTES;
  entry.end = entry.start + batch.readUInt32LE(at + 16);
  return entry.end;
}

export const emptyEntry = (): MediaEntry => ({
  cameraNo: 0,
  viewing: 0,
  type: 0,
  timestamp: 0,
  start: 0,
  end: 0,
});
