import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseDuration, parseRate } from '../src/config/units.ts';
import { FAULT_HELP, NO_FAULTS, parseFaults } from './fleet/faults.ts';
import { type Encoding, PROFILES, type Profile } from './fleet/profile.ts';
import { BENCH_PREFIX, type Load, type LoadMotion, type LoadStore, type LoadTransport } from './load/load.ts';
import { MOST_CAMERAS } from './load/search.ts';
import type { RecorderName } from './recorders/recorder.ts';
import { DEFAULT_LIMITS, type Limits } from './verdict/objective.ts';

/** What one bench is to do. */
export interface BenchOptions {
  readonly counts: readonly number[];
  /** Look for the largest count instead, from the first on. */
  readonly search: boolean;
  /** No further run begins after so many seconds. */
  readonly budgetSeconds: number;
  readonly baselines: readonly RecorderName[];
  readonly limits: Limits;
  readonly json: string | undefined;
  readonly html: string | undefined;
  /** All but the count of cameras. */
  readonly load: Load;
}

export const BENCH_HELP = `vigie bench [options]        (npm run bench -- [options])

How many cameras does this machine carry? Simulated cameras in a process of their own, the server as a user starts
it in another, and at the end every frame that was sent is looked for in the recorded files.

  --cameras N,N,…    how many, one run each (10,50,100,217)
  --search           look for the largest count that holds, from the first of them on
  --budget DURATION  begin no further run after so long (20m; 80s where no --cameras are given)
  --seconds N        measured, once everything is recorded (8)
  --settle N         seconds before that (3)

  --bitrate RATE     of each camera (4M)
  --gop DURATION     between key frames (2s)
  --size WxH         picture (1920x1080)
  --fps N            pictures a second (25)
  --codec CODEC      h264 or h265 (h264)
  --profile NAME     what they look at: ${PROFILES.join(', ')} (day)
  --aligned          key frames of all cameras at once: the worst case
  --transport HOW    tcp, udp, or rtmp, which is pushed (tcp)
  --sound            AAC beside the video, recorded
  --faults LIST      ${FAULT_HELP}

  --motion           with motion detection, on key frames
  --sub-streams      with motion detection, on a second stream of 640x360
  --viewers N        people who watch what was recorded a moment ago
  --seeks N          a second, to random moments
  --s3 URL           bring everything to an object store meanwhile: http://KEY:SECRET@HOST:PORT/BUCKET
  --folder FOLDER    where recordings go for the time being (the system's temporary folder)

  --baseline WHO     the same cameras recorded by ffmpeg (one "ffmpeg -c copy -f segment" each) or mediamtx
  --write-limit D    objective: 99 of 100 writes take no longer (100ms)
  --loop-limit D     objective: 99th percentile of how late a thread comes to what is due (100ms)
  --json FILE        the figures for a program
  --html FILE        a report with plots, in one file

The objective: every frame on disk once and in order, no gap, a second behind the cameras at most, and those limits.
Exit codes: 0 it held, 1 it did not, 2 used wrongly.
`;

const DEFAULT_COUNTS = '10,50,100,217';
const FLAGS = ['search', 'aligned', 'sound', 'motion', 'sub-streams'] as const;
const WORDS = [
  ...['cameras', 'budget', 'seconds', 'settle', 'bitrate', 'gop', 'size', 'fps', 'codec', 'profile'],
  ...['transport', 'faults', 'viewers', 'seeks', 's3', 'folder', 'baseline', 'write-limit', 'loop-limit'],
  ...['json', 'html'],
] as const;

/** Where clips are kept between runs. */
export const CLIP_CACHE = join(tmpdir(), 'vigie-bench-clips');

