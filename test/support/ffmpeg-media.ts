import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { stripesFilter } from './video.ts';

const run = promisify(execFile);

/** Both of them where the system has one: what they write to a pipe must be read alike. */
export const SYSTEM_FFMPEG = 'ffmpeg';

export interface NumberedFile {
  readonly path: string;
  readonly frames: number;
  readonly framesPerSecond: number;
}

/** A file whose pictures show their number, with sound beside it. */
export async function numberedFile(
  folder: string,
  name: string,
  options: {
    readonly frames: number;
    readonly codec: 'libx264' | 'libx265' | 'mjpeg' | 'mpeg4';
    readonly bFrames?: number;
    readonly framesPerSecond?: number;
    readonly gop?: number;
    /** Encoder of the sound and its options; none: there is no sound. */
    readonly audio?: readonly string[];
    /** Of the output. */
    readonly options?: readonly string[];
  },
): Promise<NumberedFile> {
  const { frames, codec, bFrames = 0, framesPerSecond = 25, gop = framesPerSecond, audio } = options;
  const path = join(folder, name);
  const seconds = frames / framesPerSecond;
  const params = `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=${bFrames}`;
  const video = {
    libx264: ['-preset', 'veryfast', '-crf', '12', '-x264-params', `${params}:b-adapt=0`],
    libx265: ['-preset', 'ultrafast', '-crf', '12', '-x265-params', `${params}:log-level=none`],
    mpeg4: ['-q:v', '5'],
    mjpeg: ['-q:v', '2', '-pix_fmt', 'yuvj420p'],
  }[codec];
  await run(
    bundledFfmpeg,
    [
      ...['-v', 'error', '-nostdin', '-y'],
      ...['-f', 'lavfi', '-i', `color=black:s=160x96:r=${framesPerSecond}`],
      ...(audio ? ['-f', 'lavfi', '-i', 'sine=r=48000'] : []),
      ...['-t', `${seconds}`, '-vf', stripesFilter('N'), '-pix_fmt', 'yuv420p', '-c:v', codec, ...video],
      ...(audio ? ['-c:a', ...audio] : []),
      ...(options.options ?? []),
      path,
    ],
    { timeout: 60_000 },
  );
  return { path, frames, framesPerSecond };
}
