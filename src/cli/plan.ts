import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Config, DEFAULT_RECORD, DEFAULT_RETENTION } from '../config/config.ts';
import { parseDuration, parseRate } from '../config/units.ts';
import { type BenchResult, type Load, type Sizing, sizeFor } from '../storage/sizing.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readConfig } from './serve.ts';

const DAY_MICROS = 86_400_000_000;
export const DEFAULT_BITRATE = '4M';

const benchSchema = z.object({
  cameras: z.number().int().positive(),
  bitrateBps: z.number().positive(),
  cpu: z.number().nonnegative(),
  residentBytes: z.number().positive(),
});

/** Where `npm run bench` leaves what this machine carried. */
export const benchResultPath = (): string =>
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'vigie', 'bench.json');

export interface PlanOptions {
  readonly config: string | undefined;
  readonly cameras: string | undefined;
  readonly bitrate: string | undefined;
  readonly days: string | undefined;
  /** Share of the time in which something moves, `30%`. */
  readonly moving: string | undefined;
  readonly local: string | undefined;
  readonly s3: boolean;
  readonly json: boolean;
}

/** Says what a number of cameras needs: bytes, disks, objects, cores, and what the object store costs. */
export async function plan(options: PlanOptions): Promise<ExitCode> {
  const config = options.config === undefined ? undefined : await readConfig(options.config);
  if (options.config !== undefined && !config) return EXIT.usedWrongly;
  const load = loadOf(options, config);
  if (typeof load === 'string') {
    process.stderr.write(`${load} See vigie plan --help.\n`);
    return EXIT.usedWrongly;
  }
  const bench = await lastBench();
  const sizing = sizeFor(load, bench, config?.prices);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ load, sizing, bench: bench ?? null, prices: config?.prices ?? null }, undefined, 2)}\n`
      : table(load, sizing, bench, config?.prices?.currency),
  );
  return EXIT.done;
}

/** What it is a mean of. */
interface PlannedLoad extends Load {
  /** Share of the time in which something moves, and how long that and the rest is kept. */
  readonly moving: number;
  readonly movingDays: number;
  readonly stillDays: number;
}

/** From the configuration, and what is said otherwise on the command line. A sentence when that is wrong. */
function loadOf(options: PlanOptions, config: Config | undefined): PlannedLoad | string {
  if (config === undefined && options.cameras === undefined)
    return 'plan needs --config FILE or --cameras N.';
  const cameras = options.cameras === undefined ? enabled(config) : Number(options.cameras);
  if (!Number.isInteger(cameras) || cameras < 1 || cameras > 1e6) {
    return options.cameras === undefined
      ? 'The configuration has no camera.'
      : `--cameras ${options.cameras} is no whole number from 1 on.`;
  }
  const bitrateBps = parseRate(options.bitrate ?? DEFAULT_BITRATE);
  if (!bitrateBps) return `--bitrate ${options.bitrate} is no rate, as in 4M.`;
  const retention = config?.retention ?? DEFAULT_RETENTION;
  const movingDays = options.days === undefined ? retention.motionMicros / DAY_MICROS : Number(options.days);
  const stillDays = options.days === undefined ? retention.continuousMicros / DAY_MICROS : movingDays;
  if (!(movingDays > 0 && movingDays <= 3_650)) return `--days ${options.days} is no number of days.`;
  const moving = options.moving === undefined ? 1 : parseShare(options.moving);
  if (moving === undefined) return `--moving ${options.moving} is no share of the time, as in 30%.`;
  const mean = (still: number, inMotion: number): number => still * (1 - moving) + inMotion * moving;
  const local = options.local === undefined ? retention.localMicros : parseDuration(options.local);
  if (local === undefined) return `--local ${options.local} is no duration, as in 24h.`;
  const record = config?.record ?? DEFAULT_RECORD;
  return {
    ...{ cameras, bitrateBps, stillDays, movingDays, moving },
    days: mean(stillDays, movingDays),
    localDays: mean(Math.min(stillDays, local / DAY_MICROS), Math.min(movingDays, local / DAY_MICROS)),
    segmentSeconds: record.segmentMicros / 1e6,
    fragmentSeconds: record.fragmentMicros / 1e6,
    hasStore: options.s3 || config?.storage.s3 !== undefined,
  };
}

/** `30%` as 0.3. */
function parseShare(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,3})?)\s?%$/.exec(text.trim());
  const percent = Number(match?.[1]);
  return match && percent <= 100 ? percent / 100 : undefined;
}

const enabled = (config: Config | undefined): number =>
  config?.cameras.filter((camera) => camera.enabled).length ?? 0;

export async function lastBench(): Promise<BenchResult | undefined> {
  try {
    return benchSchema.parse(JSON.parse(await readFile(benchResultPath(), 'utf8')));
  } catch {
    return undefined;
  }
}

function table(
  load: PlannedLoad,
  sizing: Sizing,
  bench: BenchResult | undefined,
  currency: string | undefined,
): string {
  const rows: (readonly [string, string, string])[] = [
    ['cameras', `${load.cameras}`, `${megabits(load.bitrateBps)} each`],
    [
      'kept',
      days(load.days),
      load.hasStore ? `${days(load.localDays)} of it on this machine` : 'on this machine',
    ],
    ...(load.stillDays === load.movingDays
      ? []
      : [
          [
            'of that',
            `${Number((load.moving * 100).toFixed(1))} % moving`,
            `${days(load.movingDays)} what moves, ${days(load.stillDays)} the rest; see --moving`,
          ] as const,
        ]),
    [
      'arrives and is written',
      `${(sizing.bytesPerSecond / 1e6).toFixed(1)} MB/s`,
      `${bytes(sizing.bytesPerDay)} a day`,
    ],
    ['writes', `${sizing.writesPerSecond.toFixed(0)} /s`, 'one a fragment; a hard disk does about 100'],
    ['disks', bytes(sizing.localBytes), 'recordings on this machine, without reserve or redundancy'],
    ['catalog', bytes(sizing.catalogBytes), `${sizing.segments.toLocaleString('en')} segments, on an SSD`],
  ];
  if (load.hasStore) {
    rows.push(
      ['object store', bytes(sizing.storeBytes), `${sizing.objects.toLocaleString('en')} objects`],
      [
        'uploads',
        `${sizing.putsPerSecond.toFixed(1)} /s`,
        `${((sizing.bytesPerSecond * 8) / 1e6).toFixed(0)} Mbit/s of line`,
      ],
    );
  }
  rows.push(
    sizing.cores === null || !bench
      ? ['processor', 'unknown', 'measure it here: npm run bench']
      : [
          'processor',
          `${(sizing.cores * 100).toFixed(1)} % of a core`,
          `for recording, from ${bench.cameras} cameras of ${megabits(bench.bitrateBps)} measured on this machine`,
        ],
  );
  if (sizing.memoryBytes !== null)
    rows.push(['memory', bytes(sizing.memoryBytes), 'from the same measurement']);
  if (sizing.storeCost !== null) {
    rows.push([
      'store, a month',
      `${sizing.storeCost.toFixed(0)} ${currency}`,
      'space and uploads, at the configured prices',
    ]);
  }
  const [first, second] = [0, 1].map((i) => Math.max(...rows.map((row) => (row[i] as string).length)));
  return rows
    .map(
      ([what, much, why]) => `${what.padEnd(first as number)}  ${much.padStart(second as number)}  ${why}\n`,
    )
    .join('');
}

const days = (count: number): string => `${Number(count.toFixed(2))} ${count === 1 ? 'day' : 'days'}`;
const megabits = (bps: number): string => `${Number((bps / 1e6).toFixed(2))} Mbit/s`;

function bytes(count: number): string {
  for (const [unit, size] of [
    ['PB', 1e15],
    ['TB', 1e12],
    ['GB', 1e9],
  ] as const) {
    if (count >= size) return `${(count / size).toFixed(count >= 100 * size ? 0 : 1)} ${unit}`;
  }
  return `${(count / 1e6).toFixed(0)} MB`;
}
