import type { Box } from '../catalog/motion.ts';
import { createDetector, detect, type Detector } from './detect.ts';
import { simdKernel } from './kernel/simd-kernel.ts';
import { openState } from './layout.ts';
import type { Box as PixelBox } from './regions.ts';
import { inspect, openTamperState, type Tampering } from './tamper.ts';
import type { WholeChange } from './whole-picture.ts';
import { createWorkspace, workspaceBytes } from './workspace.ts';
import type { ZoneRaster } from './zones/zone-raster.ts';

/** One picture of one camera, with what is kept of the camera. Nobody else touches these buffers meanwhile. */
export interface LookTask {
  /** Grey, as large as the model says. */
  readonly frame: Uint8Array;
  readonly motion: SharedArrayBuffer;
  readonly tamper: SharedArrayBuffer;
  /** Since the picture of this camera that was looked at before, media ticks. */
  readonly elapsedTicks: number;
  /** Where motion counts; left out: everywhere. */
  readonly zones?: ZoneRaster;
}

export interface SeenBox extends Box {
  /** What moves in it, as a share of the whole picture. */
  readonly moving: number;
}

/** What was seen in it: see `MotionResult`, in shares of the picture. */
export interface Look {
  readonly score: number;
  readonly evidence: number;
  readonly boxes: readonly SeenBox[];
  readonly heat: Uint8Array;
  /** Names of the zones that something moves in. */
  readonly zones: readonly string[];
  readonly change: WholeChange;
  readonly learning: boolean;
  readonly tampering: Tampering | undefined;
}

/** One of each size: pictures of different sizes are looked at by turns, but there are only few sizes. */
const detectors = new Map<string, Detector>();

/**
 * What a thread of the pool does.
 * @returns `undefined` when the buffers are not what is kept of a camera, or not of one with pictures of this size
 */
export function look({ frame, motion, tamper, elapsedTicks, zones }: LookTask): Look | undefined {
  const state = openState(motion);
  if (!state || frame.length !== state.width * state.height) return undefined;
  const { width, height } = state;
  const tamperState = openTamperState(tamper, width, height);
  if (!tamperState) return undefined;
  const { boxes, shift, ...seen } = detect(detectorFor(width, height), state, frame, elapsedTicks, zones);
  const tampering = inspect(tamperState, frame, elapsedTicks, shift, seen.change);
  return { ...seen, boxes: boxes.map((box) => inShares(box, width, height)), tampering };
}

function detectorFor(width: number, height: number): Detector {
  const size = `${width}x${height}`;
  let detector = detectors.get(size);
  if (!detector) {
    detector = createDetector(createWorkspace(simdKernel(workspaceBytes(width, height)), width, height));
    detectors.set(size, detector);
  }
  return detector;
}

const inShares = ({ left, top, right, bottom, area }: PixelBox, width: number, height: number): SeenBox => ({
  x: left / width,
  y: top / height,
  width: (right - left) / width,
  height: (bottom - top) / height,
  moving: area / (width * height),
});
