import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClipSpec } from '../../src/simulator/ensure-clip.ts';
import { type SimulatorProcess, spawnSimulator } from '../../src/simulator/spawn.ts';

/** Clips are made once a machine. */
export const CLIP_CACHE = join(tmpdir(), 'vigie-test-clips');

export const FRAMES_PER_SECOND = 25;

/** Small pictures with a key frame a second. */
export const smallClip = (changes: Partial<ClipSpec> = {}): ClipSpec => ({
  codec: 'h264',
  width: 320,
  height: 180,
  fps: FRAMES_PER_SECOND,
  gopFrames: FRAMES_PER_SECOND,
  frames: 100,
  bitrateBps: 400_000,
  scene: 'busy',
  ...changes,
});

/** Cameras with such pictures, each with its number, in a process of their own. */
export const spawnSmallCameras = (paths: readonly string[]): Promise<SimulatorProcess> =>
  spawnSimulator({
    cacheFolder: CLIP_CACHE,
    identity: true,
    cameras: paths.map((path) => ({ path, clip: smallClip() })),
  });