/** What was meant; a sentence when it is wrong; `undefined` when help is asked for. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | string | undefined {
  const given = new Map<string, string>();
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        ...Object.fromEntries(WORDS.map((word) => [word, { type: 'string' as const }])),
        ...Object.fromEntries(FLAGS.map((flag) => [flag, { type: 'boolean' as const }])),
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
    if (values['help']) return undefined;
    if (positionals[0] !== undefined) return `"${positionals[0]}" is too much.`;
    for (const [name, value] of Object.entries(values)) given.set(name, String(value));
  } catch (error) {
    return `${(error as Error).message.split('. ')[0]}.`;
  }
  return read(given);
}

class Wrong extends Error {}

function read(given: ReadonlyMap<string, string>): BenchOptions | string {
  try {
    return optionsOf(given);
  } catch (error) {
    if (error instanceof Wrong) return error.message;
    throw error;
  }
}

function optionsOf(given: ReadonlyMap<string, string>): BenchOptions {
  const word = (name: (typeof WORDS)[number], otherwise: string): string => given.get(name) ?? otherwise;
  const number = (name: (typeof WORDS)[number], otherwise: number, least: number, most: number): number => {
    const value = Number(given.get(name) ?? otherwise);
    if (!(value >= least && value <= most)) throw wrong(name, given, `a number from ${least} to ${most}`);
    return value;
  };
  const duration = (name: (typeof WORDS)[number], otherwise: string): number => {
    const micros = parseDuration(word(name, otherwise));
    if (!micros) throw wrong(name, given, 'a duration, as in 100ms, 2s, 20m');
    return micros / 1e6;
  };
  const oneOf = <T extends string>(name: (typeof WORDS)[number], of: readonly T[], otherwise: T): T => {
    const value = word(name, otherwise);
    if (!of.includes(value as T)) throw wrong(name, given, of.join(', '));
    return value as T;
  };
  const counts = word('cameras', DEFAULT_COUNTS).split(',').map(Number);
  if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > MOST_CAMERAS))
    throw wrong('cameras', given, `whole numbers from 1 to ${MOST_CAMERAS}, as in 10,50,100`);
  const transport: LoadTransport = oneOf('transport', ['tcp', 'udp', 'rtmp'], 'tcp');
  const faultText = word('faults', '');
  const faults = faultText === '' ? NO_FAULTS : parseFaults(faultText);
  if (typeof faults === 'string') throw new Wrong(faults);
  if (faults.lossShare > 0 && transport === 'rtmp')
    throw new Wrong(
      '--faults: RTMP is one connection, which loses no packets. Leave loss out, or --transport rtmp.',
    );
  const baselines = (given.get('baseline') ?? '').split(',').filter((name) => name !== '');
  if (baselines.some((name) => name !== 'ffmpeg' && name !== 'mediamtx'))
    throw wrong('baseline', given, 'ffmpeg, mediamtx');
  if (baselines.length > 0 && transport === 'rtmp')
    throw new Wrong('--baseline: those recorders ask cameras, and with --transport rtmp cameras push.');
  const seconds = number('seconds', 8, 2, 86_400);
  return {
    ...{
      counts,
      search: given.has('search'),
      budgetSeconds: duration('budget', given.has('cameras') ? '20m' : '80s'),
    },
    baselines: baselines as RecorderName[],
    limits: {
      ...DEFAULT_LIMITS,
      writeSeconds: duration('write-limit', '100ms'),
      loopSeconds: duration('loop-limit', '100ms'),
      breaksAllowed: faults.storm !== undefined,
    },
    ...{ json: given.get('json'), html: given.get('html') },
    load: {
      ...{ cameras: 0, seconds, settleSeconds: number('settle', 3, 0, 3_600), transport },
      motion: motionOf(given),
      viewers: number('viewers', 0, 0, 1_000),
      seeks: number('seeks', 0, 0, 100),
      store: given.has('s3') ? storeOf(word('s3', '')) : undefined,
      folder: word('folder', tmpdir()),
      fleet: {
        ...{ cacheFolder: CLIP_CACHE, profile: oneOf<Profile>('profile', PROFILES, 'day') },
        encoding: encodingOf(word, number, duration, oneOf),
        ...{ aligned: given.has('aligned'), sound: given.has('sound'), faults: faultText },
      },
    },
  };
}

function motionOf(given: ReadonlyMap<string, string>): LoadMotion {
  if (given.has('sub-streams')) return 'sub-stream';
  return given.has('motion') ? 'key-frames' : 'off';
}

function encodingOf(
  word: (name: 'size' | 'bitrate', otherwise: string) => string,
  number: (name: 'fps', otherwise: number, least: number, most: number) => number,
  duration: (name: 'gop', otherwise: string) => number,
  oneOf: (name: 'codec', of: readonly Encoding['codec'][], otherwise: Encoding['codec']) => Encoding['codec'],
): Encoding {
  const size = /^(\d{2,4})x(\d{2,4})$/.exec(word('size', '1920x1080'));
  const [width, height] = [Number(size?.[1]), Number(size?.[2])];
  if (!size || width % 4 !== 0 || height % 4 !== 0 || width < 64 || height < 64)
    throw new Wrong(`--size ${word('size', '')}: multiples of four from 64 on are needed, as in 1920x1080.`);
  const bitrateBps = parseRate(word('bitrate', '4M')) ?? 0;
  if (bitrateBps < 50_000 || bitrateBps > 100e6)
    throw new Wrong(`--bitrate ${word('bitrate', '')}: a rate from 50k to 100M is needed, as in 4M.`);
  const fps = number('fps', 25, 1, 120);
  const gopFrames = Math.min(3_000, Math.max(1, Math.round(duration('gop', '2s') * fps)));
  return { codec: oneOf('codec', ['h264', 'h265'], 'h264'), width, height, fps, gopFrames, bitrateBps };
}

function storeOf(text: string): LoadStore {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bucket = url?.pathname.slice(1) ?? '';
  // What was given may hold the secret: it is not repeated.
  if (!url || bucket === '' || url.password === '')
    throw new Wrong('--s3 is as in http://KEY:SECRET@127.0.0.1:7480/bucket');
  return {
    ...{ endpoint: url.origin, bucket, prefix: BENCH_PREFIX, accessKeyId: decodeURIComponent(url.username) },
    secretAccessKey: decodeURIComponent(url.password),
  };
}

const wrong = (name: string, given: ReadonlyMap<string, string>, allowed: string): Wrong =>
  new Wrong(`--${name} ${given.get(name)} is not understood. Allowed: ${allowed}.`);
