import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledFfmpeg } from '../media/ffmpeg-path.ts';
import { type ClipNotes, notesPath } from './clip.ts';
import { paintScene, type Scene } from './scene.ts';

export interface ClipSpec {
  readonly codec: 'h264' | 'h265';
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly gopFrames: number;
  readonly frames: number;
  readonly bitrateBps: number;
  readonly scene: Scene;
}

/** In the name of every clip: a change of how they are made makes them anew. */
const VERSION = 1;
const MAX_ERROR_TEXT = 2_000;

const making = new Map<string, Promise<string>>();

/**
 * The path of the clip, which is made with the bundled ffmpeg when it is not there yet. Whoever asks at the same time
 * waits for the same clip; a half-made one is never seen.
 * @throws Error when ffmpeg fails, with what it said
 */
export function ensureClip(spec: ClipSpec, cacheFolder: string): Promise<string> {
  const hash = createHash('sha256')
    .update(JSON.stringify([VERSION, spec]))
    .digest('hex')
    .slice(0, 16);
  const path = join(cacheFolder, `${spec.scene}-${spec.width}x${spec.height}-${hash}.${spec.codec}`);
  const known = making.get(path);
  if (known) return known;
  const made = exists(path).then((there) => (there ? path : makeClip(spec, path, cacheFolder)));
  making.set(path, made);
  return made.finally(() => making.delete(path));
}

async function makeClip(spec: ClipSpec, path: string, cacheFolder: string): Promise<string> {
  await mkdir(cacheFolder, { recursive: true });
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await encode(spec, draft);
    const notes: ClipNotes = { codec: spec.codec, fps: spec.fps };
    await writeFile(notesPath(path), JSON.stringify(notes));
    await rename(draft, path);
    return path;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function encode(spec: ClipSpec, path: string): Promise<void> {
  const { codec, width, height, fps, gopFrames, frames, bitrateBps, scene } = spec;
  const kilobits = `${Math.round(bitrateBps / 1000)}k`;
  // Constant rate with filler where the picture needs less: a load bench must get the load it asks for.
  const h264 = `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0:bframes=0:nal-hrd=cbr:aud=1`;
  const h265 = `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0:bframes=0:log-level=error`;
  const encoder =
    codec === 'h264'
      ? ['-c:v', 'libx264', '-preset', 'superfast', '-profile:v', 'high', '-x264-params', h264]
      : ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', h265];
  const noise = scene === 'night' ? 'noise=alls=14:allf=t' : 'noise=alls=6:allf=t';
  const child = spawn(
    bundledFfmpeg,
    [
      ...['-v', 'error', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`, '-r', `${fps}`],
      ...['-i', 'pipe:0', '-vf', noise, '-pix_fmt', 'yuv420p', ...encoder],
      ...['-b:v', kilobits, '-minrate', kilobits, '-maxrate', kilobits, '-bufsize', kilobits],
      ...['-f', codec === 'h264' ? 'h264' : 'hevc', '-y', path],
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    if (said.length < MAX_ERROR_TEXT) said += text.toString();
  });
  // An encoder that ends early is told by its exit.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close') as Promise<[number | null]>;
  const paint = paintScene(scene, width, height, frames);
  for (let frame = 0; frame < frames && child.exitCode === null; frame++) {
    // The picture is painted over, and the pipe may still hold the one before.
    const bytes = Buffer.from(paint(frame).bytes);
    if (!child.stdin.write(bytes)) await Promise.race([once(child.stdin, 'drain'), ended]);
  }
  child.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`ffmpeg could not make ${path}: ${said.trim() || `exit ${code}`}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
