/**
 * The fleet as a process of its own, so that what it costs is not counted as the recorder's:
 *
 *   node bench/fleet/fleet-process.ts '{"cameras": 10, …}'
 *
 * Prints a line of JSON for each clip that it has to make, then `{"ready":true,"port":N}`. Takes a command a line:
 * `ledger` (answered with one line of JSON), `begin` (the fault clock starts), `push PORT KEY`, `pause`, `drop`. Ends
 * with its input.
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { packetizeClip } from '../../src/simulator/clip.ts';
import { type ClipSpec, ensureClip } from '../../src/simulator/ensure-clip.ts';
import { readOptions } from '../../src/simulator/process-options.ts';
import { makeSoundClip } from '../../src/simulator/sound-clip.ts';
import { parseFaults } from './faults.ts';
import { Fleet } from './fleet.ts';
import { type FleetCamera, type FleetClip, phaseOf } from './fleet-camera.ts';
import { cameraPath, type FleetOptions, fleetOptionsSchema, subPath } from './fleet-options.ts';
import { FleetState } from './fleet-state.ts';
import { flvClip } from './flv-clip.ts';
import { type Programme, programmeOf, resizedOf, subStreamOf } from './profile.ts';

const tell = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

async function main(): Promise<void> {
  const options = readOptions(fleetOptionsSchema, 'fleet');
  if (!options) {
    process.exitCode = 2;
    return;
  }
  // Whoever started it is gone when its input ends: even while clips are being made.
  const input = createInterface({ input: process.stdin });
  input.on('close', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  // Ctrl+C goes to the whole group of processes; whoever started this one ends it in time.
  process.on('SIGINT', () => undefined);

  const faults = parseFaults(options.faults);
  if (typeof faults === 'string') throw new Error(faults);
  const state = new FleetState(faults, options.aligned);
  const fleet = await Fleet.start(
    await camerasOf(options, faults.resize !== undefined, faults.slowShare),
    state,
  );
  input.on('line', (line) => {
    const [command, port, key] = line.split(' ');
    if (command === 'ledger') tell(fleet.ledger());
    if (command === 'begin') fleet.begin();
    if (command === 'pause') fleet.pause();
    if (command === 'drop') fleet.drop();
    if (command === 'push' && key !== undefined) fleet.pushTo(Number(port), key);
  });
  tell({ ready: true, port: fleet.port });
}

async function camerasOf(options: FleetOptions, resizes: boolean, slowShare: number): Promise<FleetCamera[]> {
  const { profile, encoding } = options;
  const clips = new Map<string, Promise<FleetClip>>();
  // One after another: an encoder takes every core that there is.
  let last: Promise<unknown> = Promise.resolve();
  const clipOf = (spec: ClipSpec): Promise<FleetClip> => {
    const key = JSON.stringify(spec);
    const known = clips.get(key);
    if (known) return known;
    const made = last.then(() => loadFleetClip(spec, options));
    last = made;
    clips.set(key, made);
    return made;
  };
  const sound = options.sound ? await makeSoundClip() : undefined;
  const cameraOf = async (path: string, index: number, programme: Programme, size?: Programme) => ({
    ...{ path, index, sound, slow: phaseOf(index) < slowShare },
    clip: await clipOf(programme.clip),
    event: programme.event && (await clipOf(programme.event)),
    resized: size && (await clipOf(size.clip)),
  });
  const cameras: FleetCamera[] = [];
  for (let index = 0; index < options.cameras; index++) {
    const size = resizes ? resizedOf(profile, encoding, index) : undefined;
    cameras.push(await cameraOf(cameraPath(index), index, programmeOf(profile, encoding, index), size));
    if (!options.subStreams) continue;
    cameras.push(await cameraOf(subPath(index), index, subStreamOf(profile, encoding, index)));
  }
  return cameras;
}

async function loadFleetClip(spec: ClipSpec, { cacheFolder, pushes }: FleetOptions): Promise<FleetClip> {
  const { scene, width, height, codec } = spec;
  tell({ clip: `${scene}, ${width}×${height}, ${codec}` });
  const path = await ensureClip(spec, cacheFolder);
  const bytes = await readFile(path);
  const rtp = packetizeClip(bytes, { codec, fps: spec.fps }, true, path);
  return { rtp, flv: pushes ? flvClip(bytes, rtp) : undefined };
}

try {
  await main();
} catch (error) {
  process.stderr.write(`The fleet ended: ${(error as Error).message}\n`);
  process.exit(1);
}
