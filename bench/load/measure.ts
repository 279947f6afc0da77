import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSubPath } from '../fleet/fleet-options.ts';
import type { FleetLedger } from '../fleet/sent-frames.ts';
import { type FleetProcess, spawnFleet } from '../fleet/spawn-fleet.ts';
import type { RecorderName, RunningRecorder, StartRecorder } from '../recorders/recorder.ts';
import { RunCheck } from '../verdict/run-check.ts';
import { bytesPerSecond, fleetOf, type Load, tailFrames } from './load.ts';
import { bytesWaitingAt, machineTimes } from './machine.ts';
import type { Measured, Moment } from './measured.ts';
import { partShares, peakResident, treeCost } from './process-tree.ts';
import { noRoomFor } from './room.ts';
import { metricsOf, ServerWatch } from './server-watch.ts';
import { removeAtExit } from './scratch.ts';
import { startWatchers } from './spawn-watchers.ts';

/** What is going on, for a person who waits: `share` of it is done. */
export type Progress = (doing: string, share: number) => void;

const START_SECONDS = 60;
/** What is still on its way when the cameras fall silent gets so long to arrive. */
const DRAIN_SECONDS = 10;
/** From the socket to the file: a fragment that is written, and the write of it. */
const FLUSH_MILLIS = 1_000;
const MOMENT_MILLIS = 1_000;

/**
 * Has a fleet recorded, counts what that costs, and looks for every frame in the files.
 *
 * @throws Error when there is no room for it, or the recorder does not come to record all cameras
 */
export async function measure(
  who: RecorderName,
  start: StartRecorder,
  load: Load,
  progress: Progress,
): Promise<Measured> {
  const noRoom = await noRoomFor(load);
  if (noRoom !== undefined) throw new Error(noRoom);
  const folder = await mkdtemp(join(load.folder, 'vigie-bench-'));
  const forget = removeAtExit(folder);
  progress('starting the cameras', 0);
  const fleet = await spawnFleet(fleetOf(load), (clip) => progress(`making a clip: ${clip}`, 0));
  let recorder: RunningRecorder | undefined;
  try {
    progress('starting the recorder', 0);
    recorder = await start(load, fleet, folder);
    return await measureRunning(who, recorder, fleet, load, folder, progress);
  } finally {
    await recorder?.stop();
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
    forget();
  }
}

