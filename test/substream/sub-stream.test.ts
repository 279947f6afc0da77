import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { checkFrames } from '../../bench/recorded-frames.ts';
import type { SimulatorProcess } from '../../src/simulator/spawn.ts';
import { spawnSimulator } from '../../src/simulator/spawn.ts';
import { SubStreamService } from '../../src/substream/sub-stream-service.ts';
import type { SubStreamOrder } from '../../src/substream/thread-messages.ts';
import { parseAvcC } from '../../src/media/h264/decoder-config.ts';
import type { WatchedPicture } from '../../src/watch/watched-picture.ts';
import { CLIP_CACHE, smallClip, spawnSmallCameras } from '../support/cameras.ts';
import { freePort } from '../support/free-port.ts';
import { recordedFrames } from '../support/recorded.ts';
import { type RunningRecording, startRecording } from '../support/recording-service.ts';
import { until } from '../support/vigie.ts';

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of running.splice(0).toReversed()) await end();
});

const SECRET = 'streng-geheim';

/** Small streams with a key frame every fifth of a second, in a process of their own. */
async function subStreams(
  paths: readonly string[],
  options: { readonly port?: number; readonly locked?: boolean; readonly loseEvery?: number } = {},
): Promise<SimulatorProcess> {
  const clip = smallClip({ gopFrames: 5, frames: 50, width: 160, height: 96, bitrateBps: 100_000 });
  const credentials = { user: 'u', password: SECRET, scheme: 'digest-md5' } as const;
  const { loseEvery } = options;
  const simulator = await spawnSimulator({
    ...{ cacheFolder: CLIP_CACHE, port: options.port ?? 0 },
    cameras: paths.map((path) => ({
      ...{ path, clip },
      ...(options.locked === true && { credentials }),
      ...(loseEvery !== undefined && { faults: { loseEvery } }),
    })),
  });
  running.push(() => simulator.stop());
  return simulator;
}

interface Watched {
  readonly service: SubStreamService;
  readonly pictures: WatchedPicture[];
  readonly said: string[];
  readonly deaths: unknown[];
  readonly of: (cameraNo: number) => readonly WatchedPicture[];
}

function watch(streams: readonly (Pick<SubStreamOrder, 'frames'> & { readonly url: string })[]): Watched {
  const pictures: WatchedPicture[] = [];
  const said: string[] = [];
  const deaths: unknown[] = [];
  const service = new SubStreamService({
    streams: streams.map(({ url, frames }, index) => ({
      ...{ cameraNo: index + 1, frames, source: { kind: 'rtsp', url } },
    })),
    udpPorts: undefined,
    onReport: (report) => void pictures.push(...report.pictures),
    observer: {
      subStreamChanged: (cameraNo, state, reason) => void said.push(`${cameraNo} ${state} ${reason}`),
      threadDied: (_thread, error) => void deaths.push(error),
      ...{ threadReported() {}, watchShed() {}, watchFailed() {} },
    },
  });
  service.start();
  running.push(() => service.stop());
  const of = (cameraNo: number): readonly WatchedPicture[] =>
    pictures.filter((picture) => picture.cameraNo === cameraNo);
  return { service, pictures, said, deaths, of };
}

describe('a smaller stream that is looked at', () => {
  it('comes as key frames, or as all that it is', async () => {
    const simulator = await subStreams(['keys', 'all']);
    const { of, service } = watch([
      { url: simulator.url('keys'), frames: 'keys' },
      { url: simulator.url('all'), frames: 'all' },
    ]);
    await until('both came', () => of(1).length >= 5 && of(2).length >= 25);
    expect(of(1).every(({ key, reason }) => key && reason === 'learning')).toBe(true);
    expect(
      of(2)
        .slice(0, 20)
        .map(({ key }) => key),
    ).toEqual(Array.from({ length: 20 }, (_, i) => i % 5 === 0));
    const [first, second] = of(2);
    expect(first).toMatchObject({ elapsedTicks: 0, reason: 'always', config: { width: 160, height: 96 } });
    expect(second).toMatchObject({ elapsedTicks: 3_600, stream: first?.stream });
    expect(second?.config).toBe(first?.config);
    expect(parseAvcC(first?.config.decoderConfig ?? Buffer.alloc(0))?.sps).toHaveLength(1);
    expect(Math.abs((first?.at ?? 0) - Date.now() * 1_000)).toBeLessThan(30_000_000);
    await until('it is known', () => service.status(2)?.state === 'playing');
    expect(service.status(2)?.video).toMatchObject({ width: 160, height: 96 });
    expect(service.problem(2)).toBe('');
    expect(service.status(3)).toBeUndefined();
  });

  it('brings no picture that leans on a lost one', async () => {
    const simulator = await subStreams(['lossy'], { loseEvery: 7 });
    const { pictures } = watch([{ url: simulator.url('lossy'), frames: 'all' }]);
    await until('pictures came', () => pictures.length >= 60);
    let cut = 0;
    for (const { key, elapsedTicks } of pictures.slice(1)) {
      // Between key frames nothing is missing; before one there may be.
      if (!key) expect(elapsedTicks).toBe(3_600);
      else if (elapsedTicks > 3_600) cut++;
    }
    expect(cut).toBeGreaterThan(3);
  });

  it('is followed where something was said to have moved', async () => {
    const simulator = await subStreams(['one']);
    const { pictures, service } = watch([{ url: simulator.url('one'), frames: 'keys' }]);
    let said = 0;
    await until('it is followed', () => {
      while (said < pictures.length) service.seen([{ cameraNo: 1, moving: ++said === 20 }]);
      return pictures.some(({ reason }) => reason === 'following');
    });
    expect(pictures.findIndex(({ reason }) => reason === 'following')).toBeGreaterThanOrEqual(20);
  });
});

