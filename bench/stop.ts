/**
 * How long a server takes to stop in order: every fragment flushed, every segment closed, nothing for the next start to
 * settle, while every camera goes on sending.
 *
 *   node bench/stop.ts [--cameras 217] [--seconds 10] [--bitrate 4M] [--folder FOLDER]
 *
 * Exits 1 when it takes longer than five seconds, or leaves anything behind.
 */
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseRate } from '../src/config/units.ts';
import { measureStop } from './orderly-stop.ts';

const MOST_SECONDS = 5;

const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '217' },
    seconds: { type: 'string', default: '10' },
    bitrate: { type: 'string', default: '4M' },
    folder: { type: 'string' },
  },
});
const [cameras, seconds, bitrateBps] = [
  Number(values.cameras),
  Number(values.seconds),
  parseRate(values.bitrate),
];
if (!(Number.isInteger(cameras) && cameras >= 1 && cameras <= 5_000 && seconds >= 0 && bitrateBps)) {
  process.stderr.write('See the first lines of bench/stop.ts.\n');
  process.exit(2);
}
const load = loadavg()[0]?.toFixed(1);
const result = await measureStop({
  ...{ cameras, seconds, folder: values.folder, clipFolder: join(tmpdir(), 'vigie-bench-clips') },
  clip: {
    ...{
      codec: 'h264',
      width: 1920,
      height: 1080,
      fps: 25,
      gopFrames: 50,
      frames: 200,
      bitrateBps,
      scene: 'busy',
    },
  },
});
const { leftOpen, recovered, unfinished, missing, doubled, settledAtNextStart, exitCode } = result;
process.stdout.write(
  `${cameras} cameras stopped in ${result.seconds.toFixed(2)} s (load of the machine before: ${load})\n`,
);
process.stdout.write(`${JSON.stringify(result)}\n`);
const left = leftOpen + recovered + unfinished + missing + doubled + settledAtNextStart;
process.exitCode = exitCode === 0 && left === 0 && result.seconds <= MOST_SECONDS ? 0 : 1;
