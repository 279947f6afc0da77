import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createDetector, detect } from '../../src/motion/detect.ts';
import { ALL_TURNS, NO_TURN } from '../../src/motion/kernel/learn.ts';
import { scalarKernel } from '../../src/motion/kernel/scalar-kernel.ts';
import { simdKernel } from '../../src/motion/kernel/simd-kernel.ts';
import { createState, saveState } from '../../src/motion/layout.ts';
import { createWorkspace, workspaceBytes } from '../../src/motion/workspace.ts';
import { numbers } from './scene.ts';

const SIZES = [
  [64, 64],
  [112, 66],
  [320, 180],
  [336, 190],
] as const;

/** Pixels as they never come: every path of every kernel is taken by some. */
function fill(memory: Uint8Array, from: number, bytes: number, random: () => number, most = 255): void {
  for (let p = from; p < from + bytes; p++) memory[p] = Math.floor(random() * (most + 1));
}

describe.each(SIZES)('at %dx%d pixels the two kernels agree in every byte', (width, height) => {
  const pixels = width * height;
  const setUp = () => {
    const bytes = workspaceBytes(width, height);
    const [scalar, simd] = [scalarKernel(bytes), simdKernel(bytes)];
    const { at } = createWorkspace(scalar, width, height);
    /** Gives both the same bytes, does the same with both, compares all that they hold above their own rows. */
    const compare = (prepare: (memory: Uint8Array) => void, run: (kernel: typeof scalar) => unknown) => {
      prepare(scalar.memory);
      simd.memory.set(scalar.memory);
      const [expected, result] = [run(scalar), run(simd)];
      expect(result).toEqual(expected);
      expect(
        Buffer.from(simd.memory.buffer, at.state, bytes - at.state).equals(
          Buffer.from(scalar.memory.buffer, at.state, bytes - at.state),
        ),
      ).toBe(true);
    };
    return { at, compare };
  };

  it('in pictures', () => {
    const { at, compare } = setUp();
    const random = numbers(1);
    const prepare = (memory: Uint8Array) => {
      fill(memory, at.input, pixels, random);
      fill(memory, at.mean, 2 * pixels, random, 254);
      fill(memory, at.frameMeans, pixels >> 4, random);
      fill(memory, at.level, pixels, random, 40);
    };
    compare(prepare, (kernel) => kernel.smooth(at.input, at.frame, width, height));
    compare(prepare, (kernel) => kernel.levels(at.mean, at.between, pixels));
    compare(prepare, (kernel) => {
      kernel.halve(at.input, at.halfFrame, width, height);
      kernel.halve(at.halfFrame, at.quarterFrame, width >> 1, height >> 1);
    });
    for (const shift of [0, 1, 2]) {
      const [w, h] = [width >> (2 - shift), height >> (2 - shift)];
      compare(prepare, (kernel) => kernel.contrast(at.input, at.frameMeans, at.lowest, w, h, shift));
      compare(prepare, (kernel) => kernel.texture(at.level, at.mask, w, h));
    }
  });

  it('in masks', () => {
    const { at, compare } = setUp();
    const random = numbers(2);
    compare(
      (memory) => {
        fill(memory, at.samples, 12 * pixels, random, 60);
        fill(memory, at.frame, pixels, random, 90);
        fill(memory, at.level, pixels, random, 60);
        fill(memory, at.factor, pixels, random);
      },
      (kernel) => kernel.consensus({ ...at, pixels }),
    );
    for (const most of [0, 1]) {
      compare(
        (memory) => fill(memory, at.raw, pixels, random, most),
        (kernel) => {
          kernel.majority(at.raw, at.between, width, height);
          kernel.close(at.between, at.novel, at.mask, width, height);
        },
      );
    }
    for (const [from, to] of [
      [0, height],
      [5, 6],
      [height - 2, height],
    ] as const) {
      compare(
        (memory) => fill(memory, at.samples, 12 * pixels, random, 60),
        (kernel) => kernel.novelty({ ...at, target: at.novel, width, height, from, to }),
      );
    }
  });

  it('in shifts', () => {
    const { at, compare } = setUp();
    const random = numbers(3);
    const [left, top, right, bottom] = [28, 28, width - 28, height - 28];
    const pass = { still: at.lowest, moved: at.highest, texture: at.mask, width, left, right, top, bottom };
    compare(
      (memory) => {
        fill(memory, at.lowest, pixels, random);
        fill(memory, at.highest, pixels, random);
        for (let p = at.mask; p < at.mask + pixels; p++) memory[p] = random() < 0.5 ? 255 : 0;
      },
      (kernel) => [kernel.misfit(pass, 0, 0), kernel.misfit(pass, -27, 13), kernel.misfit(pass, 27, -27)],
    );
  });

  it.each([NO_TURN, ALL_TURNS, 0, 1, 2, 3])('in learning, turn %d', (turn) => {
    const { at, compare } = setUp();
    const random = numbers(turn + 10);
    const slots = { slot: 3, quickSlot: turn < 0 ? 3 : 7, objectSlot: 11 };
    const shifts = { meanShift: 2, quickShift: 5 };
    for (const [calm, parity, objectTurn] of [
      [10, 0, NO_TURN],
      [255, 1, 2],
    ] as const) {
      compare(
        (memory) => {
          fill(memory, at.state, 18 * pixels, random);
          // Means stay where means are; the rest is what it can be.
          fill(memory, at.mean, 2 * pixels, random, 254);
          fill(memory, at.lastRaw, pixels, random, 1);
          for (let p = at.factor; p < at.factor + pixels; p++) memory[p] = Math.max(64, memory[p] as number);
          fill(memory, at.raw, pixels, random, 1);
          fill(memory, at.verdict, pixels, random, 2);
          // And stretches where nothing happens at all.
          for (const plane of [at.raw, at.lastRaw, at.verdict, at.blink]) memory.fill(0, plane, plane + 200);
          memory.fill(64, at.factor, at.factor + 200);
        },
        (kernel) =>
          kernel.learn({ ...at, width, height, turn, objectTurn, ...slots, ...shifts, calm, parity }),
      );
    }
  });

  it('over frames in which everything happens', () => {
    const bytes = workspaceBytes(width, height);
    const random = numbers(width);
    const both = [scalarKernel(bytes), simdKernel(bytes)].map((kernel) => ({
      detector: createDetector(createWorkspace(kernel, width, height)),
      state: createState(width, height),
    }));
    const frames = width > 200 ? 14 : 30;
    for (let index = 0; index < frames; index++) {
      const frame = new Uint8Array(pixels);
      for (let p = 0; p < pixels; p++) {
        const [x, y] = [(p % width) + (index % 5 === 4 ? 6 : 0), Math.floor(p / width)];
        const ground = 60 + 70 * ((x >> 4) % 3) + 20 * ((y >> 3) % 4);
        const inside = Math.abs(x - 3 * index - 10) < 8 && Math.abs(y - 30) < 9;
        frame[p] = (inside ? 10 : ground) + random() * 8 + (index > 10 ? 20 : 0);
      }
      const results = both.map(({ detector, state }) => detect(detector, state, frame, 18_000));
      expect(results[1]).toEqual(results[0]);
      const [expected, state] = both.map((one) => Buffer.from(saveState(one.state)));
      expect((state as Buffer).equals(expected as Buffer)).toBe(true);
    }
  });
});

it('is compiled from the source beside it', { timeout: 180_000 }, () => {
  const script = fileURLToPath(new URL('../../bin/build-kernel.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