describe('a smaller stream in trouble', () => {
  let main: SimulatorProcess;
  let recording: RunningRecording;

  const record = async (ids: readonly string[]): Promise<void> => {
    main = await spawnSmallCameras(ids);
    running.push(() => main.stop());
    recording = await startRecording(Object.fromEntries(ids.map((id) => [id, main.url(id)])));
    running.push(() => recording.remove());
    await until('all are recorded', () =>
      recording.rows.every(({ cameraNo }) => recording.service.status(cameraNo)?.state === 'recording'),
    );
  };

  const expectAllRecorded = async (): Promise<void> => {
    const before = (await main.stats()).map(({ framesSent }) => framesSent);
    // Recording goes on after whatever happened.
    await until('more came', async () =>
      (await main.stats()).every(({ framesSent }, i) => framesSent > (before[i] ?? 0) + 25),
    );
    const sent = await main.pause();
    await recording.stop();
    expect(sent).toHaveLength(recording.rows.length);
    for (const { path, session, framesSent } of sent) {
      const found = await recordedFrames(recording.segments, path);
      expect(checkFrames(found, session, framesSent)).toMatchObject({ missing: 0, doubled: 0 });
    }
  };

  it('absent, of another name, or behind a wrong password: says which, and every frame is recorded', async () => {
    await record(['a', 'b', 'c']);
    const nobody = await freePort();
    const simulator = await subStreams(['there'], { locked: true });
    const withUser = (path: string, password: string): string =>
      simulator.url(path).replace('rtsp://', `rtsp://u:${password}@`);
    const { service, said, pictures } = watch([
      { url: `rtsp://127.0.0.1:${nobody}/2`, frames: 'keys' },
      { url: withUser('elsewhere', SECRET), frames: 'keys' },
      { url: withUser('there', 'falsch'), frames: 'keys' },
      { url: withUser('there', SECRET), frames: 'keys' },
    ]);
    await until('the reasons are known', () => [1, 2, 3].every((no) => service.problem(no) !== ''));
    for (const cameraNo of [1, 2, 3]) {
      expect(service.problem(cameraNo)).toMatch(/^Detection stream offline: [A-Z\d].*\.$/);
    }
    expect(service.problem(2)).toMatch(/404|not found|no such/i);
    expect(service.problem(3)).toMatch(/password/);
    await until('the one that is right plays', () => service.status(4)?.state === 'playing');
    expect(new Set(pictures.map(({ cameraNo }) => cameraNo))).toEqual(new Set([4]));
    expect([...service.problems()]).toEqual([]);
    const text = `${said.join()} ${[1, 2, 3, 4].map((no) => service.problem(no)).join()}`;
    for (const secret of [SECRET, 'falsch']) expect(text).not.toContain(secret);
    await expectAllRecorded();
  }, 60_000);

  it('killed, it is offline, and comes back with its stream; every frame is recorded', async () => {
    await record(['a']);
    const first = await subStreams(['small']);
    const { service, pictures } = watch([{ url: first.url('small'), frames: 'all' }]);
    await until('it plays', () => service.status(1)?.state === 'playing' && pictures.length > 20);
    const { stream } = pictures[0] as WatchedPicture;
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    await until('that is seen', () => service.problem(1).startsWith('Detection stream offline: '));
    await subStreams(['small'], { port: first.port });
    await until('it plays again', () => pictures.some((picture) => picture.stream > stream), 60);
    await until('and is well', () => service.problem(1) === '');
    const again = pictures.find((picture) => picture.stream > stream);
    expect(again).toMatchObject({ key: true, elapsedTicks: 0 });
    await expectAllRecorded();
  }, 120_000);

  it('frozen, it is without pictures, and goes on when it thaws; every frame is recorded', async () => {
    await record(['a']);
    const frozen = await subStreams(['small']);
    const { service, pictures } = watch([{ url: frozen.url('small'), frames: 'keys' }]);
    await until('it plays', () => service.status(1)?.state === 'playing');
    process.kill(frozen.pid, 'SIGSTOP');
    try {
      await until(
        'that is seen',
        () => service.problem(1).startsWith('Detection stream without pictures'),
        60,
      );
    } finally {
      process.kill(frozen.pid, 'SIGCONT');
    }
    const { length } = pictures;
    await until('it plays again', () => pictures.length > length && service.problem(1) === '', 60);
    await expectAllRecorded();
  }, 150_000);

  it('whose thread dies is received again; every frame is recorded', async () => {
    await record(['a']);
    const simulator = await subStreams(['small']);
    const created = once(process, 'worker') as Promise<[Worker]>;
    const { service, pictures, deaths } = watch([{ url: simulator.url('small'), frames: 'keys' }]);
    const [worker] = await created;
    await until('it plays', () => pictures.length > 5);
    const { stream } = pictures[0] as WatchedPicture;
    await worker.terminate();
    await until('that is told', () => deaths.length === 1);
    expect([...service.problems()]).toEqual([expect.stringMatching(/thread .* is down; recording goes on/)]);
    await until('another one plays', () => pictures.some((picture) => picture.stream > stream));
    expect([...service.problems()]).toEqual([]);
    await expectAllRecorded();
  }, 60_000);
});
