import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFrames } from '../../bench/recorded-frames.ts';
import { loadClip } from '../../src/simulator/clip.ts';
import { ensureClip } from '../../src/simulator/ensure-clip.ts';
import { type Simulator, startSimulator } from '../../src/simulator/rtsp-server.ts';
import type { CameraCredentials, CameraFaults } from '../../src/simulator/simulated-camera.ts';
import { CLIP_CACHE, smallClip } from '../support/cameras.ts';
import { recordedFrames } from '../support/recorded.ts';
import {
  type RunningVigie,
  segmentFiles,
  segmentsOf,
  startVigie,
  temporaryFolder,
  until,
} from '../support/vigie.ts';

const LOGIN = { user: 'viewer', password: 'geheim&Wort' };
const LONG = 60;

/** Cameras that are wrong in one way each, beside two that are right. */
const FAULTS: Readonly<Record<string, CameraFaults>> = {
  'good-1': {},
  'good-2': {},
  'stops-mid-stream': { stopAfterFrames: 40 },
  'sends-garbage': { garbageAfterFrames: 30 },
  'cuts-mid-frame': { cutAfterFrames: 30 },
  'no-key-frame': { noKeyFrames: true },
  'loses-packets': { loseEvery: 50 },
  'jumps-in-time': { jump: { atFrame: 50, ticks: 90_000 * 3_600 } },
};

const LOGINS: Readonly<Record<string, CameraCredentials['scheme']>> = {
  'login-basic': 'basic',
  'login-md5': 'digest-md5',
  'login-sha256': 'digest-sha256',
};

