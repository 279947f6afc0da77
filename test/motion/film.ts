import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { HEIGHT, numbers, render, square, WIDTH } from './scene.ts';

export const FILM = { framesPerSecond: 5, seconds: 40, from: 20, to: 26 } as const;
/** The square, pixels of a picture of 320 by 180: it goes up and down in this column. */
export const SQUARE = { left: 60, side: 30, top: 40, bottom: 130 } as const;

const runFfmpeg = async (args: readonly string[], input: readonly Uint8Array[] = []): Promise<Buffer> => {
  const child = spawn(bundledFfmpeg, ['-v', 'error', '-y', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const [chunks, problems]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => problems.push(chunk));
  child.stdin.on('error', () => undefined);
  const closed = once(child, 'close');
  for (const frame of input)
    if (!child.stdin.write(frame)) await Promise.race([once(child.stdin, 'drain'), closed]);
  child.stdin.end();
  const [code] = (await closed) as [number];
  if (code !== 0) throw new Error(Buffer.concat(problems).toString());
  return Buffer.concat(chunks);
};

/** Forty seconds of the yard, through a real encoder; from the twentieth to the 26th a square moves in its left half. */
export async function makeFilm(path: string, more: readonly string[] = []): Promise<void> {
  const random = numbers(31);
  const { framesPerSecond, seconds, from, to } = FILM;
  const frames = Array.from({ length: seconds * framesPerSecond }, (_, index) => {
    const at = index / framesPerSecond;
    const span = SQUARE.bottom - SQUARE.side - SQUARE.top;
    const top = SQUARE.top + Math.round(((((at - from) * 20) % span) + span) % span);
    const draw = at >= from && at < to ? square(SQUARE.left, top, SQUARE.side, 235) : undefined;
    return render({}, random, draw);
  });
  const input = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'gray',
    '-s',
    `${WIDTH}x${HEIGHT}`,
    '-r',
    String(framesPerSecond),
  ];
  const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p', '-g', '10'];
  await runFfmpeg([...input, '-i', '-', ...encoder, ...more, path], frames);
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel. */
  readonly rgb: Buffer;
}

/** A picture of a film, or of a file of one. */
export async function pictureAt(path: string, seconds: number): Promise<Picture> {
  const seek = seconds === 0 ? [] : ['-ss', String(seconds)];
  const ppm = await runFfmpeg([
    ...seek,
    '-i',
    path,
    '-frames:v',
    '1',
    '-f',
    'image2pipe',
    '-c:v',
    'ppm',
    '-',
  ]);
  const [head, width, height] = /^P6\s(\d+)\s(\d+)\s255\s/.exec(ppm.toString('latin1', 0, 40)) ?? [];
  return { width: Number(width), height: Number(height), rgb: ppm.subarray(head?.length ?? 0) };
}

export type ColourName = 'red' | 'green' | 'blue' | 'yellow' | 'other';

export function colourAt({ width, rgb }: Picture, x: number, y: number): ColourName {
  const at = (Math.round(y) * width + Math.round(x)) * 3;
  const [red = 0, green = 0, blue = 0] = rgb.subarray(at, at + 3);
  if (red > 150 && green < 100 && blue < 100) return 'red';
  if (red > 150 && green > 150 && blue < 110) return 'yellow';
  if (green > 150 && red < 110 && blue < 110) return 'green';
  return blue > 150 && red < 110 && green < 130 ? 'blue' : 'other';
}
