import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import type { VideoConfig } from '../../src/media/video-config.ts';

const run = promisify(execFile);

/** Real H.264 in decoding order, every picture of which shows its own number. */
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
  readonly framesPerSecond?: number;
  /** Number shown by the first picture. */
  readonly firstNumber?: number;
  /** Instead of stripes: noise at this rate. */
  readonly bitrate?: string;
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
    const rate =
      options.bitrate === undefined ? ['-crf', '12'] : ['-b:v', options.bitrate, '-preset', 'ultrafast'];
    await run(
      bundledFfmpeg,
      [
        ...['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', source, '-frames:v', `${frames}`, '-vf', filter],
        ...['-c:v', 'libx264', ...rate, '-g', `${gop}`, '-keyint_min', `${gop}`, '-sc_threshold', '0'],
        ...['-bf', `${bFrames}`, '-x264-params', `open-gop=${options.openGop ? 1 : 0}:b-adapt=0`],
        ...['-pix_fmt', 'yuv420p', '-threads', '1', path],
      ],
      { timeout: 60_000 },
    );
    return await readVideo(await readFile(path), 90_000 / framesPerSecond);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readVideo(file: Uint8Array, ticksPerFrame: number): Promise<EncodedVideo> {
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
      codec: 'h264',
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
