import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { VideoConfig } from '../../media/video-config.ts';
import { GREY_HEIGHT, GREY_WIDTH, GreyOutput } from './grey-output.ts';
import { matroskaHead } from './matroska.ts';

const MAX_COMPLAINT = 1_000;
/** Recording, and everything else that a person waits for, comes first. */
const NICE = 10;

export interface DecoderProcessOptions {
  readonly ffmpegPath: string;
  readonly config: Pick<VideoConfig, 'codec' | 'width' | 'height' | 'decoderConfig'>;
  /** Options of ffmpeg before its input, and filters before pictures are made small. */
  readonly input: readonly string[];
  readonly filter: string;
  readonly onGrey: (number: number, pixels: Buffer) => void;
  /** Called once, however it ends. */
  readonly onEnd: (reason: string) => void;
}

/** An ffmpeg that takes numbered pictures in Matroska and gives them back grey, each with its number. */
export class DecoderProcess {
  /** Why it is of no use any more; `undefined` while it lives. */
  ended: string | undefined;

  readonly #child: ChildProcess | undefined;
  readonly #onEnd: (reason: string) => void;
  #complaint = '';

  constructor({ ffmpegPath, config, input, filter, onGrey, onEnd }: DecoderProcessOptions) {
    this.#onEnd = onEnd;
    const child = start(ffmpegPath, decode(input, filter));
    if (typeof child === 'string') {
      this.#child = undefined;
      // As every other end, it comes when the caller knows what ended.
      setImmediate(() => this.#end(child));
      return;
    }
    this.#child = child;
    child.on('error', (error) => this.#end(`the decoder does not start: ${error.message}`));
    child.on('close', (code, signal) =>
      this.#end(firstLine(this.#complaint) ?? `the decoder ended (${signal ?? code})`),
    );
    // Without a free file descriptor it has no pipes, and ends with an error.
    const [stdin, stdout, stderr, numbers] = (child.stdio ?? []) as readonly unknown[] as Partial<Pipes>;
    if (!stdin || !stdout || !stderr || !numbers) return;
    // Whatever breaks a pipe also ends the process, and that is what counts.
    for (const stream of [stdin, stdout, stderr, numbers]) stream.on('error', () => undefined);
    new GreyOutput(stdout, numbers, onGrey);
    stderr.on('data', (chunk: Buffer) => {
      this.#complaint = `${this.#complaint}${chunk.toString('utf8')}`.slice(-MAX_COMPLAINT);
    });
    stdin.write(matroskaHead(config));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Bytes that it has not taken yet. */
  get backlog(): number {
    return this.#child?.stdin?.writableLength ?? 0;
  }

  write(parts: readonly Buffer[]): void {
    const stdin = this.#child?.stdin;
    if (!stdin) return;
    stdin.cork();
    for (const part of parts) stdin.write(part);
    stdin.uncork();
  }

  /** Ends it at once. */
  kill(reason: string): void {
    this.#end(reason);
    // It heeds no other signal while it waits for a picture.
    this.#child?.kill('SIGKILL');
  }

  #end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    this.#onEnd(reason);
  }
}

type Pipes = readonly [stdin: Writable, stdout: Readable, stderr: Readable, numbers: Readable];

/** @returns what is wrong when it cannot even be tried */
function start(ffmpegPath: string, args: readonly string[]): ChildProcess | string {
  let child: ChildProcess;
  try {
    child = spawn(ffmpegPath, args, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
  } catch (error) {
    return `the decoder does not start: ${(error as Error).message}`;
  }
  try {
    if (child.pid !== undefined) setPriority(child.pid, NICE);
  } catch {
    // It has ended already, which is told by its end.
  }
  return child;
}

/**
 * Measured, each of them: without `-probesize` and `-analyzeduration` nothing comes out for fifteen pictures, and with
 * `nobuffer` the first one is lost.
 */
const decode = (input: readonly string[], filter: string): readonly string[] => [
  ...['-v', 'error', '-nostdin', '-threads', '1', '-flags', 'low_delay', '-probesize', '32'],
  ...['-analyzeduration', '0', ...input, '-f', 'matroska', '-i', 'pipe:0', '-an', '-copyts'],
  '-filter_complex',
  `[0:v]settb=1/1000,${filter}scale=${GREY_WIDTH}:${GREY_HEIGHT}:flags=fast_bilinear,format=gray,split[a][b]`,
  ...['-map', '[a]', ...OUTPUT, 'rawvideo', '-flush_packets', '1', 'pipe:1'],
  ...['-map', '[b]', ...OUTPUT, 'framecrc', '-flush_packets', '1', 'pipe:3'],
];

const OUTPUT: readonly string[] = ['-vsync', '0', '-enc_time_base', '-1', '-f'];

const firstLine = (text: string): string | undefined => text.trim().split('\n', 1)[0] || undefined;
