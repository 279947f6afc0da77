import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  aacAudioConfig,
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
} from '../../src/media/aac/audio-specific-config.ts';
import type { AudioConfig } from '../../src/media/audio-config.ts';

const run = promisify(execFile);
const MAX_OUTPUT = 256 * 1024 * 1024;
const LEVEL = 'lavfi.astats.Overall.RMS_level';

/** What ffprobe says of a file's tracks. */
export async function probe(input: string): Promise<{
  readonly video: ProbedStream | undefined;
  readonly sound: ProbedStream | undefined;
}> {
  const { stdout } = await run(
    'ffprobe',
    [...['-v', 'error', '-of', 'json', '-show_streams', '-show_packets', input]],
    { maxBuffer: MAX_OUTPUT },
  );
  const { streams, packets } = JSON.parse(stdout) as {
    readonly streams: readonly Record<string, string>[];
    readonly packets: readonly Record<string, string>[];
  };
  const of = (kind: string): ProbedStream | undefined => {
    const stream = streams.find((each) => each['codec_type'] === kind);
    if (!stream) return undefined;
    const own = packets.filter((packet) => packet['codec_type'] === kind);
    const times = own.map((packet) => Number(packet['pts_time']));
    // Of some packets it may not know, of Opus often of none: they are all of one length.
    const told = own.find((packet) => packet['duration_time'])?.['duration_time'];
    const usual = Number(told ?? (times[1] ?? 0) - (times[0] ?? 0));
    const lengths = own.map((packet) => Number(packet['duration_time'] ?? usual));
    return {
      codec: stream['codec_name'] ?? '',
      sampleRate: Number(stream['sample_rate'] ?? 0),
      channels: Number(stream['channels'] ?? 0),
      start: Math.min(...times),
      end: Math.max(...times.map((time, i) => time + (lengths[i] ?? 0))),
      packets: own.length,
      times,
    };
  };
  return { video: of('video'), sound: of('audio') };
}

export interface ProbedStream {
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
  /** Seconds. */
  readonly start: number;
  readonly end: number;
  readonly packets: number;
  readonly times: readonly number[];
}

/** When pictures turn white and when a beep begins, in seconds of the file: decoded, stopping at the first error. */
export async function flashesAndBeeps(
  input: string,
): Promise<{ readonly flashes: readonly number[]; readonly beeps: readonly number[] }> {
  const { stderr } = await run(
    'ffmpeg',
    [
      ...['-v', 'info', '-xerror', '-nostdin', '-copyts', '-i', input],
      ...['-vf', 'signalstats,metadata=print:key=lavfi.signalstats.YAVG'],
      // Frames of 10 ms, so that a beep is found to that.
      ...[
        '-af',
        `aresample=8000,asetnsamples=n=80:p=0,astats=metadata=1:reset=1,ametadata=print:key=${LEVEL}`,
      ],
      ...['-f', 'null', '-'],
    ],
    { maxBuffer: MAX_OUTPUT },
  );
  const flashes: number[] = [];
  const beeps: number[] = [];
  const time = { picture: 0, sound: 0 };
  let wasLight = false;
  let wasLoud = false;
  for (const line of stderr.split('\n')) {
    const kind = line.startsWith('[Parsed_ametadata') ? 'sound' : 'picture';
    time[kind] = Number(/pts_time:([\d.-]+)/.exec(line)?.[1] ?? time[kind]);
    const luma = /YAVG=([\d.]+)/.exec(line)?.[1];
    if (luma !== undefined) {
      if (Number(luma) > 125 && !wasLight) flashes.push(time.picture);
      wasLight = Number(luma) > 125;
    }
    const level = /RMS_level=(-?[\d.inf]+)/.exec(line)?.[1];
    if (level !== undefined) {
      const isLoud = Number(level) > -25;
      if (isLoud && !wasLoud) beeps.push(time.sound);
      wasLoud = isLoud;
    }
  }
  return { flashes, beeps };
}

/** AAC-LC as a camera describes it. */
export function aacConfig(sampleRate: number, channels: number, sharesVideoClock = false): AudioConfig {
  const bytes = buildAudioSpecificConfig(sampleRate, channels);
  const aac = parseAudioSpecificConfig(bytes);
  if (!aac) throw new Error('There is no such AAC.');
  return { ...aacAudioConfig(aac, bytes, sampleRate), sharesVideoClock };
}
