import type { MessagePort } from 'node:worker_threads';
import { CameraHub } from '../ingest/camera-hub.ts';
import { createSourceMemory, isPushed, openSource } from '../ingest/camera-source.ts';
import { CameraSupervisor } from '../ingest/camera-supervisor.ts';
import { SlabPool } from '../media/slab-pool.ts';
import { RtmpInbox } from '../rtmp/rtmp-inbox.ts';
import { ClockStepDetector } from '../time/clock-step.ts';
import { systemClock } from '../time/clock.ts';
import { ThreadMeter } from '../time/thread-load.ts';
import { microsToTicks, type MonoMicros } from '../time/units.ts';
import { PictureTap } from '../watch/picture-tap.ts';
import { WatchOutbox } from '../watch/watch-outbox.ts';
import { CameraRecorder } from './camera-recorder.ts';
import type { RecorderEvent } from './recorder-event.ts';
import { StagingBuffers } from './staging-buffers.ts';
import type { ThreadCommand, ThreadReport, ThreadSetup } from './thread-messages.ts';

const READ_BUFFER_BYTES = 64 * 1024;
const SLAB_BYTES = 64 * 1024;
/** For connecting and for each answer of a camera. */
const ANSWER_MILLIS = 10_000;
const TICK_MILLIS = 250;
const REPORT_MILLIS = 250;
const WATCH_MILLIS = 100;
const STATUS_MICROS = 1_000_000;
/** First connections are this far apart, and all within a few seconds. */
const START_STEP_MICROS = 25_000;
const LONGEST_START_MICROS = 5_000_000;

/**
 * What runs in a recording thread: the cameras given to it, from socket to disk. It shares nothing with the main
 * thread but messages, so that no request, query or crash there can hold up a socket here.
 */
export function runRecordingThread(port: MessagePort, setup: ThreadSetup): void {
  const clock = systemClock;
  const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const pool = new SlabPool({ slabBytes: SLAB_BYTES, budgetBytes: setup.bufferBytes });
  const staging = stagingBuffers();
  const rtmp = new RtmpInbox();
  const steps = new ClockStepDetector(clock);
  const meter = new ThreadMeter();
  const report = (message: ThreadReport): void => port.postMessage(message);

  let events: RecorderEvent[] = [];
  let writeMicros: number[] = [];
  const sendEvents = (): void => {
    if (events.length === 0 && writeMicros.length === 0) return;
    report({ kind: 'events', events, writeMicros });
    events = [];
    writeMicros = [];
  };

  const outbox = new WatchOutbox({
    budgetBytes: setup.watchBytes,
    send: (watched, shed, transfer) =>
      port.postMessage({ kind: 'watch', report: watched, shed } satisfies ThreadReport, transfer),
  });

  const tools = { readBuffer, rtmp, timeoutMillis: ANSWER_MILLIS, udpPorts: setup.udpPorts };
  const began = clock.mono();
  const firstStream = clock.wall();
  const step = Math.min(START_STEP_MICROS, LONGEST_START_MICROS / Math.max(1, setup.cameras.length));
  const cameras = setup.cameras.map((camera, index) => {
    const { cameraNo } = camera;
    const recorder = new CameraRecorder({
      camera,
      storageRoot: setup.storageRoot,
      staging,
      segmentMicros: setup.segmentMicros,
      syncMicros: setup.syncMicros,
      clock,
      emit: (event) => void events.push(event),
      onWrite: (micros) => void writeMicros.push(micros),
      onProblem: (cause, error) =>
        report({ kind: 'disk', cameraNo, cause, problem: (error as Error).message }),
    });
    const { audio, watch } = camera;
    const fragmentTicks = microsToTicks(setup.fragmentMicros);
    const tap = watch && new PictureTap({ cameraNo, frames: watch, outbox, firstStream });
    const hub = new CameraHub({ pool, sink: recorder, fragmentTicks, audio, tap });
    const memory = createSourceMemory();
    const supervisor = new CameraSupervisor(
      {
        open: (listener) => openSource(camera, tools, memory, hub, listener),
        pushed: isPushed(camera.source),
        hub,
        sink: recorder,
        clock,
        random: Math.random,
        onChange: (state, reason) => report({ kind: 'camera', cameraNo, state, reason }),
      },
      (began + index * step) as MonoMicros,
    );
    return { cameraNo, hub, tap, recorder, supervisor };
  });
  const taps = new Map(cameras.map(({ cameraNo, tap }) => [cameraNo, tap]));

  let statusAt = 0;
  const tick = (): void => {
    const now = clock.mono();
    for (const camera of cameras) camera.supervisor.tick(now);
    if (now < statusAt) return;
    statusAt = now + STATUS_MICROS;
    const stepped = steps.check();
    if (stepped !== 0) {
      for (const camera of cameras) camera.hub.restartAtKey();
      report({ kind: 'clock-step', micros: stepped });
    }
    pool.trim();
    report({
      kind: 'status',
      cameras: cameras.map(({ cameraNo, supervisor }) => ({ cameraNo, status: supervisor.status() })),
      load: meter.take(),
      buffers: { bytes: pool.takenBytes, budgetBytes: pool.budgetBytes },
    });
  };
  const ticker = setInterval(tick, TICK_MILLIS);
  const sender = setInterval(sendEvents, REPORT_MILLIS);
  const watcher = setInterval(() => outbox.flush(), WATCH_MILLIS);

  const stop = async (): Promise<void> => {
    clearInterval(ticker);
    clearInterval(watcher);
    for (const camera of cameras) camera.supervisor.stop('shutdown');
    rtmp.disconnect();
    await Promise.all(cameras.map((camera) => camera.recorder.drained()));
    clearInterval(sender);
    sendEvents();
    meter.stop();
    report({ kind: 'stopped' });
    port.close();
  };
  port.on('message', (command: ThreadCommand) => {
    switch (command.kind) {
      case 'stop':
        void stop();
        return;
      case 'rtmp':
        rtmp.connect(command.port);
        return;
      case 'watch-taken':
        outbox.taken();
        return;
      case 'seen':
        for (const { cameraNo, moving } of command.sightings) taps.get(cameraNo)?.seen(moving, clock.mono());
        return;
    }
  });
  tick();
}

/** Where there is too little address space for them (`ulimit -v`), the file cache does. */
function stagingBuffers(): StagingBuffers | undefined {
  try {
    return new StagingBuffers();
  } catch {
    return undefined;
  }
}
