import { consensus } from './consensus.ts';
import { learn } from './learn.ts';
import { misfit } from './misfit.ts';
import { boxCount, erode } from './morphology.ts';
import { novelty } from './novelty.ts';
import { type PixelKernel, TEXTURE_GRADIENT } from './pixel-kernel.ts';
import { scalarPictures } from './pictures.ts';

/** More than half of 5x5. */
const MAJORITY = 12;

/** The reference: one pixel at a time, written to be read. */
export function scalarKernel(bytes: number): PixelKernel {
  const memory = new Uint8Array(bytes);
  return {
    name: 'scalar',
    memory,
    ...scalarPictures(memory, TEXTURE_GRADIENT),
    consensus: (pass) => consensus(memory, pass),
    majority: (source, target, width, height) => boxCount(memory, source, target, width, height, MAJORITY),
    close(source, between, target, width, height) {
      boxCount(memory, source, between, width, height, 0);
      erode(memory, between, target, width, height);
    },
    novelty: (pass) => novelty(memory, pass),
    learn: (pass) => learn(memory, pass),
    misfit: (pass, dx, dy) => misfit(memory, pass, dx, dy),
  };
}
