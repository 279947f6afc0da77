import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bundledFfmpeg } from '../media/ffmpeg-path.ts';

/** A second of AAC that a simulated camera sends over and over. */
export interface SoundClip {
  readonly sampleRate: number;
  /** AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1). */
  readonly config: Buffer;
  /** Raw AAC frames of 1,024 samples each. */
  readonly frames: readonly Buffer[];
}

export const SAMPLES_PER_FRAME = 1_024;
const SAMPLE_RATE = 16_000;
const SAMPLE_RATE_INDEX = 8;
const AAC_LC = 2;
const MAX_BYTES = 1024 * 1024;
const ADTS_HEAD_BYTES = 7;

/**
 * Has the bundled ffmpeg make a tone: it takes a fraction of a second, so it is not kept.
 * @throws Error when ffmpeg fails
 */
export async function makeSoundClip(): Promise<SoundClip> {
  const child = spawn(
    bundledFfmpeg,
    [
      ...['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${SAMPLE_RATE}`],
      ...['-t', '1', '-ac', '1', '-c:a', 'aac', '-b:a', '32k', '-f', 'adts', 'pipe:1'],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const parts: Buffer[] = [];
  let total = 0;
  child.stdout.on('data', (part: Buffer) => {
    total += part.length;
    if (total <= MAX_BYTES) parts.push(part);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const frames = framesOfAdts(Buffer.concat(parts));
  if (code !== 0 || frames.length === 0) throw new Error('ffmpeg could not make a sound.');
  const config = Buffer.of(
    (AAC_LC << 3) | (SAMPLE_RATE_INDEX >> 1),
    ((SAMPLE_RATE_INDEX & 1) << 7) | (1 << 3),
  );
  return { sampleRate: SAMPLE_RATE, config, frames };
}

/** ISO/IEC 14496-3 section 1.A.2: frame_length is 13 bits from bit 30 on, head included. */
function framesOfAdts(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + ADTS_HEAD_BYTES <= bytes.length; ) {
    const length = (bytes.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    if (length <= ADTS_HEAD_BYTES) break;
    frames.push(bytes.subarray(at + ADTS_HEAD_BYTES, at + length));
    at += length;
  }
  return frames;
}