describe('bad cameras', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let simulator: Simulator;
  let vigie: RunningVigie;
  let segments: string;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();

  /** A server that is no camera; it answers whatever comes with `answer`. */
  async function impostor(answer: ((socket: Socket) => void) | undefined): Promise<number> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      socket.on('data', () => answer?.(socket));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  beforeAll(async () => {
    folder = await temporaryFolder();
    const clip = loadClip(await ensureClip(smallClip(), CLIP_CACHE), true);
    const large = loadClip(await ensureClip(smallClip({ width: 640, height: 360 }), CLIP_CACHE), true);
    simulator = await startSimulator({
      cameras: [
        ...Object.entries(FAULTS).map(([path, faults]) => ({ path, clip, faults })),
        { path: 'changes-size', clip, faults: { switchTo: { atFrame: 50, clip: large } } },
        ...Object.entries(LOGINS).map(([path, scheme]) => ({
          path,
          clip,
          credentials: { ...LOGIN, scheme },
        })),
      ],
    });
    const closed = await impostor(undefined);
    servers.pop()?.close();
    const silent = await impostor(undefined);
    const web = await impostor((socket) =>
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
    );
    const noise = await impostor((socket) => socket.write(Buffer.alloc(70_000, 0xa5)));
    const login = `${LOGIN.user}:${encodeURIComponent(LOGIN.password)}@`;
    const url = (path: string, user = ''): string => simulator.url(path).replace('//', `//${user}`);
    const other = (port: number): string => `rtsp://127.0.0.1:${port}/stream`;
    const options = {
      folder: folder.path,
      cameras: [
        ...Object.keys(FAULTS).map((id) => ({ id, source: url(id) })),
        ...Object.keys(LOGINS).map((id) => ({ id, source: url(id, login) })),
        { id: 'changes-size', source: url('changes-size') },
        { id: 'wrong-password', source: url('login-md5', 'viewer:wrong@') },
        { id: 'no-password', source: url('login-sha256') },
        { id: 'no-such-stream', source: url('nowhere') },
        { id: 'port-closed', source: other(closed) },
        { id: 'never-answers', source: other(silent) },
        { id: 'web-server', source: other(web) },
        { id: 'noise', source: other(noise) },
        { id: 'no-such-host', source: 'rtsp://camera.invalid/stream' },
      ],
      config: ['record: { segment: 10s }'],
    };
    segments = segmentsOf(options);
    vigie = await startVigie(options);
  }, 60_000);

  afterAll(async () => {
    await vigie?.stop();
    await simulator?.stop();
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    await folder?.remove();
  });

  const state = async (id: string): Promise<string> => (await vigie.status(id)).state;
  const reason = async (id: string): Promise<string> => (await vigie.status(id)).reason;

  it.each(['good-1', 'good-2', ...Object.keys(LOGINS)])('%s is recorded', async (id) => {
    await until(`${id} records`, async () => (await state(id)) === 'recording');
  });

  it.each([
    ['wrong-password', 'offline', /password/i],
    ['no-password', 'offline', /password/i],
    ['no-such-stream', 'offline', /no such|not found|404/i],
    ['port-closed', 'offline', /refuse/i],
    ['never-answers', 'offline', /answer/i],
    ['web-server', 'offline', /RTSP/],
    ['noise', 'offline', /RTSP/],
    ['no-such-host', 'offline', /name|resolve|found|host/i],
    ['no-key-frame', 'no-keyframe', /key frame/i],
    ['stops-mid-stream', 'no-video', /stopped sending/],
  ])(
    '%s is %s, and says why',
    async (id, expected, words) => {
      await until(`${id} is ${expected}`, async () => (await state(id)) === expected, LONG);
      expect(await reason(id)).toMatch(words);
    },
    (LONG + 5) * 1000,
  );

  it(
    'what ends in the middle of a frame or in garbage is kept up to there, and comes back',
    async () => {
      for (const id of ['cuts-mid-frame', 'sends-garbage']) {
        await until(
          `${id} has been recorded more than once`,
          async () => {
            const { gaps, recorded } = await timeline(id);
            return gaps.length >= 2 && recorded.length >= 1;
          },
          LONG,
        );
      }
    },
    2 * LONG * 1000,
  );

  it('loss is counted, and recording goes on', async () => {
    await until(
      'packets are counted as lost',
      async () => (await vigie.status('loses-packets')).packetsLost > 0,
    );
    expect(await state('loses-packets')).toBe('recording');
  });

  it('a change of size goes on in a new segment with its own head', async () => {
    await until(
      'the new size is there',
      async () => (await vigie.status('changes-size')).video?.width === 640,
    );
    await until('both are on disk', async () => (await segmentFiles(segments, 'changes-size')).length >= 2);
    const { gaps } = await timeline('changes-size');
    expect(gaps.filter((gap) => gap.cause !== 'connecting')).toEqual([]);
  });

  it('a jump in time neither ends the recording nor leaves a hole', async () => {
    await until(
      'the jump is behind',
      () => (simulator.stats().find((one) => one.path === 'jumps-in-time')?.framesSent ?? 0) > 120,
    );
    expect(await state('jumps-in-time')).toBe('recording');
    expect((await vigie.status('jumps-in-time')).timestampsRepaired).toBeGreaterThan(0);
  });

  it('none of it has any effect on the good ones, nor shows a password', async () => {
    const before = simulator.stats().filter((session) => session.path.startsWith('good'));
    expect(before).toHaveLength(2);
    simulator.pause();
    expect(await vigie.stop()).toBe(0);
    for (const session of simulator.stats().filter((one) => one.path.startsWith('good'))) {
      const found = await recordedFrames(segments, session.path);
      expect(checkFrames(found, session.session, session.framesSent)).toMatchObject({
        missing: 0,
        doubled: 0,
        outOfOrder: 0,
      });
    }
    for (const word of ['geheim', LOGIN.password, encodeURIComponent(LOGIN.password), 'wrong']) {
      expect(vigie.output().replaceAll('wrong-password', '')).not.toContain(word);
    }
    expect(vigie.output()).not.toMatch(/a defect|TypeError|unhandled/i);
  });

  const timeline = (id: string) =>
    vigie.timeline(id, new Date(Date.now() - 600_000), new Date(Date.now() + 60_000));
});
