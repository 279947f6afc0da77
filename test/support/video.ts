import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import type { VideoConfig } from '../../src/media/video-config.ts';

const run = promisify(execFile);

/** Real H.264 or H.265 in decoding order, every picture of which shows its own number. */
export interface EncodedVideo {
  readonly config: VideoConfig;
  readonly frames: readonly EncodedFrame[];
  readonly ticksPerFrame: number;
}

export interface EncodedFrame {
  /** Length-prefixed NAL units. */
  readonly data: Uint8Array;
  readonly key: boolean;
  /** Presentation time, ticks from the first picture. */
  readonly ticks: number;
}

/** Bits of the picture number, as light and dark stripes from left to right, lowest bit first. */
const STRIPES = 10;
/** After so many pictures the numbers begin again. */
export const NUMBERS = 2 ** STRIPES;

/** The ffmpeg filter that draws them; `number` is an expression of its language. */
export const stripesFilter = (number: string): string =>
  `geq=lum='if(bitand(${number},pow(2,floor(X*${STRIPES}/W))),210,40)':cb=128:cr=128`;

export async function encodeVideo(options: {
  readonly frames: number;
  readonly gop: number;
  readonly width?: number;
  readonly height?: number;
  readonly bFrames?: number;
  readonly openGop?: boolean;
  readonly slices?: number;
  /** Instead of key frames, intra blocks that wander over the pictures: only the first one is a key frame. */
  readonly intraRefresh?: boolean;
  readonly codec?: 'h264' | 'h265';
  readonly framesPerSecond?: number;
  /** Number shown by the first picture. */
  readonly firstNumber?: number;
  /** Instead of stripes: noise at this rate. */
  readonly bitrate?: string;
  /** More parameters of the encoder, as in `cabac=0:weightp=2`. */
  readonly encoder?: string;
  /** Gets the file as ffmpeg made it, before it is gone. */
  readonly inspect?: (path: string) => Promise<void>;
}): Promise<EncodedVideo> {
  const {
    frames,
    gop,
    width = 160,
    height = 96,
    bFrames = 0,
    framesPerSecond = 25,
    firstNumber = 0,
  } = options;
  const folder = await mkdtemp(join(tmpdir(), 'vigie-video-'));
  try {
    const path = join(folder, 'video.mp4');
    const source = `color=black:s=${width}x${height}:r=${framesPerSecond}`;
    const stripes = stripesFilter(`(N+${firstNumber})`);
    const filter = options.bitrate === undefined ? stripes : 'geq=random(1)*255:128:128,boxblur=4:1';
    // With several slices and threads, this x265 waits for itself for ever about once in a hundred runs.
    const more =
      options.codec === 'h265'
        ? ':frame-threads=1:pools=none'
        : `:slices=${options.slices ?? 1}:intra-refresh=${options.intraRefresh ? 1 : 0}`;
    const rate =
      options.bitrate === undefined ? ['-crf', '12'] : ['-b:v', options.bitrate, '-preset', 'ultrafast'];
    await run(
      bundledFfmpeg,
      [
        ...['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', source, '-frames:v', `${frames}`, '-vf', filter],
        ...(options.codec === 'h265'
          ? ['-c:v', 'libx265', '-tag:v', 'hvc1', ...rate, '-x265-params']
          : ['-c:v', 'libx264', ...rate, '-x264-params']),
        `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=${bFrames}:open-gop=${options.openGop ? 1 : 0}:b-adapt=0${more}${options.encoder === undefined ? '' : `:${options.encoder}`}`,
        ...['-pix_fmt', 'yuv420p', '-threads', '1', path],
      ],
      { timeout: 60_000 },
    );
    await options.inspect?.(path);
    return await readVideo(await readFile(path), 90_000 / framesPerSecond, options.codec ?? 'h264');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Encodes grey pictures of one size. */
export async function encodeGrey(
  pictures: readonly Uint8Array[],
  options: {
    readonly width: number;
    readonly height: number;
    readonly gop: number;
    readonly framesPerSecond: number;
    readonly bFrames?: number;
  },
): Promise<EncodedVideo> {
  const { width, height, gop, framesPerSecond, bFrames = 0 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'vigie-video-'));
  try {
    const [raw, path] = [join(folder, 'pictures.grey'), join(folder, 'video.mp4')];
    await writeFile(raw, Buffer.concat(pictures));
    await run(
      bundledFfmpeg,
      [
        ...['-v', 'error', '-nostdin', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${width}x${height}`],
        ...['-r', `${framesPerSecond}`, '-i', raw, '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20'],
        ...['-x264-params', `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=${bFrames}:b-adapt=0`],
        ...['-pix_fmt', 'yuv420p', '-threads', '1', path],
      ],
      { timeout: 60_000 },
    );
    return await readVideo(await readFile(path), 90_000 / framesPerSecond, 'h264');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readVideo(
  file: Uint8Array,
  ticksPerFrame: number,
  codec: 'h264' | 'h265',
): Promise<EncodedVideo> {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(file) });
  const track = await input.getPrimaryVideoTrack();
  const decoder = await track?.getDecoderConfig();
  if (!track || !decoder?.description) throw new Error('The encoder made no video.');
  const { description } = decoder;
  const frames: EncodedFrame[] = [];
  for await (const packet of new EncodedPacketSink(track).packets()) {
    const ticks = Math.round(packet.timestamp * 90_000);
    frames.push({ data: packet.data, key: packet.type === 'key', ticks });
  }
  const earliest = frames.reduce((least, frame) => Math.min(least, frame.ticks), Number.POSITIVE_INFINITY);
  return {
    config: {
      codec,
      codecs: decoder.codec,
      width: decoder.codedWidth ?? 0,
      height: decoder.codedHeight ?? 0,
      pixelAspect: { width: 1, height: 1 },
      declaredFrameRate: 90_000 / ticksPerFrame,
      decoderConfig:
        description instanceof ArrayBuffer
          ? new Uint8Array(description)
          : new Uint8Array(
              description.buffer as ArrayBuffer,
              'byteOffset' in description ? description.byteOffset : 0,
              description.byteLength,
            ),
    },
    frames: frames.map((frame) => ({ ...frame, ticks: frame.ticks - earliest })),
    ticksPerFrame,
  };
}

/** Reads the number that a picture of `encodeVideo` shows, from its grey pixels. */
export function pictureNumber(grey: Uint8Array, width: number, height: number): number {
  let number = 0;
  const row = Math.floor(height / 2) * width;
  for (let bit = 0; bit < STRIPES; bit++) {
    const column = Math.floor(((bit + 0.5) * width) / STRIPES);
    if ((grey[row + column] ?? 0) > 125) number += 2 ** bit;
  }
  return number;
}

/** Decodes a file or URL with ffmpeg, stopping at the first error, and returns the number each picture shows. */
export async function decodeNumbers(
  input: string,
  options: { readonly ffmpeg?: string; readonly width?: number; readonly height?: number } = {},
): Promise<number[]> {
  const { ffmpeg = bundledFfmpeg, width = 160, height = 96 } = options;
  const { stdout } = await run(
    ffmpeg,
    [
      ...[
        '-v',
        'error',
        '-xerror',
        '-nostdin',
        '-i',
        input,
        '-an',
        '-vsync',
        '0',
        '-vf',
        `scale=${width}:${height}`,
      ],
      ...['-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024, timeout: 60_000 },
  );
  const numbers: number[] = [];
  for (let at = 0; at + width * height <= stdout.length; at += width * height) {
    numbers.push(pictureNumber(stdout.subarray(at, at + width * height), width, height));
  }
  return numbers;
}
