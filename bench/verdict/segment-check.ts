import { readFile } from 'node:fs/promises';
import { readFragmentHead } from '../../src/media/mp4/fragment-reader.ts';
import { readInit } from '../../src/media/mp4/init-segment.ts';
import { parseSegmentIdentity } from '../../src/media/mp4/segment-identity.ts';
import type { FrameIdentity } from '../../src/simulator/frame-identity.ts';
import { framesInBytes, type Unnumbered } from '../recorded-frames.ts';

/** What one of our segment files holds. */
export interface ReadSegment {
  readonly frames: readonly FrameIdentity[];
  /** Wall time of the run that it belongs to, µs. */
  readonly runStart: number;
  /** First and last moment of its video in the run, ticks; and holes between its fragments. */
  readonly startTicks: number;
  readonly endTicks: number;
  readonly holes: number;
  readonly bytes: number;
}

/** @throws Error when it is no whole segment */
export async function readSegment(path: string, unnumbered: Unnumbered): Promise<ReadSegment> {
  const bytes = await readFile(path);
  const frames = framesInBytes(bytes, path, unnumbered);
  const init = readInit(bytes);
  let at = init?.bytes ?? 0;
  const identity = parseSegmentIdentity(bytes.subarray(at));
  if (identity) at += bytes.readUInt32BE(at);
  let [startTicks, endTicks, holes] = [-1, -1, 0];
  while (at < bytes.length) {
    const reading = readFragmentHead(bytes, at);
    if (reading.kind !== 'head') break;
    const { mediaStart, durationTicks, totalBytes } = reading.head;
    if (startTicks < 0) startTicks = mediaStart;
    else if (mediaStart !== endTicks) holes++;
    endTicks = mediaStart + durationTicks;
    at += totalBytes;
  }
  return { frames, runStart: identity?.runStart ?? 0, startTicks, endTicks, holes, bytes: bytes.length };
}
