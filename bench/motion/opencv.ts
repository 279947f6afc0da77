import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cutFrames, type Footage } from './footage.ts';

export interface OpencvMethod {
  readonly name: string;
  readonly family: 'mog2' | 'knn';
  readonly history: number;
  readonly threshold: number;
}

/** OpenCV's own settings, and those that did best by the literature and by trying. */
export const OPENCV_METHODS: readonly OpencvMethod[] = [
  { name: 'MOG2 500/16', family: 'mog2', history: 500, threshold: 16 },
  { name: 'MOG2 200/36', family: 'mog2', history: 200, threshold: 36 },
  { name: 'MOG2 200/64', family: 'mog2', history: 200, threshold: 64 },
  { name: 'MOG2 100/36', family: 'mog2', history: 100, threshold: 36 },
  { name: 'KNN 500/400', family: 'knn', history: 500, threshold: 400 },
  { name: 'KNN 200/600', family: 'knn', history: 200, threshold: 600 },
  { name: 'KNN 200/900', family: 'knn', history: 200, threshold: 900 },
];

const SCRIPT = fileURLToPath(new URL('opencv.py', import.meta.url));

/** The version of OpenCV that a Python has; `undefined` without one. */
export function opencvVersion(python: string): string | undefined {
  const { status, stdout } = spawnSync(python, ['-c', 'import cv2; print(cv2.__version__)'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** The masks of one method, in a process of its own. */
export async function opencvMasks(
  python: string,
  { family, history, threshold }: OpencvMethod,
  { width, height }: Footage,
  frames: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const args = [SCRIPT, String(width), String(height), family, String(history), String(threshold)];
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.on('error', () => {});
  const closed = once(child, 'close');
  for (const frame of frames) {
    if (!child.stdin.write(frame)) await Promise.race([once(child.stdin, 'drain'), closed]);
  }
  child.stdin.end();
  await closed;
  const masks = cutFrames(Buffer.concat(chunks), width * height);
  if (masks.length !== frames.length)
    throw new Error(`OpenCV gave ${masks.length} masks for ${frames.length} frames.`);
  return masks;
}
