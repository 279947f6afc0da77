import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NutReader } from '../../src/ffmpeg/nut-reader.ts';
import type { NutStream } from '../../src/ffmpeg/nut-headers.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { describeWith, has } from '../support/components.ts';
import { numberedFile } from '../support/ffmpeg-media.ts';
import { seededRandom } from '../support/random.ts';
import { temporaryFolder } from '../support/vigie.ts';

const run = promisify(execFile);
const MOST = { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;

interface Packet {
  readonly stream: number;
  readonly pts: number;
  readonly size: number;
  readonly key: boolean;
  /** CRC-32 of the content. */
  readonly hash: string;
}

const hashOf = (bytes: Buffer): string => crc32(bytes).toString(16).padStart(8, '0');

function readAll(
  bytes: Buffer,
  pieces: number,
): { packets: Packet[]; streams: NutStream[]; problem?: string } {
  const packets: Packet[] = [];
  const streams: NutStream[] = [];
  const reader = new NutReader({
    streams: (all) => streams.push(...all),
    frame: (stream, pts, key, content, start, end) =>
      packets.push({
        stream: stream.id,
        pts,
        size: end - start,
        key,
        hash: hashOf(content.subarray(start, end)),
      }),
  });
  for (let at = 0; at < bytes.length; at += pieces) {
    const problem = reader.read(bytes.subarray(at, at + pieces));
    if (problem !== undefined) return { packets, streams, problem };
  }
  return { packets, streams };
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder?.remove());

const INPUTS = {
  'H.264 with B-frames and AAC with ADTS': ['libx264', 'a.ts', ['aac', '-ac', '1']],
  'H.264 with B-frames and AAC from MP4': ['libx264', 'a.mp4', ['aac', '-ac', '1']],
  'H.265 with B-frames and Opus': ['libx265', 'a.mkv', ['libopus', '-ac', '1']],
  'MJPEG and A-law': ['mjpeg', 'a.mov', ['pcm_alaw', '-ar', '8000']],
  // The beginnings of their frames are left out.
  'MPEG-4 and MP3': ['mpeg4', 'a.avi', ['libmp3lame', '-ac', '1']],
  'H.264 and PCM': ['libx264', 'b.mov', ['pcm_s16le', '-ar', '16000']],
} as const;

async function nutOf(ffmpeg: string, codec: (typeof INPUTS)[keyof typeof INPUTS]): Promise<Buffer> {
  const { path } = await numberedFile(folder.path, codec[1], {
    ...{ frames: 120, codec: codec[0], bFrames: codec[0].startsWith('libx') ? 2 : 0, framesPerSecond: 30 },
    audio: codec[2],
  });
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-i',
    path,
    '-c',
    'copy',
    '-write_index',
    '0',
    '-f',
    'nut',
    'pipe:1',
  ];
  return (await run(ffmpeg, args, MOST)).stdout;
}

describeWith(['ffprobe'], 'what ffmpeg writes to a pipe', () => {
  for (const ffmpeg of [bundledFfmpeg, ...(has('ffmpeg') ? ['ffmpeg'] : [])]) {
    const which = ffmpeg === bundledFfmpeg ? 'the bundled one' : 'that of the system';
    for (const [name, input] of Object.entries(INPUTS)) {
      it(`${name}, ${which}: every packet has the time, flag and content that ffprobe finds`, async () => {
        const nut = await nutOf(ffmpeg, input);
        const probe = run('ffprobe', [
          ...['-v', 'quiet', '-show_data_hash', 'CRC32', '-of', 'csv=p=0'],
          ...['-show_entries', 'packet=stream_index,pts,size,flags,data_hash', 'pipe:0'],
        ]);
        probe.child.stdin?.end(nut);
        const wanted = (await probe).stdout
          .trim()
          .split('\n')
          .map((line): Packet => {
            const [stream, pts, size, flags = '', hash = ''] = line.split(',');
            return {
              stream: Number(stream),
              pts: Number(pts),
              size: Number(size),
              key: flags.startsWith('K'),
              hash: hash.replace('CRC32:', ''),
            };
          });
        expect(wanted.length).toBeGreaterThan(150);
        for (const pieces of [1, 777, 65_536]) {
          const found = readAll(nut, pieces);
          expect(found.problem).toBeUndefined();
          expect(found.packets).toEqual(wanted);
        }
      }, 60_000);
    }
  }
});

describe('what is no NUT', () => {
  it('is refused with a reason', () => {
    expect(readAll(Buffer.from('GIF89a, and a little more than that'), 7).problem).toBe('it is not NUT');
    expect(readAll(Buffer.from('nut/multimedia container\0\x42'), 64).problem).toMatch(/before its stream/);
  });

  it('never throws, hangs or grows, wherever bytes are changed', async () => {
    const nut = await nutOf(bundledFfmpeg, INPUTS['H.264 with B-frames and AAC with ADTS']);
    const next = seededRandom(7);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const broken = Buffer.from(nut.subarray(0, 40_000));
      const from = round % 2 === 0 ? 0 : 2_000;
      for (let i = 0; i < 8; i++) broken[from + Math.floor(next() * 1_500)] = Math.floor(next() * 256);
      if (readAll(broken, 1 + Math.floor(next() * 4_000)).problem !== undefined) refused++;
    }
    expect(refused).toBeGreaterThan(100);
  }, 60_000);
});
