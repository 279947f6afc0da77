import { createDetector, detect, movingPixels } from '../../src/motion/detect.ts';
import type { PixelKernel } from '../../src/motion/kernel/pixel-kernel.ts';
import { scalarKernel } from '../../src/motion/kernel/scalar-kernel.ts';
import { simdKernel } from '../../src/motion/kernel/simd-kernel.ts';
import { createState } from '../../src/motion/layout.ts';
import { createWorkspace, workspaceBytes } from '../../src/motion/workspace.ts';
import { MEDIA_TICKS_PER_SECOND } from '../../src/time/units.ts';
import type { Footage } from './footage.ts';
import { PixelCount, type PixelScore } from './pixel-score.ts';

export type KernelName = PixelKernel['name'];

export interface DetectorRun {
  readonly pixels: PixelScore | undefined;
  /** One a frame. */
  readonly evidence: readonly number[];
  /** CPU time of a frame, ms: other processes of a loaded machine do not count. */
  readonly frameMillis: number;
}

/** Every n-th frame of footage, its labels with it. */
export function thin(footage: Footage, stride: number): Footage {
  const every = <T>(values: readonly T[]): T[] => values.filter((_, index) => index % stride === 0);
  return {
    ...footage,
    framesPerSecond: footage.framesPerSecond / stride,
    frames: every(footage.frames),
    truth: every(footage.truth),
  };
}

/** Every n-th frame of footage that goes forth and back until it is so long: nothing jumps where it turns. */
export function* repeat(frames: readonly Uint8Array[], stride: number, count: number): Generator<Uint8Array> {
  const period = Math.max(1, 2 * frames.length - 2);
  for (let index = 0; index < count; index++) {
    const at = (index * stride) % period;
    yield frames[at < frames.length ? at : period - at] as Uint8Array;
  }
}

/** The detector over some footage, from a model that knows nothing. */
export function runDetector(
  { width, height, framesPerSecond, truth }: Footage,
  frames: Iterable<Uint8Array>,
  name: KernelName,
): DetectorRun {
  const bytes = workspaceBytes(width, height);
  const kernel = name === 'simd' ? simdKernel(bytes) : scalarKernel(bytes);
  const detector = createDetector(createWorkspace(kernel, width, height));
  const state = createState(width, height);
  const mask = new Uint8Array(width * height);
  const count = new PixelCount();
  const evidence: number[] = [];
  let micros = 0;
  for (const frame of frames) {
    const before = process.threadCpuUsage();
    const result = detect(detector, state, frame, MEDIA_TICKS_PER_SECOND / framesPerSecond);
    const { user, system } = process.threadCpuUsage(before);
    micros += user + system;
    const labels = truth[evidence.length];
    if (labels !== undefined) {
      movingPixels(detector, result, mask);
      count.add(mask, labels);
    }
    evidence.push(result.evidence);
  }
  return { pixels: count.score, evidence, frameMillis: micros / 1_000 / Math.max(1, evidence.length) };
}
