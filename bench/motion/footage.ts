import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';

/** Grey pictures of one size, one after the other: a sequence of labelled footage, or a clip without labels. */
export interface Footage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly frames: readonly Uint8Array[];
  /** What is known of each frame, in CDnet's values (see `PixelLabel`); `undefined` where nothing is. */
  readonly truth: readonly (Uint8Array | undefined)[];
}

/** CDnet's labels. Everything else than these does not occur. */
export const PixelLabel = { still: 0, shadow: 50, outside: 85, unknown: 170, moving: 255 } as const;

/** The width that every picture is scaled to; narrower ones keep their own, rounded down to a multiple of 16. */
const WIDTH = 320;
/** CDnet does not say how fast its pictures were taken: 25 a second is usual. */
const CDNET_FRAMES_PER_SECOND = 25;
const MAX_BYTES = 2 ** 31;

/** The folders below `root` that hold labelled pictures as CDnet lays them out, except the shortest excerpts. */
export async function findSequences(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => entry.isDirectory() && entry.name === 'groundtruth')
    .map((entry) => entry.parentPath);
  const found: string[] = [];
  for (const folder of folders.toSorted()) {
    if ((await numbersIn(join(folder, 'input'))).length >= 400) found.push(folder);
  }
  return found;
}

/** Reads a folder of labelled pictures; the region of interest and the scored range of frames are in its truth. */
export async function readSequence(folder: string): Promise<Footage> {
  const input = await numbersIn(join(folder, 'input'));
  const labelled = await numbersIn(join(folder, 'groundtruth'));
  const [first, last] = [input[0]?.number ?? 0, input.at(-1)?.number ?? 0];
  if (input.length === 0 || last - first + 1 !== input.length)
    throw new Error(
      `${folder} has gaps: its pictures are numbered ${first} to ${last}, and there are ${input.length}.`,
    );
  const size = scaled(await sizeOf(join(folder, 'input', input[0]?.file ?? '')));
  const pictures = await readPictures(numbered(join(folder, 'input'), input), size, 'area');
  const labels = await readPictures(numbered(join(folder, 'groundtruth'), labelled), size, 'neighbor');
  const region = (await readPictures(['-i', join(folder, 'ROI.bmp')], size, 'neighbor').catch(() => []))[0];
  const [from, to] = (await readFile(join(folder, 'temporalROI.txt'), 'utf8').catch(() => `1 ${last}`))
    .trim()
    .split(/\s+/)
    .map(Number) as [number, number];
  const truth = new Array<Uint8Array | undefined>(input.length).fill(undefined);
  for (const [index, label] of labels.entries()) {
    const { number } = labelled[index] as Numbered;
    if (number < from || number > to) continue;
    truth[number - first] = region
      ? label.map((value, at) => ((region[at] as number) > 127 ? value : PixelLabel.outside))
      : label;
  }
  const name = [basename(dirname(folder)), basename(folder)].join('/');
  return { name, ...size, framesPerSecond: CDNET_FRAMES_PER_SECOND, frames: pictures, truth };
}

/** Reads a film without labels. */
export async function readClip(path: string, framesPerSecond: number): Promise<Footage> {
  const size = scaled(await sizeOf(path));
  const frames = await readPictures(['-i', path], size, 'area', ['-r', String(framesPerSecond)]);
  return { name: basename(path), ...size, framesPerSecond, frames, truth: frames.map(() => undefined) };
}

/** Runs ffmpeg with something on its standard input, and returns what it wrote. */
export async function runFfmpeg(args: readonly string[], input?: readonly Uint8Array[]): Promise<Buffer> {
  const child = spawn(bundledFfmpeg, ['-v', 'error', '-nostdin', '-threads', '1', ...args], {
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  const [chunks, problems]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => problems.push(chunk));
  const closed = once(child, 'close');
  if (input && child.stdin) {
    child.stdin.on('error', () => {});
    for (const part of input)
      if (!child.stdin.write(part)) await Promise.race([once(child.stdin, 'drain'), closed]);
    child.stdin.end();
  }
  const [code] = (await closed) as [number | null];
  if (code !== 0) throw new Error(`ffmpeg failed: ${Buffer.concat(problems).toString().slice(0, 500)}`);
  return Buffer.concat(chunks);
}

/** Cuts raw grey bytes into pictures. */
export function cutFrames(bytes: Uint8Array, pixels: number): Uint8Array[] {
  return Array.from({ length: Math.floor(bytes.length / pixels) }, (_, index) =>
    bytes.subarray(index * pixels, (index + 1) * pixels),
  );
}

interface Numbered {
  readonly file: string;
  readonly number: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

async function numbersIn(folder: string): Promise<Numbered[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .map((file) => ({ file, number: Number(/(\d+)\.(?:jpg|png)$/.exec(file)?.[1] ?? Number.NaN) }))
    .filter(({ number }) => Number.isInteger(number))
    .toSorted((a, b) => a.number - b.number);
}

/** ffmpeg's way of naming files by number. */
function numbered(folder: string, files: readonly Numbered[]): string[] {
  const first = files[0] as Numbered;
  const pattern = first.file.replace(/\d+(?=\.\w+$)/, (digits) => `%0${digits.length}d`);
  return ['-start_number', String(first.number), '-i', join(folder, pattern)];
}

async function sizeOf(path: string): Promise<Size> {
  const header = await runFfmpeg(['-i', path, '-frames:v', '1', '-f', 'image2pipe', '-c:v', 'pgm', '-']);
  const [, width, height] = /^P5\s+(\d+)\s+(\d+)/.exec(header.toString('latin1', 0, 32)) ?? [];
  return { width: Number(width), height: Number(height) };
}

function scaled({ width, height }: Size): Size {
  const target = Math.min(WIDTH, width - (width % 16));
  return { width: target, height: Math.round((height * target) / width / 2) * 2 };
}

async function readPictures(
  source: readonly string[],
  { width, height }: Size,
  scaler: 'area' | 'neighbor',
  output: readonly string[] = ['-vsync', '0'],
): Promise<Uint8Array[]> {
  const filter = `scale=${width}:${height}:flags=${scaler},format=gray`;
  const bytes = await runFfmpeg([...source, '-vf', filter, ...output, '-f', 'rawvideo', '-']);
  if (bytes.length > MAX_BYTES) throw new Error(`${source.at(-1)} is too long to be held in memory.`);
  return cutFrames(bytes, width * height);
}
