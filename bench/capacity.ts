/**
 * How many cameras does this machine carry? Simulated cameras in one process, the server as a user starts it in
 * another, and at the end the recorded files are read: every frame that was sent is looked for in them.
 *
 *   npm run bench -- --cameras 20,217 --bitrate 4M --gop 2s --seconds 60 [--baseline ffmpeg] [--json FILE]
 *
 * CPU and memory are what the operating system counts for the server's process. Exits 1 when a frame is missing.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parseDuration, parseRate } from '../src/config/units.ts';
import { type Measured, measureFfmpeg, measureVigie, type Load } from './measure.ts';

const HELP = `npm run bench -- [options]

  --cameras N,N,…   how many, one run each (20,217)
  --bitrate RATE    of each camera (4M)
  --size WxH        picture (1920x1080)
  --gop DURATION    between key frames (2s)
  --seconds N       measured, after everything is recording (60)
  --align           key frames of all cameras at once: the worst case
  --cold            without touching memory first, as in the first minutes of a virtual machine that was idle
  --baseline ffmpeg the same cameras recorded by one "ffmpeg -c copy -f segment" each, up to 50 of them
  --folder FOLDER   where recordings go for the time being (the system's temporary folder)
  --json FILE       the figures for a program
`;

const FRAMES_PER_SECOND = 25;
const MAX_BASELINE_CAMERAS = 50;

const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '20,217' },
    bitrate: { type: 'string', default: '4M' },
    size: { type: 'string', default: '1920x1080' },
    gop: { type: 'string', default: '2s' },
    seconds: { type: 'string', default: '60' },
    align: { type: 'boolean', default: false },
    cold: { type: 'boolean', default: false },
    baseline: { type: 'string' },
    folder: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const counts = values.cameras.split(',').map(Number);
if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > 5_000)) {
  fail(`--cameras takes counts from 1 to 5000. Got ${values.cameras}`);
}
if (values.baseline !== undefined && values.baseline !== 'ffmpeg') fail('--baseline knows ffmpeg only.');
const size =
  /^(\d{2,4})x(\d{2,4})$/.exec(values.size) ?? fail(`--size is as in 1920x1080. Got ${values.size}`);
const seconds = Number(values.seconds);
if (!(seconds >= 5 && seconds <= 86_400)) fail('--seconds is from 5 to 86400.');
const load = (cameras: number): Load => ({
  cameras,
  seconds,
  folder: values.folder,
  alignKeyFrames: values.align,
  warm: !values.cold,
  clip: {
    codec: 'h264',
    width: Number(size[1]),
    height: Number(size[2]),
    fps: FRAMES_PER_SECOND,
    gopFrames: Math.round(
      ((parseDuration(values.gop) ?? fail('--gop is as in 2s')) * FRAMES_PER_SECOND) / 1e6,
    ),
    frames: 200,
    bitrateBps: parseRate(values.bitrate) ?? fail('--bitrate is as in 4M'),
    scene: 'busy',
  },
});

const results: Measured[] = [];
const row = (cells: readonly (string | number)[]): void => {
  process.stdout.write(`${cells.map((cell, i) => String(cell).padStart(i === 0 ? 8 : 11)).join('')}\n`);
};
row(['who', 'cameras', 'frames', 'missing', 'cpu', 'cpu/camera', 'rss MB', 'rss/camera', 'loop p99']);
for (const count of counts) {
  const runs = [measureVigie];
  if (values.baseline && count <= MAX_BASELINE_CAMERAS) runs.push(measureFfmpeg);
  for (const measure of runs) {
    const measured = await measure(load(count));
    results.push(measured);
    const { who, cameras, found, missing, cpu, residentBytes, loopDelaySeconds } = measured;
    const megabytes = residentBytes / 1e6;
    row([
      ...[
        who,
        cameras,
        found,
        missing,
        `${(cpu * 100).toFixed(2)} %`,
        `${((cpu * 100) / cameras).toFixed(3)} %`,
      ],
      ...[megabytes.toFixed(0), (megabytes / cameras).toFixed(1)],
      loopDelaySeconds === undefined ? '-' : `${(loopDelaySeconds * 1000).toFixed(0)} ms`,
    ]);
    if (measured.threads) {
      const shares = [...measured.threads].map(([name, share]) => `${name} ${(share * 100).toFixed(1)} %`);
      process.stdout.write(`         ${shares.join(', ')}\n`);
    }
  }
}
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ load: load(0), results }, undefined, 2)}\n`);
}
if (
  results.some(
    ({ who, missing, doubled, outOfOrder }) => who === 'vigie' && missing + doubled + outOfOrder > 0,
  )
) {
  process.stdout.write('Frames are missing, doubled or out of order: this load is too much.\n');
  process.exitCode = 1;
}
