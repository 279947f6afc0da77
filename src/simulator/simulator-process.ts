/**
 * The simulator as a process of its own, so that what it costs is not counted as the recorder's:
 *
 *   node src/simulator/simulator-process.ts '{"cacheFolder": "…", "cameras": [{"path": "cam-1", "clip": {…}}]}'
 *
 * Prints `{"ready":true,"port":N}`; answers a line `stats` on its input with one line of JSON, takes `pause` (no more frames) and `drop` (break all
 * connections), and ends with its input.
 */
import { createInterface } from 'node:readline';
import { type Clip, loadClip } from './clip.ts';
import { ensureClip } from './ensure-clip.ts';
import { type ProcessOptions, processOptionsSchema, readOptions } from './process-options.ts';
import { startSimulator } from './rtsp-server.ts';

async function main(): Promise<void> {
  const options = readOptions(processOptionsSchema, 'simulator');
  if (!options) {
    process.exitCode = 2;
    return;
  }
  // Whoever started it is gone when its input ends: even while clips are being made.
  const input = createInterface({ input: process.stdin });
  input.on('close', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  process.on('SIGINT', () => process.exit(0));

  const clips = new Map<string, Promise<Clip>>();
  const clipOf = (spec: ProcessOptions['cameras'][number]['clip']): Promise<Clip> => {
    const key = JSON.stringify(spec);
    const known = clips.get(key);
    if (known) return known;
    const loaded = ensureClip(spec, options.cacheFolder).then((path) =>
      loadClip(path, options.identity === true),
    );
    clips.set(key, loaded);
    return loaded;
  };
  const cameras = await Promise.all(
    options.cameras.map(async (camera) => ({ ...camera, clip: await clipOf(camera.clip) })),
  );
  const simulator = await startSimulator({ ...options, cameras });
  input.on('line', (line) => {
    if (line === 'stats') process.stdout.write(`${JSON.stringify(simulator.stats())}\n`);
    if (line === 'drop') simulator.dropClients();
    if (line === 'pause') simulator.pause();
  });
  process.stdout.write(`${JSON.stringify({ ready: true, port: simulator.port })}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`The simulator ended: ${(error as Error).message}\n`);
  process.exit(1);
}