async function measureRunning(
  who: RecorderName,
  recorder: RunningRecorder,
  fleet: FleetProcess,
  load: Load,
  folder: string,
  progress: Progress,
): Promise<Measured> {
  const check = new RunCheck(tailFrames(load));
  await untilAllPlay(fleet, load, recorder, check, progress);
  await pass(load.settleSeconds, recorder, progress, 'settling');

  const watchers = await startWatchers(recorder.url, load);
  const server = recorder.url === undefined ? undefined : await ServerWatch.start(recorder.url);
  check.told(await fleet.ledger());
  fleet.begin();
  const began = performance.now();
  const [cost, fleetCost, machine] = [treeCost(recorder.pids), treeCost([fleet.pid]), machineTimes(folder)];
  const moments: Moment[] = [];
  let last = { at: began, cpu: cost.cpuSeconds };
  const look = (): void => {
    const now = performance.now();
    const { cpuSeconds, residentBytes } = treeCost(recorder.pids);
    const cpu = (cpuSeconds - last.cpu) / Math.max(0.001, (now - last.at) / 1_000);
    moments.push({ seconds: (now - began) / 1_000, cpu, residentBytes });
    last = { at: now, cpu: cpuSeconds };
  };
  const timer = setInterval(look, MOMENT_MILLIS);
  await pass(load.seconds, recorder, progress, 'measuring');
  clearInterval(timer);
  const seconds = (performance.now() - began) / 1_000;
  const [costAfter, fleetAfter] = [treeCost(recorder.pids), treeCost([fleet.pid])];
  const machineAfter = machineTimes(folder);
  // A share of a few milliseconds would be of whatever happened in them.
  if (performance.now() - last.at > MOMENT_MILLIS / 2) look();
  const told = await server?.stop(seconds);
  const watching = await watchers?.stop();

  progress('letting what is on its way arrive', 0);
  const ledger = await fleet.pause();
  const behindSeconds = waiting(fleet, ledger) / bytesPerSecond(load);
  check.told(ledger);
  const died = recorder.died();
  for (let tries = 0; tries < DRAIN_SECONDS * 10 && bytesWaitingAt(fleet.port) > 0; tries++) await sleep(100);
  await sleep(FLUSH_MILLIS);
  const peak = recorder.pids.reduce((sum, pid) => sum + peakResident(pid), 0);
  await recorder.stop();
  progress('looking for every frame in the files', 0);
  await recorder.check(check);
  const all = machineAfter.allSeconds - machine.allSeconds;
  const busySeconds = machineAfter.busySeconds - machine.busySeconds;
  const cpu = (costAfter.cpuSeconds - cost.cpuSeconds) / seconds;
  const fleetCpu = (fleetAfter.cpuSeconds - fleetCost.cpuSeconds) / seconds;
  return {
    ...{ who, cameras: load.cameras, seconds, findings: check.finish() },
    cpu,
    systemCpu: (costAfter.systemSeconds - cost.systemSeconds) / seconds,
    residentBytes: Math.max(peak, ...moments.map((moment) => moment.residentBytes)),
    ...{ handles: costAfter.handles, processes: costAfter.processes },
    parts: partShares(cost, costAfter, seconds),
    ...{ moments, behindSeconds, told, watching, died },
    fleet: {
      cpu: fleetCpu,
      lateMillis: ledger.pace.lateMillis,
      longestRoundMillis: ledger.pace.longestRoundMillis,
    },
    machine: {
      busy: busySeconds / all,
      stolen: (machineAfter.stolenSeconds - machine.stolenSeconds) / all,
      diskBusy: (machineAfter.diskBusySeconds - machine.diskBusySeconds) / seconds,
      othersCpu: Math.max(0, busySeconds / seconds - cpu - fleetCpu),
    },
  };
}

/** Bytes that cameras have sent and the recorder has not taken. */
const waiting = (fleet: FleetProcess, ledger: FleetLedger): number =>
  bytesWaitingAt(fleet.port) + ledger.pace.pendingBytes;

async function untilAllPlay(
  fleet: FleetProcess,
  load: Load,
  recorder: RunningRecorder,
  check: RunCheck,
  progress: Progress,
): Promise<void> {
  const playing = new Set<string>();
  for (const end = performance.now() + START_SECONDS * 1_000; performance.now() < end; ) {
    const ledger = await fleet.ledger();
    check.told(ledger);
    for (const { camera, firstKey } of ledger.sessions) {
      if (firstKey >= 0 && !isSubPath(camera)) playing.add(camera);
    }
    progress('connecting the cameras', playing.size / load.cameras);
    if (playing.size >= load.cameras && (await areAllRecording(recorder, load))) return;
    const died = recorder.died();
    if (died !== undefined) throw new Error(died);
    await sleep(100);
  }
  throw new Error(
    `After ${START_SECONDS} s the recorder does not record all of ${load.cameras} cameras; ${playing.size} are sending.`,
  );
}

/** As far as the recorder tells: something of each is on disk. */
async function areAllRecording({ url }: RunningRecorder, { cameras }: Load): Promise<boolean> {
  if (url === undefined) return true;
  const recorded = (await metricsOf(url)).get('vigie_recorded_seconds_total') ?? [];
  return recorded.filter(({ value }) => value > 0).length >= cameras;
}

/** Lets time go by; ends early when the recorder does. */
async function pass(
  seconds: number,
  recorder: RunningRecorder,
  progress: Progress,
  doing: string,
): Promise<void> {
  const began = performance.now();
  for (;;) {
    const passed = (performance.now() - began) / 1_000;
    if (passed >= seconds || recorder.died() !== undefined) return;
    progress(`${doing}: ${Math.floor(passed)} of ${seconds} s`, passed / seconds);
    await sleep(Math.min(200, (seconds - passed) * 1_000));
  }
}
