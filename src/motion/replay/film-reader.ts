import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { GREY_BYTES, GREY_HEIGHT, GREY_WIDTH } from '../decode/grey-output.ts';
import { ExactReader } from './exact-reader.ts';

/** One moment of a film. Both are overwritten by the next. */
export interface FilmPicture {
  /** As the detector is given it. */
  readonly grey: Uint8Array;
  /** For people: planar 4:2:0 in full range, `width * height` bytes of luma and a quarter of that twice. */
  readonly planes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export type FilmReading =
  | { readonly kind: 'read'; readonly pictures: number; readonly complaint: string | undefined }
  | { readonly kind: 'failed'; readonly problem: string };

/** Pictures for people are so wide; the height follows, within bounds. */
export const SHOWN_WIDTH = 640;
const LEAST_HEIGHT = 64;
const MOST_HEIGHT = 960;
/** Nothing comes for so long: whatever it is, it will not come. Sixty seconds of 4K take about twenty. */
const STUCK_MILLIS = 300_000;
const MAX_COMPLAINT = 2_000;
const MAX_LINE = 256;
const FRAME_MARK = 'FRAME';
/** Recording comes first. */
const NICE = 10;

/**
 * Shows a film to somebody, one picture each so many microseconds, as it was last seen at that moment. One ffmpeg
 * opens whatever it can; in each of its pictures the one for people stands above the one for the detector, so that the
 * two cannot get apart.
 * @param path of a file: never taken for an option or an address, and nothing that it names is fetched
 */
export async function readFilm(
  options: { readonly ffmpegPath: string; readonly path: string; readonly everyMicros: number },
  show: (picture: FilmPicture) => Promise<void>,
): Promise<FilmReading> {
  const child = spawn(options.ffmpegPath, readArguments(options.path, options.everyMicros), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    if (child.pid !== undefined) setPriority(child.pid, NICE);
  } catch {
    // It has ended already, which is told below.
  }
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString('utf8')}`.slice(0, MAX_COMPLAINT);
  });
  const ended = endOf(child);
  let stuck = false;
  const timer = setTimeout(() => {
    stuck = true;
    child.kill('SIGKILL');
  }, STUCK_MILLIS);
  let pictures = 0;
  try {
    const reader = new ExactReader(child.stdout);
    const size = sizeIn((await reader.line(MAX_LINE)) ?? '');
    const bytes = size && Buffer.allocUnsafeSlow((size.width * size.height * 3) / 2);
    while (bytes && (await reader.line(MAX_LINE)) === FRAME_MARK && (await reader.fill(bytes))) {
      timer.refresh();
      pictures++;
      await show(takeApart(bytes, size.width, size.height));
    }
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
  const problem = await ended;
  const said = firstLine(complaint)?.replace(`file:${options.path}: `, '');
  if (pictures > 0) return { kind: 'read', pictures, complaint: stuck ? 'nothing more came' : said };
  if (problem !== undefined) return { kind: 'failed', problem };
  if (/matches no streams/.test(complaint)) return { kind: 'failed', problem: 'there is no video in it' };
  return { kind: 'failed', problem: said ?? 'no picture came of it' };
}

function readArguments(path: string, everyMicros: number): string[] {
  const height = `max(${LEAST_HEIGHT}\\,min(${MOST_HEIGHT}\\,trunc(${SHOWN_WIDTH / 2}/dar)*2))`;
  const graph = [
    // Up: the picture of a moment is the last one that there was.
    `[0:v:0]fps=fps=1000000/${everyMicros}:round=up,split[a][b]`,
    `[a]scale=${SHOWN_WIDTH}:${height}:flags=bilinear,format=yuvj420p,setsar=1[shown]`,
    `[b]scale=${GREY_WIDTH}:${GREY_HEIGHT}:flags=fast_bilinear,format=gray,format=yuvj420p,setsar=1,pad=${SHOWN_WIDTH}:${GREY_HEIGHT}[grey]`,
    '[shown][grey]vstack',
  ];
  return [
    ...['-v', 'error', '-nostdin', '-threads', '2', '-protocol_whitelist', 'file', '-i', `file:${path}`],
    ...['-an', '-filter_complex', graph.join(';'), '-vsync', '0', '-strict', '-1', '-f', 'yuv4mpegpipe', '-'],
  ];
}

/** `YUV4MPEG2 W640 H540 F1:1 …` */
function sizeIn(line: string): { readonly width: number; readonly height: number } | undefined {
  const [, width, height] = /^YUV4MPEG2 W(\d{1,5}) H(\d{1,5}) /.exec(line) ?? [];
  const size = { width: Number(width), height: Number(height) };
  const isOurs = size.width === SHOWN_WIDTH && size.height >= LEAST_HEIGHT + GREY_HEIGHT;
  return isOurs && size.height <= MOST_HEIGHT + GREY_HEIGHT ? size : undefined;
}

function takeApart(bytes: Buffer, width: number, height: number): FilmPicture {
  const shown = height - GREY_HEIGHT;
  const grey = new Uint8Array(GREY_BYTES);
  for (let row = 0; row < GREY_HEIGHT; row++) {
    const from = (shown + row) * width;
    grey.set(bytes.subarray(from, from + GREY_WIDTH), row * GREY_WIDTH);
  }
  const [luma, chroma] = [width * height, (width * height) / 4];
  const planes = Buffer.concat([
    bytes.subarray(0, width * shown),
    bytes.subarray(luma, luma + (width * shown) / 4),
    bytes.subarray(luma + chroma, luma + chroma + (width * shown) / 4),
  ]);
  return { grey, planes, width, height: shown };
}

/** Resolves to why it did not even start. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(`ffmpeg does not start: ${error.message}`));
    child.on('close', () => resolve(undefined));
  });
}

const firstLine = (text: string): string | undefined => text.trim().split('\n', 1)[0] || undefined;
