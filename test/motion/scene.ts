import { createDetector, detect, type Detector, type MotionResult } from '../../src/motion/detect.ts';
import type { PixelKernel } from '../../src/motion/kernel/pixel-kernel.ts';
import { simdKernel } from '../../src/motion/kernel/simd-kernel.ts';
import { createState, type MotionState } from '../../src/motion/layout.ts';
import { createWorkspace, workspaceBytes } from '../../src/motion/workspace.ts';
import { MEDIA_TICKS_PER_SECOND } from '../../src/time/units.ts';

/** A yard as a function of place: walls, windows, gravel. Drawn wherever the camera looks, so it can be turned. */
export const WIDTH = 320;
export const HEIGHT = 180;

export interface View {
  readonly dx?: number;
  readonly dy?: number;
  readonly gain?: number;
  readonly offset?: number;
  /** Standard deviation of the sensor's noise. */
  readonly noise?: number;
  /** Another place altogether. */
  readonly scene?: number;
}

export type Draw = (frame: Float32Array) => void;

/** Repeatable numbers from 0 to 1. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x85eb_ca6b) >>> 0;
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

function hash(x: number, y: number, scene: number): number {
  let h = Math.imul(x + 4_099 * scene, 0x9e37_79b1) ^ Math.imul(y + 7, 0x85eb_ca77);
  h = Math.imul(h ^ (h >>> 15), 0xc2b2_ae3d);
  return ((h ^ (h >>> 13)) >>> 0) / 2 ** 32;
}

/** Blocks of grey of three sizes. */
function ground(x: number, y: number, scene: number): number {
  const coarse = hash(Math.floor(x / 37), Math.floor(y / 29), scene);
  const middle = hash(Math.floor(x / 11), Math.floor(y / 13), scene + 1);
  const fine = hash(Math.floor(x / 3), Math.floor(y / 3), scene + 2);
  return 50 + 80 * coarse + 40 * middle + 12 * fine;
}

const still = new Map<string, Float32Array>();

/** Normal enough: the sum of three. A frame's noise begins somewhere in it, which is faster than making it anew. */
const NOISE = Float32Array.from(
  { length: 1 << 18 },
  (
    (random) => () =>
      (random() + random() + random() - 1.5) * 2
  )(numbers(1)),
);

/** What the camera sees: the ground, then what `draw` puts in front of it, then light and noise. */
export function render(view: View, random: () => number, draw?: Draw): Uint8Array {
  const { dx = 0, dy = 0, gain = 1, offset = 0, noise = 2, scene = 1 } = view;
  const key = `${dx},${dy},${scene}`;
  let background = still.get(key);
  if (background === undefined) {
    background = new Float32Array(WIDTH * HEIGHT);
    for (let p = 0; p < background.length; p++) {
      background[p] = ground((p % WIDTH) + 500 + dx, Math.floor(p / WIDTH) + 500 + dy, scene);
    }
    still.set(key, background);
  }
  const frame = background.slice();
  draw?.(frame);
  const seen = new Uint8ClampedArray(frame.length);
  const start = Math.floor(random() * (NOISE.length - frame.length));
  for (let p = 0; p < frame.length; p++) {
    seen[p] = (frame[p] as number) * gain + offset + noise * (NOISE[start + p] as number);
  }
  return new Uint8Array(seen.buffer);
}

/** A square of some grey with its left top corner there. */
export function square(left: number, top: number, side: number, grey: number): Draw {
  return (frame) => {
    for (let y = Math.max(0, top); y < Math.min(HEIGHT, top + side); y++) {
      for (let x = Math.max(0, left); x < Math.min(WIDTH, left + side); x++) frame[y * WIDTH + x] = grey;
    }
  };
}

/** One camera under test, looked at at one rate. */
export class Camera {
  readonly detector: Detector;
  state: MotionState;
  readonly elapsed: number;

  constructor(framesPerSecond: number, kernel: (bytes: number) => PixelKernel = simdKernel) {
    this.detector = createDetector(createWorkspace(kernel(workspaceBytes(WIDTH, HEIGHT)), WIDTH, HEIGHT));
    this.state = createState(WIDTH, HEIGHT);
    this.elapsed = MEDIA_TICKS_PER_SECOND / framesPerSecond;
  }

  see(frame: Uint8Array): MotionResult {
    return detect(this.detector, this.state, frame, this.elapsed);
  }

  /** Frames of the same view, one after the other. */
  watch(count: number, frame: (index: number) => Uint8Array): MotionResult[] {
    return Array.from({ length: count }, (_, index) => this.see(frame(index)));
  }
}
