import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRate } from '../src/config/units.ts';
import { type FleetFaults, NO_FAULTS, parseFaults } from './fleet/faults.ts';
import { type Encoding, PROFILES } from './fleet/profile.ts';
import { GivenOptions, WrongOption } from './given-options.ts';
import type { Campaign } from './load/campaign.ts';
import { type Condition, conditionOf, parseConditions } from './load/condition.ts';
import { BENCH_PREFIX, type Load, type LoadMotion, type LoadStore } from './load/load.ts';
import { MOST_CAMERAS } from './load/search.ts';
import type { RecorderName } from './recorders/recorder.ts';
import { DEFAULT_LIMITS, type Limits } from './verdict/objective.ts';

/** What one bench is to do. */
export interface BenchOptions extends Campaign {
  /** No further run begins after so many seconds. */
  readonly budgetSeconds: number;
  readonly limits: Limits;
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly markdown: string | undefined;
  /** All but the count of cameras; a condition says what of it a run has. */
  readonly load: Load;
}

const DEFAULT_COUNTS = '10,50,100,217';
const FLAGS = ['search', 'aligned', 'sound', 'motion', 'sub-streams'] as const;
const WORDS = [
  ...['cameras', 'each', 'budget', 'seconds', 'settle', 'bitrate', 'gop', 'size', 'fps', 'codec'],
  ...['profile', 'transport', 'faults', 'viewers', 'seeks', 's3', 'folder', 'baseline'],
  ...['write-limit', 'loop-limit', 'json', 'html', 'markdown'],
] as const;

/** All that the command line may hold, beside --help. */
export const BENCH_OPTION_NAMES: readonly string[] = [...WORDS, ...FLAGS];

/** Where clips are kept between runs. */
export const CLIP_CACHE = join(tmpdir(), 'vigie-bench-clips');

type Given = GivenOptions<(typeof WORDS)[number], (typeof FLAGS)[number]>;

