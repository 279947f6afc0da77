import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import type { Canvas } from './canvas.ts';

const MAX_COMPLAINT = 2_000;

/** One ffmpeg that makes a file of pictures. What goes wrong is told at its end, once. */
export class FilmWriter {
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | undefined>;
  readonly #path: string;
  #complaint = '';

  private constructor(ffmpegPath: string, path: string, args: readonly string[]) {
    this.#path = path;
    this.#child = spawn(ffmpegPath, [...args, '-y', `file:${this.#part}`], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaint = `${this.#complaint}${chunk.toString('utf8')}`.slice(0, MAX_COMPLAINT);
    });
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#complaint = `ffmpeg does not start: ${error.message}`;
        resolve(undefined);
      });
      this.#child.on('close', (code) => resolve(code ?? undefined));
    });
  }

  /** An MP4 that every player takes. */
  static film(ffmpegPath: string, path: string, size: Canvas, picturesPerSecond: number): FilmWriter {
    return new FilmWriter(ffmpegPath, path, [
      ...rawInput(size, picturesPerSecond),
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p', '-threads', '1'],
      ...['-movflags', '+faststart', '-f', 'mp4'],
    ]);
  }

  static jpeg(ffmpegPath: string, path: string, size: Canvas): FilmWriter {
    const encoder = ['-c:v', 'mjpeg', '-q:v', '3', '-frames:v', '1', '-f', 'mjpeg'];
    return new FilmWriter(ffmpegPath, path, [...rawInput(size, 1), ...encoder]);
  }

  /** Resolves when there is room for another one. */
  async add(bytes: Buffer): Promise<void> {
    const stdin = this.#child.stdin;
    // A copy: the canvas is drawn on again before the pipe has taken it.
    if (!stdin || stdin.destroyed || stdin.write(Buffer.from(bytes))) return;
    await Promise.race([once(stdin, 'drain').catch(() => undefined), this.#closed]);
  }

  /** Puts the file where it belongs; resolves to what went wrong, and then there is none. */
  async finish(): Promise<string | undefined> {
    this.#child.stdin?.end();
    const code = await this.#closed;
    if (code === 0) {
      const failed = await rename(this.#part, this.#path).catch((error: Error) => error);
      return failed instanceof Error ? `${this.#path} cannot be written: ${failed.message}` : undefined;
    }
    await rm(this.#part, { force: true }).catch(() => undefined);
    const [line = ''] = this.#complaint.trim().split('\n', 1);
    return `${this.#path} cannot be written: ${line || `ffmpeg ended (${code ?? 'by a signal'})`}`;
  }

  /** Under another name until it is whole. */
  get #part(): string {
    return `${this.#path}.part`;
  }
}

const rawInput = ({ width, height }: Canvas, picturesPerSecond: number): string[] => [
  ...['-v', 'error', '-f', 'rawvideo', '-pix_fmt', 'yuvj420p', '-s', `${width}x${height}`],
  ...['-r', String(picturesPerSecond), '-i', 'pipe:0'],
];
