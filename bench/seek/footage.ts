import { readFile } from 'node:fs/promises';
import type { FragmentEntry } from '../../src/media/fragment-index.ts';
import { buildInitSegment } from '../../src/media/mp4/init-segment.ts';
import { ParameterSets } from '../../src/media/parameter-sets.ts';
import { groupAccessUnits } from '../../src/simulator/access-unit.ts';
import { splitNals } from '../../src/simulator/annexb.ts';
import { ensureClip } from '../../src/simulator/ensure-clip.ts';
import { nalRole } from '../../src/simulator/nal-unit.ts';
import { wallMicros } from '../../src/time/units.ts';
import { writeSegment } from '../../test/support/recording.ts';

const FRAMES_PER_SECOND = 25;
const TICKS_PER_FRAME = 90_000 / FRAMES_PER_SECOND;
const SECONDS = 60;

/** One minute of a camera as the recorder leaves it: a file, and what the catalog says of it. */
export interface Footage {
  readonly path: string;
  readonly headBytes: number;
  readonly bytes: number;
  readonly sha256: Uint8Array;
  readonly fragments: readonly FragmentEntry[];
  readonly init: {
    readonly bytes: Uint8Array;
    readonly codecs: string;
    readonly width: number;
    readonly height: number;
  };
}

/** Real H.264 of the simulator's busy street, over and over, at media time 0. */
export async function makeFootage(
  path: string,
  clipFolder: string,
  video: { readonly width: number; readonly height: number; readonly bitrateBps: number },
): Promise<Footage> {
  const spec = {
    codec: 'h264',
    fps: FRAMES_PER_SECOND,
    gopFrames: 50,
    frames: 200,
    scene: 'busy',
    ...video,
  } as const;
  const units = groupAccessUnits(splitNals(await readFile(await ensureClip(spec, clipFolder))), 'h264');
  const sets = new ParameterSets('h264');
  for (const nal of units[0]?.nals ?? []) if (nalRole(nal, 'h264') === 'parameters') sets.put(nal);
  const config = sets.config();
  if (!config) throw new Error('The clip has no parameter sets.');
  const samples = units.map(({ nals, key }, index) => ({
    ...{ key, ticks: index * TICKS_PER_FRAME },
    data: Buffer.concat(nals.filter((nal) => nalRole(nal, 'h264') !== 'parameters').flatMap(withLength)),
  }));
  const count = SECONDS * FRAMES_PER_SECOND;
  const frames = Array.from({ length: count }, (_, i) => {
    const sample = samples[i % samples.length] as (typeof samples)[number];
    return { ...sample, ticks: i * TICKS_PER_FRAME };
  });
  const init = buildInitSegment(config);
  const written = await writeSegment(path, init, {
    ...{ frames, framesPerFragment: Number.POSITIVE_INFINITY, ticksPerFrame: TICKS_PER_FRAME },
    ...{ mediaStart: 0, wallStart: wallMicros(0) },
  });
  const { codecs, width, height } = config;
  return { ...written, path, init: { bytes: init, codecs, width, height } };
}

function withLength(nal: Buffer): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(nal.length);
  return [length, nal];
}
