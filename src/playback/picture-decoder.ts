import { type ChildProcess, spawn } from 'node:child_process';
import { pump } from './byte-pump.ts';
import type { ClipPlan } from './clip/plan.ts';
import type { SegmentReader } from '../storage/segment-reader.ts';
import { partsIn } from './byte-layout.ts';

export type Picture =
  | { readonly kind: 'jpeg'; readonly jpeg: Uint8Array }
  | { readonly kind: 'failed'; readonly problem: string };

/** A 4K picture of noise at this quality is about 8 MB. */
const MAX_JPEG_BYTES = 16 * 1024 * 1024;
const MAX_COMPLAINT_BYTES = 4_096;

/** Decodes a clip up to its last picture and returns that one. One ffmpeg run, fed on its standard input. */
export async function decodePicture(options: {
  readonly ffmpegPath: string;
  readonly plan: ClipPlan;
  readonly reader: SegmentReader;
  readonly width: number;
  readonly timeoutMillis: number;
}): Promise<Picture> {
  const { plan } = options;
  const child = spawn(options.ffmpegPath, decodeArguments(plan.lastShownTicks, options.width), {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = collect(child, options.timeoutMillis);
  const sent = await pump(
    partsIn(plan.layout, { start: 0, end: plan.layout.size }),
    options.reader,
    child.stdin,
  );
  if (sent.kind === 'unreadable') child.kill('SIGKILL');
  else child.stdin.end();
  const result = await ended;
  if (sent.kind === 'unreadable')
    return { kind: 'failed', problem: `the recording cannot be read: ${sent.problem}` };
  return result;
}

/** `select` keeps the pictures from the wanted one on, and that is the last there is. */
function decodeArguments(lastShownTicks: number, width: number): string[] {
  const scale = width > 0 ? `,scale=${width}:-2:flags=bicubic` : '';
  return [
    ...['-v', 'error', '-nostdin', '-threads', '1', '-copyts', '-f', 'mp4', '-i', 'pipe:0', '-an'],
    ...['-vf', `select=gte(pts\\,${lastShownTicks})${scale}`, '-vsync', '0', '-frames:v', '1'],
    ...['-f', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p', 'pipe:1'],
  ];
}

/** Waits for the picture, for as long as it may take and as large as it may be. */
function collect(child: ChildProcess, timeoutMillis: number): Promise<Picture> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let complaint = '';
    let problem: string | undefined;
    const stop = (why: string): void => {
      problem ??= why;
      // A decoder that waits for input ignores SIGTERM.
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop(`it took longer than ${timeoutMillis / 1000} s`), timeoutMillis);
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_JPEG_BYTES) stop('the picture is too large');
      else chunks.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = `${complaint}${chunk.toString('utf8')}`.slice(0, MAX_COMPLAINT_BYTES);
    });
    // The decoder stops reading once it has its picture: that is no failure.
    child.stdin?.on('error', () => undefined);
    child.on('error', (error) => {
      problem ??= `the decoder does not start (${'code' in error ? String(error.code) : 'unknown'})`;
      clearTimeout(timer);
      child.stdin?.destroy();
      resolve({ kind: 'failed', problem });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      child.stdin?.destroy();
      const jpeg = Buffer.concat(chunks);
      if (problem === undefined && code === 0 && jpeg.length > 0) resolve({ kind: 'jpeg', jpeg });
      else
        resolve({
          kind: 'failed',
          problem: problem ?? firstLine(complaint) ?? `no picture came (exit ${code})`,
        });
    });
  });
}

const firstLine = (text: string): string | undefined => text.split('\n', 1)[0]?.trim() || undefined;
