import { type ChildProcess, spawn } from 'node:child_process';
import { failure, type FfmpegFailure } from './failure.ts';
import { ffmpegArguments, type FfmpegMode } from './ffmpeg-arguments.ts';
import { type FfmpegInput, placeOf } from './ffmpeg-input.ts';
import { FfmpegLog } from './ffmpeg-log.ts';
import { type NutHandler, NutReader } from './nut-reader.ts';
import { guardChild } from './orphan-guard.ts';

/** Between SIGTERM and SIGKILL. */
const STOP_MILLIS = 2_000;
/** What ffmpeg says of its input is written before its first output, and may still be read after it. */
const DESCRIBED_MILLIS = 1_000;
/** Nothing of the server's own secrets gets into a child's environment. */
const ENVIRONMENT = ['PATH', 'HOME', 'LD_LIBRARY_PATH', 'http_proxy', 'https_proxy', 'no_proxy'] as const;

export interface FfmpegProcessOptions {
  readonly ffmpegPath: string;
  readonly input: FfmpegInput;
  readonly mode: FfmpegMode;
  readonly handler: NutHandler;
  /** Called once a read, before anything of it is handed on. */
  readonly onBytes: (bytes: number) => void;
  /** It is over, and not by `stop`: called once. */
  readonly onEnd: (failure: FfmpegFailure) => void;
}

/**
 * One run of ffmpeg, whose output is read as it comes: it never has to wait for us, and what is not whole yet is
 * bounded by the reader. Throws nothing.
 */
export class FfmpegProcess {
  readonly log: FfmpegLog;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;

  readonly #options: FfmpegProcessOptions;
  readonly #child: ChildProcess;
  readonly #reader: NutReader;
  /** First output, which waits for what ffmpeg says of its input. */
  #held: Buffer | undefined;
  #over = false;

  constructor(options: FfmpegProcessOptions) {
    this.#options = options;
    this.log = new FfmpegLog(options.input);
    this.#reader = new NutReader(options.handler);
    const child = spawn(options.ffmpegPath, ffmpegArguments(options.input, options.mode), {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C in a terminal is for the server, which ends its children in order.
      detached: true,
      env: environment(),
    });
    this.#child = child;
    this.gone = new Promise((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.#fail(failure('offline', `ffmpeg cannot be started (${error.code ?? 'unknown'})`));
        if (child.pid === undefined) resolve();
      });
      child.once('exit', () => resolve());
    });
    if (child.pid !== undefined) void this.gone.then(guardChild(child.pid));
    child.stdout?.once('data', (bytes: Buffer) => this.#readFirst(bytes));
    child.stderr?.on('data', (bytes: Buffer) => {
      this.log.write(bytes.toString('utf8'));
      if (this.log.described) this.#release();
    });
    // Not `exit`: what it wrote last may still be on its way.
    child.once('close', (status, signal) => this.#fail(this.log.failure(status, signal)));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends it; nothing more is handed on. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#end();
  }

  #end(): void {
    this.#reader.stop();
    const child = this.#child;
    child.stdout?.destroy();
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MILLIS);
    void this.gone.then(() => clearTimeout(timer));
  }

  #readFirst(bytes: Buffer): void {
    this.#held = bytes;
    if (this.log.described) {
      this.#release();
      return;
    }
    this.#child.stdout?.pause();
    setTimeout(() => this.#release(), DESCRIBED_MILLIS).unref();
  }

  #release(): void {
    const first = this.#held;
    if (!first) return;
    this.#held = undefined;
    this.#read(first);
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#child.stdout?.resume();
  }

  #read(bytes: Buffer): void {
    if (this.#over) return;
    let problem: string | undefined;
    try {
      this.#options.onBytes(bytes.length);
      problem = this.#reader.read(bytes);
    } catch (error) {
      // Our own defect, and still no reason to take the other cameras down with this one.
      const place = /[\w-]+\.ts:\d+/.exec((error as Error).stack ?? '')?.[0] ?? 'unknown';
      problem = `it met a defect of ours (${String(error)}, ${place})`;
    }
    if (problem === undefined) return;
    const where = placeOf(this.#options.input.location);
    this.#fail(failure('protocol', `what ffmpeg makes of ${where} cannot be read: ${problem}`));
  }

  #fail(problem: FfmpegFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.#end();
    this.#options.onEnd(problem);
  }
}

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    ENVIRONMENT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
