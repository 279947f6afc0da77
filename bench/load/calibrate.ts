import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawnFleet } from '../fleet/spawn-fleet.ts';
import { fleetOf, type Load } from './load.ts';
import { treeCost } from './process-tree.ts';
import type { Progress } from './measure.ts';

const PROGRAM = fileURLToPath(new URL('byte-sink.ts', import.meta.url));
const SETTLE_MILLIS = 1_000;
const MAX_SECONDS = 4;
/** More say nothing that fewer do not. */
const MAX_CAMERAS = 100;

/** What this machine is worth: the CPU of reading the cameras' bytes and nothing else. */
export interface Calibration {
  readonly cameras: number;
  /** Cores a camera. */
  readonly sinkCpu: number;
  readonly fleetCpu: number;
}

/** @throws Error when the sink is refused */
export async function calibrate(load: Load, progress: Progress): Promise<Calibration> {
  const cameras = Math.min(MAX_CAMERAS, load.cameras);
  const most = Math.min(MAX_SECONDS, load.seconds / 2);
  const udp = load.transport === 'udp';
  const options = { ...fleetOf({ ...load, cameras, motion: 'off', transport: 'tcp' }), faults: '' };
  const fleet = await spawnFleet(options, (clip) => progress(`making a clip: ${clip}`, 0));
  const sink = spawn(process.execPath, [PROGRAM, `${fleet.port}`, `${cameras}`, udp ? 'udp' : 'tcp'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const ready = await Promise.race([once(sink.stdout, 'data'), once(sink, 'exit').then(() => undefined)]);
    if (ready === undefined) throw new Error('The byte sink was refused by the cameras.');
    await sleep(SETTLE_MILLIS);
    const cost = (): number => treeCost([sink.pid as number]).cpuSeconds;
    const [before, fleetBefore, began] = [cost(), treeCost([fleet.pid]).cpuSeconds, performance.now()];
    for (let passed = 0; passed < most; passed = (performance.now() - began) / 1_000) {
      progress('calibrating: what receiving alone costs', passed / most);
      await sleep(200);
    }
    const seconds = (performance.now() - began) / 1_000;
    return {
      cameras,
      sinkCpu: (cost() - before) / seconds / cameras,
      fleetCpu: (treeCost([fleet.pid]).cpuSeconds - fleetBefore) / seconds / cameras,
    };
  } finally {
    sink.stdin.end();
    await fleet.stop();
  }
}
