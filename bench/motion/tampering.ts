import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDetector, detect } from '../../src/motion/detect.ts';
import { simdKernel } from '../../src/motion/kernel/simd-kernel.ts';
import { createState } from '../../src/motion/layout.ts';
import { createTamperState, inspect, type Tampering } from '../../src/motion/tamper.ts';
import { createWorkspace, workspaceBytes } from '../../src/motion/workspace.ts';
import { MEDIA_TICKS_PER_SECOND } from '../../src/time/units.ts';
import { type Footage, readClip } from './footage.ts';

export interface TamperRun {
  readonly name: string;
  /** When it happened by eye, seconds; `undefined`: never. */
  readonly happened: number | undefined;
  /** What was found first, and when. */
  readonly found: { readonly kind: Tampering; readonly at: number } | undefined;
}

/** Clips in which a camera is tampered with, and some busy ones in which it is not. */
const CLIPS: readonly { readonly path: string; readonly happened: number | undefined }[] = [
  { path: 'tamper/night_ir_moved_covered.mp4', happened: 64.5 },
  { path: 'tamper/test_video2.mp4', happened: 12.8 },
  { path: 'night_rain/rain_yard.mp4', happened: undefined },
  { path: 'night_rain/night_wet_highway.mp4', happened: undefined },
  { path: 'pedestrians/vtest.avi', happened: undefined },
  { path: 'abandoned/video4.avi', happened: undefined },
  { path: 'crowd/HUB1.mov', happened: undefined },
  { path: 'crowd/LRT1.mov', happened: undefined },
];
const FRAMES_PER_SECOND = 2;

/** Those of the clips that are there. */
export async function tamperClips(data: string): Promise<TamperRun[]> {
  const runs: TamperRun[] = [];
  for (const { path, happened } of CLIPS) {
    if (!existsSync(join(data, path))) continue;
    runs.push(inspectAll(await readClip(join(data, path), FRAMES_PER_SECOND), happened));
  }
  return runs;
}

/** The tamper check beside the detector, as a camera has them. */
export function inspectAll(
  { name, width, height, frames, framesPerSecond }: Footage,
  happened: number | undefined,
): TamperRun {
  const work = createWorkspace(simdKernel(workspaceBytes(width, height)), width, height);
  const [detector, motion, tamper] = [
    createDetector(work),
    createState(width, height),
    createTamperState(width, height),
  ];
  const elapsed = MEDIA_TICKS_PER_SECOND / framesPerSecond;
  for (const [index, frame] of frames.entries()) {
    const { shift, change } = detect(detector, motion, frame, elapsed);
    const kind = inspect(tamper, frame, elapsed, shift, change);
    if (kind !== undefined) return { name, happened, found: { kind, at: index / framesPerSecond } };
  }
  return { name, happened, found: undefined };
}
