import { framesInSegment, type Unnumbered } from '../../bench/recorded-frames.ts';
import { type SegmentWalk, walkSegment } from '../../src/media/mp4/segment-walk.ts';
import type { FrameIdentity } from '../../src/simulator/frame-identity.ts';
import { segmentFiles } from './vigie.ts';

/** The frames of a camera, or of all, in the order of their files. */
export async function recordedFrames(
  folder: string,
  cameraId = '',
  unnumbered?: Unnumbered,
): Promise<FrameIdentity[]> {
  const found: FrameIdentity[] = [];
  for (const file of await segmentFiles(folder, cameraId))
    found.push(...(await framesInSegment(file, unnumbered)));
  return found;
}

/** Walks a segment that is in memory. */
export const walkBytes = (bytes: Uint8Array): Promise<SegmentWalk> =>
  walkSegment(async (offset, length) => bytes.subarray(offset, offset + length), bytes.length);
