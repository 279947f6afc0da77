/**
 * What does looking at a city cost? Pictures of many cameras, handed over as receiving threads do, through decoders and
 * detector threads: CPU time of each stage, how long a picture takes, and what was left out. Exits 1 when any was, or
 * when not every picture was looked at.
 *
 *   node bench/motion-service.ts [--cameras N] [--seconds N] [--size 1920x1080] [--bitrate 4000000]
 *                                [--whole] [--decoders N] [--workers N] [--json FILE]
 *
 * One key frame a second of each camera; with --whole every picture of a stream of 25 a second, of which five are looked
 * at. The cameras are evenly apart in time, as they are by chance in a city.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bundledFfmpeg } from '../src/media/ffmpeg-path.ts';
import { buildAvcC } from '../src/media/h264/decoder-config.ts';
import type { VideoConfig } from '../src/media/video-config.ts';
import type { PictureResult } from '../src/motion/motion-observer.ts';
import { MotionService } from '../src/motion/motion-service.ts';
import { groupAccessUnits } from '../src/simulator/access-unit.ts';
import { splitNals } from '../src/simulator/annexb.ts';
import { ensureClip } from '../src/simulator/ensure-clip.ts';
import { nalRole, nalType } from '../src/simulator/nal-unit.ts';
import { systemClock } from '../src/time/clock.ts';
import { MEDIA_TICKS_PER_SECOND } from '../src/time/units.ts';
import type { WatchedPicture } from '../src/watch/watched-picture.ts';
import { treeCost } from './load/process-tree.ts';

const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '30' },
    size: { type: 'string', default: '1920x1080' },
    bitrate: { type: 'string', default: '4000000' },
    whole: { type: 'boolean', default: false },
    decoders: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
const [cameras, seconds, decoders, workers] = [
  values.cameras,
  values.seconds,
  values.decoders,
  values.workers,
].map(Number) as [number, number, number, number];
const [width, height] = values.size.split('x').map(Number) as [number, number];

const FPS = 25;
const CLIP_SECONDS = 8;
const LOOKS_A_SECOND = 5;
/** Models are made, decoders started, threads warm: before, it costs more. */
const WARM_SECONDS = 5;
const SPS = 7;
const PPS = 8;

interface Coded {
  readonly key: boolean;
  readonly sample: Uint8Array;
}

const clip = await ensureClip(
  {
    ...{ codec: 'h264', width, height, fps: FPS, gopFrames: FPS, frames: CLIP_SECONDS * FPS },
    ...{ bitrateBps: Number(values.bitrate), scene: 'day' },
  },
  join(tmpdir(), 'vigie-bench-clips'),
);
const { config, pictures } = readClip(await readFile(clip));
const shown = values.whole ? pictures : pictures.filter(({ key }) => key);
const perSecond = values.whole ? FPS : 1;

const counts = new Map<PictureResult, number>();
const took: number[] = [];
const problems: string[] = [];
const folder = await mkdtemp(join(tmpdir(), 'vigie-bench-motion-'));
const service = new MotionService({
  cameras: Array.from({ length: cameras }, (_, index) => ({
    ...{ cameraNo: index + 1, framesPerSecond: LOOKS_A_SECOND, zones: [] },
  })),
  ...{ ffmpegPath: bundledFfmpeg, decoders, workers, streams: cameras, clock: systemClock },
  stateFolder: join(folder, 'motion'),
  observer: {
    began: () => undefined,
    ended: () => undefined,
    looked: () => undefined,
    sighted: () => undefined,
    picture: (_camera, result) => counts.set(result, (counts.get(result) ?? 0) + 1),
    shed: () => undefined,
    took: (time) => took.push(time),
    problem: (what, fields) => problems.push(`${what}: ${String(fields['reason'] ?? fields['error'])}`),
  },
});
await service.start();
/** How far each camera's film is. */
const places = Array.from({ length: cameras }, () => ({ next: 0 }));

await play(WARM_SECONDS);
const lookedBefore = looks();
const before = measure();
took.length = 0;
await play(seconds);
const after = measure();
const looked = looks() - lookedBefore;
await service.stop();
await rm(folder, { recursive: true, force: true });

