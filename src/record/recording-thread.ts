import type { MessagePort } from 'node:worker_threads';
import { CameraHub } from '../ingest/camera-hub.ts';
import { createSourceMemory, isPushed, openSource } from '../ingest/camera-source.ts';
import { CameraSupervisor } from '../ingest/camera-supervisor.ts';
import { ReceivingThread } from '../ingest/receiving-thread.ts';
import { ClockStepDetector } from '../time/clock-step.ts';
import { microsToTicks } from '../time/units.ts';
import { CameraRecorder } from './camera-recorder.ts';
import type { RecorderEvent } from './recorder-event.ts';
import { StagingBuffers } from './staging-buffers.ts';
import type { ThreadCommand, ThreadReport, ThreadSetup } from './thread-messages.ts';

const SLAB_BYTES = 64 * 1024;
const REPORT_MILLIS = 250;

/**
 * What runs in a recording thread: the cameras given to it, from socket to disk. It shares nothing with the main
 * thread but messages, so that no request, query or crash there can hold up a socket here.
 */
export function runRecordingThread(port: MessagePort, setup: ThreadSetup): void {
  const thread = new ReceivingThread(port, setup, SLAB_BYTES);
  const { clock, pool, tools } = thread;
  const staging = stagingBuffers();
  const steps = new ClockStepDetector(clock);
  const report = (message: ThreadReport): void => port.postMessage(message);

  let events: RecorderEvent[] = [];
  let writeMicros: number[] = [];
  const sendEvents = (): void => {
    if (events.length === 0 && writeMicros.length === 0) return;
    report({ kind: 'events', events, writeMicros });
    events = [];
    writeMicros = [];
  };

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
    const tap = watch && thread.tap(cameraNo, watch);
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
      thread.firstConnect(index, setup.cameras.length),
    );
    return { cameraNo, hub, recorder, supervisor };
  });

  const sender = setInterval(sendEvents, REPORT_MILLIS);
  const stop = async (): Promise<void> => {
    thread.stop();
    for (const camera of cameras) camera.supervisor.stop('shutdown');
    tools.rtmp.disconnect();
    await Promise.all(cameras.map((camera) => camera.recorder.drained()));
    clearInterval(sender);
    sendEvents();
    report({ kind: 'stopped' });
    port.close();
  };
  port.on('message', (command: ThreadCommand) => {
    if (command.kind === 'stop') void stop();
    else if (command.kind === 'rtmp') tools.rtmp.connect(command.port);
    else thread.obey(command);
  });
  thread.run(
    (now) => {
      for (const { supervisor } of cameras) supervisor.tick(now);
    },
    (load) => {
      const stepped = steps.check();
      if (stepped !== 0) {
        for (const { hub } of cameras) hub.restartAtKey();
        report({ kind: 'clock-step', micros: stepped });
      }
      report({
        kind: 'status',
        cameras: cameras.map(({ cameraNo, supervisor }) => ({ cameraNo, status: supervisor.status() })),
        load,
        buffers: { bytes: pool.takenBytes, budgetBytes: pool.budgetBytes },
      });
    },
  );
}

/** Where there is too little address space for them (`ulimit -v`), the file cache does. */
function stagingBuffers(): StagingBuffers | undefined {
  try {
    return new StagingBuffers();
  } catch {
    return undefined;
  }
}
