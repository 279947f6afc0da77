import { MEDIA_TICKS_PER_SECOND } from '../../src/time/units.ts';
import { createDetector, detect } from '../../src/motion/detect.ts';
import { simdKernel } from '../../src/motion/kernel/simd-kernel.ts';
import { createState } from '../../src/motion/layout.ts';
import { createWorkspace, workspaceBytes } from '../../src/motion/workspace.ts';
import { HEIGHT, numbers, render, square, WIDTH } from '../../test/motion/scene.ts';
import type { Case } from './harness.ts';

const FRAMES = 32;
const SIDE = 40;

/** The whole detector on one picture after the other, as a motion worker runs it. */
export const detectMotion: Case = {
  name: 'motion',
  does: `one picture of ${WIDTH}x${HEIGHT} with something that moves is looked at`,
  reference: 'compute',
  async prepare() {
    const random = numbers(7);
    const frames = Array.from({ length: FRAMES }, (_, i) =>
      render({}, random, square(20 + 6 * Math.min(i, FRAMES - i), 60, SIDE, 220)),
    );
    const kernel = simdKernel(workspaceBytes(WIDTH, HEIGHT));
    const detector = createDetector(createWorkspace(kernel, WIDTH, HEIGHT));
    const state = createState(WIDTH, HEIGHT);
    let next = 0;
    return {
      run() {
        detect(detector, state, frames[next++ % FRAMES] as Uint8Array, MEDIA_TICKS_PER_SECOND);
      },
      close: () => undefined,
    };
  },
};
