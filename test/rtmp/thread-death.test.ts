import { once } from 'node:events';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { RtmpService } from '../../src/rtmp/rtmp-service.ts';
import type { SimulatorProcess } from '../../src/simulator/spawn.ts';
import { wallMicros } from '../../src/time/units.ts';
import { spawnSmallCameras } from '../support/cameras.ts';
import { type Encoder, encodeWithSound, pushFile } from '../support/encoder.ts';
import { type RunningRecording, startRecording } from '../support/recording-service.ts';
import { temporaryFolder, until } from '../support/vigie.ts';

const KEY = 'the-right-key-of-it';

describe('an RTMP thread, and a recording thread, that die', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let simulator: SimulatorProcess;
  let recording: RunningRecording;
  let rtmp: RtmpService;
  let rtmpWorker: Worker;
  let ingestWorker: Worker;
  let file: string;
  const encoders: Encoder[] = [];
  let rtmpDeaths = 0;

  beforeAll(async () => {
    folder = await temporaryFolder();
    file = join(folder.path, 'numbers.mp4');
    await encodeWithSound(file, 1_000, 25);
    simulator = await spawnSmallCameras(['pulled']);
    rtmp = new RtmpService({
      setup: { host: '127.0.0.1', port: 0, cameras: [{ cameraNo: 2, id: 'pushed', key: KEY }] },
      onRestarted: () => recording.service.reconnectRtmp(),
      observer: {
        died: () => void rtmpDeaths++,
        ...{ published() {}, refused() {}, counts() {} },
      },
    });
    const created = once(process, 'worker') as Promise<[Worker]>;
    expect(await rtmp.start()).toBeUndefined();
    [rtmpWorker] = await created;
    const createdIngest = once(process, 'worker') as Promise<[Worker]>;
    recording = await startRecording(
      { pulled: simulator.url('pulled'), pushed: { kind: 'rtmp', address: 'rtmp://here' } },
      { connectRtmp: () => rtmp.connect() },
    );
    [ingestWorker] = await createdIngest;
  }, 120_000);

  afterAll(async () => {
    for (const encoder of encoders) encoder.kill();
    await recording?.remove();
    await rtmp?.stop();
    await simulator?.stop();
    await folder?.remove();
  });

  const state = (cameraNo: number) => recording.service.status(cameraNo)?.state;
  const push = (): Encoder => {
    const encoder = pushFile(bundledFfmpeg, file, `rtmp://127.0.0.1:${rtmp.port}/live/pushed?key=${KEY}`);
    encoders.push(encoder);
    return encoder;
  };
  const gaps = async (cameraNo: number) =>
    (await recording.catalog.gapsBetween(cameraNo, wallMicros(0), wallMicros(4e15))).map(
      ({ cause }) => cause,
    );

  it('the RTMP thread: encoders come again to the same port, and cameras that are pulled notice nothing', async () => {
    push();
    await until('both are recorded', () => state(1) === 'recording' && state(2) === 'recording', 30);
    const { port } = rtmp;
    await rtmpWorker.terminate();
    await until('it is noticed', () => state(2) === 'offline', 30);
    expect(recording.service.status(2)?.reason).toMatch(
      /RTMP server is being started again|connection to the encoder/,
    );
    await until('it is started again', () => [...rtmp.problems()].length === 0, 30);
    expect(rtmp.port).toBe(port);
    push();
    await until('the pushed camera is recorded again', () => state(2) === 'recording', 30);
    expect(state(1)).toBe('recording');
    expect([rtmpDeaths, recording.deaths]).toEqual([1, []]);
    expect(await gaps(1)).not.toContain('offline');
    expect(await gaps(2)).toContain('offline');
  }, 90_000);

  it('the recording thread: the encoder keeps its connection, waits, and is recorded again', async () => {
    const encoder = encoders.at(-1) as Encoder;
    await ingestWorker.terminate();
    // The status is the last one that the thread told: frames that are counted anew are from the next one.
    await until('it is noticed', () => recording.deaths.length > 0, 30);
    const before = recording.service.status(2)?.stats.frames ?? 0;
    await until('it counts anew', () => (recording.service.status(2)?.stats.frames ?? before) < before, 30);
    await until('both are recorded again', () => state(1) === 'recording' && state(2) === 'recording', 30);
    expect(encoder.hasEnded()).toBe(false);
    expect(rtmpDeaths).toBe(1);
    expect(recording.deaths).toMatchObject([{ thread: 'ingest-1' }]);
  }, 90_000);
});
