import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cutFrames, type Footage, runFfmpeg } from './footage.ts';

/**
 * Footage as a camera would have it in bad conditions; the labels stay. `night`: a sixth of the light, the sensor's
 * noise amplified with the rest. `rain`: less contrast, streaks that are elsewhere in each frame. `sweep`: night, and
 * every nine seconds headlights that cross the scene in two. All of it goes through a frugal H.264 encoder, since
 * half of what a detector has to live with comes from there.
 */
export const WEATHERS = ['night', 'rain', 'sweep'] as const;
export type Weather = (typeof WEATHERS)[number];

const CACHE = join(tmpdir(), 'vigie-bench-motion');
/** Goes up with each change of what is made here. */
const CACHE_VERSION = 1;
const MAX_FRAMES = 1_300;
const SEED = 217;

/** Makes a sequence anew in some weather, or takes what an earlier run left in the system's temporary folder. */
export async function inWeather(footage: Footage, weather: Weather): Promise<Footage> {
  const { width, height } = footage;
  const frames = footage.frames.slice(0, MAX_FRAMES);
  await mkdir(CACHE, { recursive: true });
  const name = `${weather}_${footage.name.replaceAll('/', '_')}`;
  const path = join(CACHE, `${name}-${width}x${height}-${frames.length}-v${CACHE_VERSION}.mkv`);
  if (!existsSync(path)) {
    const random = randomNumbers(SEED);
    const made = frames.map((frame, index) => EFFECTS[weather](frame, index, footage, random));
    const rate = String(footage.framesPerSecond);
    const raw = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${width}x${height}`, '-r', rate, '-i', '-'];
    const bits = ['-b:v', '160k', '-maxrate', '200k', '-bufsize', '400k', '-g', '50'];
    const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', ...bits, '-pix_fmt', 'yuv420p'];
    // Under another name until it is whole: an interrupted run must not be taken for footage.
    await runFfmpeg([...raw, ...encoder, '-f', 'matroska', '-y', `${path}.part`], made);
    await rename(`${path}.part`, path);
  }
  const grey = ['-vsync', '0', '-pix_fmt', 'gray', '-f', 'rawvideo', '-'];
  const decoded = cutFrames(await runFfmpeg(['-i', path, ...grey]), width * height);
  if (decoded.length !== frames.length)
    throw new Error(`${path} has ${decoded.length} frames instead of ${frames.length}: delete it.`);
  return { ...footage, name, frames: decoded, truth: footage.truth.slice(0, frames.length) };
}

type Size = Pick<Footage, 'width' | 'height'>;
type Random = () => number;
type Effect = (frame: Uint8Array, index: number, size: Size, random: Random) => Uint8Array;

const LIGHT_AT_NIGHT = 0.16;
const DARK_LEVEL = 2;
/** Variance of the noise: what comes with the light, and what the sensor always has. */
const [SHOT_NOISE, READ_NOISE] = [0.35, 1.2];
const AMPLIFICATION = 3.2;

/** As measured by the sensor and amplified, not yet cut to bytes. */
function darken(frame: Uint8Array, random: Random): Float32Array {
  return Float32Array.from(frame, (value) => {
    const light = value * LIGHT_AT_NIGHT + DARK_LEVEL;
    return (light + normal(random) * Math.sqrt(SHOT_NOISE * light + READ_NOISE)) * AMPLIFICATION;
  });
}

const STREAKS = 260;
const [HAZE_CONTRAST, HAZE_LEVEL] = [0.85, 22];
const SWEEP_PERIOD_FRAMES = 220;
const SWEEP_SHARE = 0.25;

const EFFECTS: Readonly<Record<Weather, Effect>> = {
  night: (frame, _index, _size, random) => toBytes(darken(frame, random)),
  rain(frame, _index, { width, height }, random) {
    const wet = Float32Array.from(frame, (value) => value * HAZE_CONTRAST + HAZE_LEVEL);
    for (let streak = 0; streak < STREAKS; streak++) {
      const [x, y] = [random() * width, random() * (height + 20) - 20];
      const length = 8 + random() * 18;
      const slope = Math.tan(((8 + 3 * normal(random)) * Math.PI) / 180);
      drawStreak(wet, width, height, { x, y, length, slope, brightness: 25 + random() * 50 });
    }
    return toBytes(wet);
  },
  sweep(frame, index, { width, height }, random) {
    const dark = darken(frame, random);
    const phase = (index % SWEEP_PERIOD_FRAMES) / SWEEP_PERIOD_FRAMES / SWEEP_SHARE;
    if (phase >= 1) return toBytes(dark);
    const centre = (1.4 * phase - 0.2) * width;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const along = (x - centre) / (0.18 * width);
        const down = (y - 0.65 * height) / (0.3 * height);
        const beam = Math.exp(-(along * along) - down * down);
        const p = y * width + x;
        // Lights up what is there, and the haze in between.
        dark[p] = (dark[p] as number) * (1 + 1.6 * beam) + 18 * beam;
      }
    }
    return toBytes(dark);
  },
};

interface Streak {
  readonly x: number;
  readonly y: number;
  readonly length: number;
  readonly slope: number;
  readonly brightness: number;
}

/** About one and a half pixels wide, shared between the columns that it lies in. */
function drawStreak(target: Float32Array, width: number, height: number, streak: Streak): void {
  for (let step = 0; step < streak.length; step++) {
    const y = Math.round(streak.y + step);
    const x = streak.x + step * streak.slope;
    if (y < 0 || y >= height) continue;
    const left = Math.floor(x) - 1;
    for (let column = left; column <= left + 3; column++) {
      const share = Math.max(0, 1 - Math.abs(column - x) / 1.5) / 1.5;
      if (column >= 0 && column < width) (target[y * width + column] as number) += share * streak.brightness;
    }
  }
}

/** The cut is a Uint8ClampedArray's. */
const toBytes = (values: Float32Array): Uint8Array => new Uint8Array(Uint8ClampedArray.from(values).buffer);

/** The same numbers in each run: a linear congruential generator with the constants of Numerical Recipes. */
function randomNumbers(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** Normally distributed (Box and Muller). */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