/** What was meant; a sentence when it is wrong; `undefined` when help is asked for. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | string | undefined {
  try {
    const given = GivenOptions.parse(args, WORDS, FLAGS);
    return given && optionsOf(given);
  } catch (error) {
    if (error instanceof WrongOption) return error.message;
    throw error;
  }
}

function optionsOf(given: Given): BenchOptions {
  const faults = faultsOf(given);
  const load = loadOf(given, faults);
  const isLong = given.has('cameras') || given.has('each') || given.has('search');
  return {
    ...{ counts: countsOf(given), conditions: conditionsOf(given, load) },
    ...{ baselines: baselinesOf(given, load), search: given.has('search') },
    budgetSeconds: given.duration('budget', isLong ? '20m' : '80s'),
    limits: {
      ...DEFAULT_LIMITS,
      writeSeconds: given.duration('write-limit', '100ms'),
      loopSeconds: given.duration('loop-limit', '100ms'),
      breaksAllowed: faults.storm !== undefined,
    },
    ...{ json: given.text('json'), html: given.text('html'), markdown: given.text('markdown'), load },
  };
}

function countsOf(given: Given): readonly number[] {
  const counts = given.word('cameras', DEFAULT_COUNTS).split(',').map(Number);
  if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > MOST_CAMERAS))
    throw given.wrong('cameras', `whole numbers from 1 to ${MOST_CAMERAS}, as in 10,50,100`);
  return counts;
}

function conditionsOf(given: Given, load: Load): readonly Condition[] {
  const each = given.text('each');
  if (each === undefined) return [conditionOf(load)];
  for (const flag of ['motion', 'sub-streams'] as const) {
    if (given.has(flag))
      throw new WrongOption(
        `--each says what each run has: leave --${flag} out, and name it there, as in --each plain,${flag}.`,
      );
  }
  const conditions = parseConditions(each);
  if (typeof conditions === 'string') throw new WrongOption(conditions);
  const stored = conditions.find((condition) => condition.stored);
  if (stored && !load.store) throw new WrongOption(`--each ${stored.name}: --s3 URL has to say where.`);
  return conditions;
}

function baselinesOf(given: Given, { transport }: Load): readonly RecorderName[] {
  const names = given.word('baseline', '').split(',');
  const baselines = new Set<RecorderName>();
  for (const name of names.filter((one) => one !== '')) {
    if (name !== 'ffmpeg' && name !== 'mediamtx') throw given.wrong('baseline', 'ffmpeg, mediamtx');
    baselines.add(name);
  }
  if (baselines.size > 0 && transport === 'rtmp')
    throw new WrongOption('--baseline: those recorders ask cameras, and with --transport rtmp cameras push.');
  return [...baselines];
}

function faultsOf(given: Given): FleetFaults {
  const text = given.word('faults', '');
  const faults = text === '' ? NO_FAULTS : parseFaults(text);
  if (typeof faults === 'string') throw new WrongOption(faults);
  return faults;
}

function loadOf(given: Given, faults: FleetFaults): Load {
  const transport = given.oneOf('transport', ['tcp', 'udp', 'rtmp'], 'tcp');
  if (faults.lossShare > 0 && transport === 'rtmp')
    throw new WrongOption(
      '--faults: RTMP is one connection, which loses no packets. Leave loss out, or --transport rtmp.',
    );
  return {
    ...{ cameras: 0, seconds: given.number('seconds', 8, 2, 86_400) },
    ...{ settleSeconds: given.number('settle', 3, 0, 3_600), transport, motion: motionOf(given) },
    viewers: given.number('viewers', 0, 0, 1_000),
    seeks: given.number('seeks', 0, 0, 100),
    store: given.has('s3') ? storeOf(given.word('s3', '')) : undefined,
    folder: given.word('folder', tmpdir()),
    fleet: {
      ...{ cacheFolder: CLIP_CACHE, profile: given.oneOf('profile', PROFILES, 'day') },
      encoding: encodingOf(given),
      ...{ aligned: given.has('aligned'), sound: given.has('sound'), faults: given.word('faults', '') },
    },
  };
}

function motionOf(given: Given): LoadMotion {
  if (given.has('sub-streams')) return 'sub-stream';
  return given.has('motion') ? 'key-frames' : 'off';
}

function encodingOf(given: Given): Encoding {
  const sizeText = given.word('size', '1920x1080');
  const size = /^(\d{2,4})x(\d{2,4})$/.exec(sizeText);
  const [width, height] = [Number(size?.[1]), Number(size?.[2])];
  if (!size || width % 4 !== 0 || height % 4 !== 0 || width < 64 || height < 64)
    throw new WrongOption(`--size ${sizeText}: multiples of four from 64 on are needed, as in 1920x1080.`);
  const rateText = given.word('bitrate', '4M');
  const bitrateBps = parseRate(rateText) ?? 0;
  if (bitrateBps < 50_000 || bitrateBps > 100e6)
    throw new WrongOption(`--bitrate ${rateText}: a rate from 50k to 100M is needed, as in 4M.`);
  const fps = given.number('fps', 25, 1, 120);
  const gopFrames = Math.min(3_000, Math.max(1, Math.round(given.duration('gop', '2s') * fps)));
  const codec = given.oneOf('codec', ['h264', 'h265'], 'h264');
  return { codec, width, height, fps, gopFrames, bitrateBps };
}

function storeOf(text: string): LoadStore {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bucket = url?.pathname.slice(1) ?? '';
  // What was given may hold the secret: it is not repeated.
  if (!url || bucket === '' || url.password === '')
    throw new WrongOption('--s3 is as in http://KEY:SECRET@127.0.0.1:7480/bucket');
  return {
    ...{ endpoint: url.origin, bucket, prefix: BENCH_PREFIX },
    ...{ accessKeyId: decodeURIComponent(url.username), secretAccessKey: decodeURIComponent(url.password) },
  };
}
