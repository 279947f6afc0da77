import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAvcC } from '../../src/media/h264/decoder-config.ts';
import { createH264QuantiserReader } from '../../src/media/h264/slice-quantiser.ts';
import { groupAccessUnits } from '../../src/simulator/access-unit.ts';
import { splitNals } from '../../src/simulator/annexb.ts';
import { nalRole, nalType } from '../../src/simulator/nal-unit.ts';
import { cutFrames, type Footage, runFfmpeg } from './footage.ts';

/** How an encoder is told to spend bits: to keep the quality, or to keep the rate. */
export const RATE_CONTROLS = {
  'constant quality': ['-crf', '26'],
  'constant rate': ['-b:v', '400k', '-maxrate', '400k', '-bufsize', '400k'],
} as const;
export type RateControl = keyof typeof RATE_CONTROLS;

/** A picture of a stream, as what receives it sees it. */
export interface CodedPicture {
  readonly key: boolean;
  /** With the lengths in front of its NAL units, as it stands in a recording. */
  readonly bytes: number;
  readonly qp: number | undefined;
}

export interface CodedFootage {
  readonly pictures: readonly CodedPicture[];
  /** The key frames, decoded. */
  readonly keyFrames: readonly Uint8Array[];
}

/** Key frames stand so far apart. */
export const GROUP_SECONDS = 2;
const SPS = 7;
const PPS = 8;
const LENGTH_BYTES = 4;
const CACHE = join(tmpdir(), 'vigie-bench-motion');
/** Goes up with each change of what is encoded here. */
const CACHE_VERSION = 1;

/** Encodes footage as a camera does, which looks at no picture before its time; or takes what an earlier run left. */
export async function encode(
  { name, width, height, framesPerSecond }: Footage,
  frames: readonly Uint8Array[],
  control: RateControl,
): Promise<CodedFootage> {
  await mkdir(CACHE, { recursive: true });
  const title = `${name}_${control}`.replaceAll(/\W+/g, '_');
  const path = join(CACHE, `gate_${title}-${width}x${height}-${frames.length}-v${CACHE_VERSION}.h264`);
  if (!existsSync(path)) {
    const group = String(GROUP_SECONDS * framesPerSecond);
    const input = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${width}x${height}`];
    await runFfmpeg(
      [
        ...[...input, '-r', String(framesPerSecond), '-i', '-', '-pix_fmt', 'yuv420p', '-c:v', 'libx264'],
        ...['-preset', 'veryfast', '-tune', 'zerolatency', '-g', group, '-keyint_min', group],
        ...['-sc_threshold', '0', ...RATE_CONTROLS[control], '-f', 'h264', '-y', `${path}.part`],
      ],
      frames,
    );
    await rename(`${path}.part`, path);
  }
  const units = groupAccessUnits(splitNals(await readFile(path)), 'h264');
  const sets = (wanted: number): Buffer[] =>
    units[0]?.nals.filter((nal) => nalType(nal, 'h264') === wanted) ?? [];
  const reader = createH264QuantiserReader(buildAvcC(sets(SPS), sets(PPS)));
  const pictures = units.map(({ nals, key }) => {
    const slice = nals.find((nal) => ['slice', 'key-slice'].includes(nalRole(nal, 'h264')));
    const bytes = nals.reduce((sum, nal) => sum + nal.length + LENGTH_BYTES, 0);
    return { key, bytes, qp: slice && reader?.read(slice) };
  });
  const decode = ['-skip_frame', 'nokey', '-f', 'h264', '-i', path, '-vsync', '0'];
  const grey = await runFfmpeg([...decode, '-pix_fmt', 'gray', '-f', 'rawvideo', '-']);
  const keyFrames = cutFrames(grey, width * height);
  const keys = pictures.filter(({ key }) => key).length;
  if (pictures.length !== frames.length || keyFrames.length !== keys)
    throw new Error(
      `${path} has ${pictures.length} pictures and ${keyFrames.length} of ${keys} key frames: delete it.`,
    );
  return { pictures, keyFrames };
}
