import {
  BASE_THRESHOLD,
  BLINK_MAX,
  BLINK_STEP,
  FACTOR_ONE,
  NEW_LEVELS,
  REACH,
  SAMPLES,
} from '../settings.ts';
import { MISFIT_CAP, type PixelKernel, TEXTURE_GRADIENT } from './pixel-kernel.ts';
import { SIMD_BINARY } from './simd-binary.ts';

/** More than half of 5x5. */
const MAJORITY = 12;
const PAGE_BYTES = 65_536;

/** What is used of WebAssembly, whose types come with those of a browser only. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => CompiledModule;
  readonly Memory: new (pages: {
    readonly initial: number;
    readonly maximum: number;
  }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: CompiledModule, imports: object) => { readonly exports: object };
};
type CompiledModule = object & { readonly __compiled: 'module' };

let compiled: CompiledModule | undefined;

/** The kernel of src/motion/assembly over a memory of its own: 16 pixels at a time, on any processor that Node runs on. */
export function simdKernel(bytes: number): PixelKernel {
  compiled ??= new WebAssembly.Module(Buffer.from(SIMD_BINARY, 'base64'));
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const run = exports as CompiledKernel;
  return {
    name: 'simd',
    memory: new Uint8Array(memory.buffer),
    smooth: run.smooth,
    levels: run.levels,
    consensus: ({ frame, level, factor, samples, raw, pixels }) =>
      run.consensus(frame, level, factor, samples, raw, pixels, SAMPLES, BASE_THRESHOLD),
    majority: (source, target, width, height) => run.boxCount(source, target, width, height, MAJORITY),
    close(source, between, target, width, height) {
      run.boxCount(source, between, width, height, 0);
      run.erode(between, target, width, height);
    },
    novelty: ({ frame, raw, samples, lowest, highest, target, width, height, from, to }) =>
      run.novelty(
        ...[frame, raw, samples, lowest, highest, target, width, height, from, to],
        ...[SAMPLES, REACH, NEW_LEVELS],
      ),
    learn(pass) {
      const pixels = pass.width * pass.height;
      const sample = (slot: number): number => pass.samples + slot * pixels;
      run.learn(
        ...[pass.frame, pass.raw, pass.lastRaw, pass.verdict, pass.factor, pass.blink, pass.mean],
        ...[sample(pass.slot), sample(pass.quickSlot), sample(pass.objectSlot), pass.width, pass.height],
        ...[pass.turn, pass.objectTurn, pass.meanShift, pass.quickShift, pass.calm, pass.parity],
        ...[FACTOR_ONE, BLINK_STEP, BLINK_MAX],
      );
    },
    halve: run.halve,
    contrast: run.contrast,
    texture: (source, target, width, height) => run.texture(source, target, width, height, TEXTURE_GRADIENT),
    misfit: ({ still, moved, texture, width, left, right, top, bottom }, dx, dy) =>
      run.misfit(still, moved, texture, width, left, right, top, bottom, dx, dy, MISFIT_CAP),
  };
}

type Run = (...values: number[]) => void;

/** What src/motion/assembly/index.ts exports. */
interface CompiledKernel {
  readonly smooth: Run;
  readonly levels: Run;
  readonly halve: Run;
  readonly contrast: Run;
  readonly texture: Run;
  readonly consensus: Run;
  readonly boxCount: Run;
  readonly erode: Run;
  readonly novelty: Run;
  readonly learn: Run;
  readonly misfit: (...values: number[]) => number;
}