const cost = {
  decoders: after.decoders - before.decoders,
  detectorThreads: after.process - before.process - (after.main - before.main),
  mainThread: after.main - before.main,
};
const each = (cpuSeconds: number): number => (cpuSeconds * 1_000) / Math.max(1, looked);
const sorted = took.toSorted((a, b) => a - b);
const percentile = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
const leftOut = (counts.get('shed') ?? 0) + (counts.get('failed') ?? 0) + (counts.get('undecodable') ?? 0);
const result = {
  ...{ cameras, seconds, size: values.size, whole: values.whole, decoders, workers, looked, leftOut },
  coreShare: (cost.decoders + cost.detectorThreads + cost.mainThread) / seconds,
  millisPerLook: {
    decoders: each(cost.decoders),
    detectorThreads: each(cost.detectorThreads),
    mainThread: each(cost.mainThread),
  },
  secondsToVerdict: { median: percentile(0.5), p99: percentile(0.99) },
  problems,
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(
  `${cameras} cameras, ${values.size}, ${values.whole ? `all ${FPS} pictures a second` : 'a key frame a second'}, ${seconds} s: ${looked} pictures looked at, ${leftOut} left out`,
);
say(`  CPU                ms a picture looked at   share of a core`);
for (const [name, cpuSeconds] of Object.entries(cost))
  say(
    `  ${name.padEnd(18)}${each(cpuSeconds).toFixed(2).padStart(21)}${(cpuSeconds / seconds).toFixed(3).padStart(18)}`,
  );
say(`  all${' '.repeat(15)}${' '.repeat(21)}${result.coreShare.toFixed(3).padStart(18)}`);
say(
  `  from being handed over to what was seen: median ${(percentile(0.5) * 1_000).toFixed(0)} ms, 99 % within ${(percentile(0.99) * 1_000).toFixed(0)} ms`,
);
for (const problem of problems) say(`  ${problem}`);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
const expected = cameras * seconds * (values.whole ? LOOKS_A_SECOND : 1);
process.exitCode = leftOut > 0 || looked < 0.9 * expected ? 1 : 0;

/** Hands over pictures at their time, the cameras one after the other. */
async function play(length: number): Promise<void> {
  const began = performance.now();
  const total = Math.round(length * perSecond) * cameras;
  for (let turn = 0; turn < total; turn++) {
    const due = began + (turn * 1_000) / (perSecond * cameras);
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    hand(turn % cameras);
  }
  await sleep(500);
}

function hand(camera: number): void {
  const place = places[camera] as { next: number };
  const { key, sample } = shown[place.next % shown.length] as Coded;
  const picture: WatchedPicture = {
    ...{ cameraNo: camera + 1, at: systemClock.wall(), key, stream: 1, config, reason: 'always' },
    elapsedTicks: place.next === 0 ? 0 : MEDIA_TICKS_PER_SECOND / perSecond,
    // Each has memory of its own, as a copy that came from another thread.
    sample: Uint8Array.from(sample),
  };
  place.next++;
  service.take({ pictures: [picture], passed: [] });
}

function looks(): number {
  return (['moving', 'still', 'learning'] as const).reduce((sum, kind) => sum + (counts.get(kind) ?? 0), 0);
}

/** CPU seconds so far: of this thread, of this process, and of the decoders that are its children. */
function measure(): { readonly main: number; readonly process: number; readonly decoders: number } {
  const { user, system } = process.threadCpuUsage();
  const own = process.cpuUsage();
  const processSeconds = (own.user + own.system) / 1e6;
  return {
    main: (user + system) / 1e6,
    process: processSeconds,
    decoders: treeCost([process.pid]).cpuSeconds - processSeconds,
  };
}

function readClip(bytes: Buffer): { readonly config: VideoConfig; readonly pictures: readonly Coded[] } {
  const units = groupAccessUnits(splitNals(bytes), 'h264');
  const sets = (wanted: number): Buffer[] =>
    units[0]?.nals.filter((nal) => nalType(nal, 'h264') === wanted) ?? [];
  return {
    config: {
      ...{ codec: 'h264', codecs: 'avc1.640028', width, height, pixelAspect: { width: 1, height: 1 } },
      ...{ declaredFrameRate: FPS, decoderConfig: buildAvcC(sets(SPS), sets(PPS)) },
    },
    pictures: units.map(({ key, nals }) => ({
      key,
      sample: Buffer.concat(
        nals
          .filter((nal) => ['slice', 'key-slice'].includes(nalRole(nal, 'h264')))
          .flatMap((nal) => {
            const length = Buffer.alloc(4);
            length.writeUInt32BE(nal.length);
            return [length, nal];
          }),
      ),
    })),
  };
}
