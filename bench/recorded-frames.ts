import { readFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readFragmentHead } from '../src/media/mp4/fragment-reader.ts';
import { readInit } from '../src/media/mp4/init-segment.ts';
import { parseSegmentIdentity } from '../src/media/mp4/segment-identity.ts';
import { type FrameIdentity, frameIdentityOf } from '../src/simulator/frame-identity.ts';

/** What becomes of a frame whose number was lost on the way, while its picture came. */
export type Unnumbered = 'refused' | 'skipped';

/** The identities of the frames in one of our segment files, in the order of the file. */
export async function framesInSegment(path: string, unnumbered?: Unnumbered): Promise<FrameIdentity[]> {
  return framesInBytes(await readFile(path), path, unnumbered);
}

/** The same of a segment that is in memory; `path` names it where it is broken. */
export function framesInBytes(
  bytes: Buffer,
  path: string,
  unnumbered: Unnumbered = 'refused',
): FrameIdentity[] {
  const init = readInit(bytes);
  if (!init) throw new Error(`${path} is no segment.`);
  const found: FrameIdentity[] = [];
  let at = init.bytes;
  const identity = parseSegmentIdentity(bytes.subarray(at));
  if (identity) at += bytes.readUInt32BE(at);
  while (at < bytes.length) {
    const reading = readFragmentHead(bytes, at);
    if (reading.kind !== 'head') throw new Error(`${path} is not whole at byte ${at}.`);
    let sample = at + reading.head.payloadOffset;
    for (const size of reading.head.samples.sizes) {
      const number = identityInSample(bytes.subarray(sample, sample + size), init.codec);
      if (number) found.push(number);
      else if (unnumbered === 'refused') throw new Error(`${path} holds a frame without a number.`);
      sample += size;
    }
    at += reading.head.totalBytes;
  }
  return found;
}

function identityInSample(sample: Buffer, codec: 'h264' | 'h265'): FrameIdentity | undefined {
  for (let at = 0; at + 4 <= sample.length; ) {
    const end = at + 4 + sample.readUInt32BE(at);
    const identity = frameIdentityOf(sample.subarray(at + 4, end), codec);
    if (identity) return identity;
    at = end;
  }
  return undefined;
}

/** The same for a file of anybody else: ffmpeg takes the elementary stream out. */
export async function framesInFile(
  path: string,
  ffmpeg: string,
  codec: 'h264' | 'h265' = 'h264',
): Promise<FrameIdentity[]> {
  const [filter, format] =
    codec === 'h264' ? ['h264_mp4toannexb', 'h264'] : (['hevc_mp4toannexb', 'hevc'] as const);
  const { stdout } = await promisify(execFile)(
    ffmpeg,
    ['-v', 'error', '-i', path, '-map', '0:v', '-c', 'copy', '-bsf:v', filter, '-f', format, '-'],
    { encoding: 'buffer', maxBuffer: 2 ** 31 - 1 },
  );
  const found: FrameIdentity[] = [];
  // The identity's NAL unit is short and never escaped: it stands in the stream as it was sent.
  const mark = Buffer.from('vigie-frame-id-1', 'latin1');
  const before = codec === 'h264' ? 3 : 4;
  for (let at = stdout.indexOf(mark); at >= 0; at = stdout.indexOf(mark, at + 1)) {
    const identity = frameIdentityOf(stdout.subarray(at - before, at + 33), codec);
    if (identity) found.push(identity);
  }
  return found;
}

export interface FrameCheck {
  readonly sent: number;
  readonly found: number;
  readonly missing: number;
  readonly doubled: number;
  readonly outOfOrder: number;
}

/**
 * Compares what one session sent with what was found, frame by frame. The last frames may still have been on their
 * way when it was stopped: a run ends where the recorder stopped, so only holes count.
 */
export function checkFrames(found: readonly FrameIdentity[], session: number, sent: number): FrameCheck {
  const numbers = found.filter((frame) => frame.session === session).map((frame) => frame.frame);
  const seen = new Set(numbers);
  let outOfOrder = 0;
  for (let i = 1; i < numbers.length; i++)
    if ((numbers[i] as number) < (numbers[i - 1] as number)) outOfOrder++;
  let missing = 0;
  for (let frame = 0; frame < sent; frame++) if (!seen.has(frame)) missing++;
  return { sent, found: seen.size, missing, doubled: numbers.length - seen.size, outOfOrder };
}
