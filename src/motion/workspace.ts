import type { PixelKernel } from './kernel/pixel-kernel.ts';
import { type MotionState, Plane } from './layout.ts';
import { SAMPLES } from './settings.ts';

/**
 * One thread's desk for pictures of one size: a copy of the state of the camera at hand, and what one frame needs.
 * Copied in and out for each frame (a tenth of a millisecond), since WebAssembly sees only a memory of its own.
 */
export interface Workspace {
  readonly kernel: PixelKernel;
  readonly width: number;
  readonly height: number;
  readonly pixels: number;
  /** The memory as seen by what is not pixel by pixel. */
  readonly memory: Uint8Array;
  readonly at: WorkspaceOffsets;
}

export type WorkspaceOffsets = ReturnType<typeof offsetsOf>;

/** Where everything is, bytes from the start of the memory. */
export function offsetsOf(width: number, height: number, base: number) {
  const pixels = width * height;
  let next = base;
  const take = (bytes: number): number => {
    const offset = next;
    next = Math.ceil((offset + bytes + ROOM) / 16) * 16;
    return offset;
  };
  const state = take(Plane.count * pixels);
  return {
    state,
    samples: state + Plane.samples * pixels,
    mean: state + Plane.mean * pixels,
    factor: state + Plane.factor * pixels,
    blink: state + Plane.blink * pixels,
    lastRaw: state + Plane.raw * pixels,
    object: state + Plane.object * pixels,
    /** The frame as it came, then as the model would have seen it: shifted, and without a change of light. */
    input: take(pixels),
    frame: take(pixels),
    level: take(pixels),
    raw: take(pixels),
    /** What moves, before and after gaps are filled. */
    between: take(pixels),
    mask: take(pixels),
    novel: take(pixels),
    verdict: take(pixels),
    /** What is reported: objects without what is only light. */
    moving: take(pixels),
    lowest: take(pixels),
    highest: take(pixels),
    halfFrame: take(pixels >> 2),
    halfLevel: take(pixels >> 2),
    quarterFrame: take(pixels >> 4),
    quarterLevel: take(pixels >> 4),
    frameMeans: take(pixels >> 4),
    levelMeans: take(pixels >> 4),
    get end() {
      return next;
    },
  };
}

/** Loads of 16 bytes may begin a few pixels before and end a few behind a plane. */
const ROOM = 64;
/** The first bytes stay free: a compiled kernel keeps rows there. */
export const KERNEL_BYTES = 16_384;

export const workspaceBytes = (width: number, height: number): number =>
  offsetsOf(width, height, KERNEL_BYTES).end;

export function createWorkspace(kernel: PixelKernel, width: number, height: number): Workspace {
  return {
    ...{ kernel, width, height },
    pixels: width * height,
    memory: kernel.memory,
    at: offsetsOf(width, height, KERNEL_BYTES),
  };
}

/** Brings the model of a camera to the desk. */
export function takeIn({ memory, at }: Workspace, { planes }: MotionState): void {
  memory.set(planes, at.state);
}

/** Puts back what a frame changed: everything but the samples, and of those the planes that were written. */
export function putBack(
  { memory, at, pixels }: Workspace,
  { planes }: MotionState,
  slots: ReadonlySet<number>,
): void {
  for (let slot = 0; slot < SAMPLES; slot++) {
    if (slots.has(slot))
      planes.set(memory.subarray(at.state + slot * pixels, at.state + (slot + 1) * pixels), slot * pixels);
  }
  planes.set(memory.subarray(at.mean, at.state + Plane.count * pixels), Plane.mean * pixels);
}
