import { afterEach, describe, expect, it } from 'vitest';
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import { createSourceMemory, openSource } from '../../src/ingest/camera-source.ts';
import { CameraSupervisor } from '../../src/ingest/camera-supervisor.ts';
import type { Fragment, FragmentSink } from '../../src/ingest/fragment.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { RtmpInbox } from '../../src/rtmp/rtmp-inbox.ts';
import { loadClip } from '../../src/simulator/clip.ts';
import { ensureClip } from '../../src/simulator/ensure-clip.ts';
import { startSimulator } from '../../src/simulator/rtsp-server.ts';
import { type Clock, systemClock } from '../../src/time/clock.ts';
import { monoMicros } from '../../src/time/units.ts';
import { CLIP_CACHE, smallClip } from '../support/cameras.ts';
import { seededRandom } from '../support/random.ts';
import { badCameras } from '../support/viewing.ts';
import { until } from '../support/vigie.ts';

const { cameraThat } = badCameras();
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
const pool = new SlabPool({ slabBytes: 4_096, budgetBytes: 1 << 28 });

class Sink implements FragmentSink {
  readonly recordedTicks = 0;
  readonly blocked = undefined;
  samples = 0;
  readonly causes: string[] = [];

  fragment({ data }: Fragment): void {
    this.samples += data.samples.count;
    data.release();
  }

  runEnded(_at: unknown, cause: string): void {
    this.causes.push(cause);
  }

  missing(_at: unknown, cause: string): void {
    this.causes.push(cause);
  }
}

interface Watched {
  readonly supervisor: CameraSupervisor;
  readonly sink: Sink;
  readonly changes: { readonly state: string; readonly reason: string; readonly at: number }[];
  state(): string;
}

const running = new Set<{ stop(): void }>();
afterEach(() => {
  for (const one of running) one.stop();
  running.clear();
});

/** Time that can be put forward, for the waiting of minutes. */
class ShiftedClock implements Clock {
  shift = 0;
  wall = () => systemClock.wall();
  mono = () => monoMicros(systemClock.mono() + this.shift);
}

function watch(url: string, clock: Clock = systemClock, random: () => number = Math.random): Watched {
  const sink = new Sink();
  const hub = new CameraHub({ pool, sink, fragmentTicks: 180_000 });
  const memory = createSourceMemory();
  const changes: Watched['changes'] = [];
  const tools = { readBuffer, rtmp: new RtmpInbox(), timeoutMillis: 5_000, udpPorts: undefined };
  const order = { cameraNo: 1, audio: false, source: { kind: 'rtsp', url } } as const;
  const supervisor = new CameraSupervisor(
    {
      open: (listener) => openSource(order, tools, memory, hub, listener),
      pushed: false,
      ...{ hub, sink, clock, random },
      onChange: (state, reason) => void changes.push({ state, reason, at: performance.now() }),
    },
    clock.mono(),
  );
  const timer = setInterval(() => supervisor.tick(clock.mono()), 50);
  running.add({
    stop() {
      clearInterval(timer);
      supervisor.stop('shutdown');
    },
  });
  return { supervisor, sink, changes, state: () => supervisor.status().state };
}

describe('a camera is watched', () => {
  it('H4 it plays, and nothing comes', async () => {
    const clock = new ShiftedClock();
    const camera = await cameraThat({ frames: 0 });
    const watched = watch(camera.url(), clock);
    await until('it plays', () => camera.methods().includes('PLAY'));
    await until('PLAY was answered', () => camera.reports.length > 0);
    clock.shift += 11_000_000;
    await until('that is seen', () => watched.state() === 'no-video');
    expect(watched.changes.at(-1)?.reason).toMatch(/plays but sends no picture/);
  });

  it('H4 data comes, and no picture in it', async () => {
    const clock = new ShiftedClock();
    const camera = await cameraThat({
      forever: true,
      packets: (right) => right.map((packet) => Buffer.concat([packet.subarray(0, 12), Buffer.of(31, 0, 0)])),
    });
    const watched = watch(camera.url(), clock);
    await until('data came', () => watched.supervisor.status().stats.bytes > 2_000);
    clock.shift += 11_000_000;
    await until('that is seen', () => watched.state() === 'no-video');
    expect(watched.changes.at(-1)?.reason).toMatch(/no picture/);
  });

  it('H4 pictures come, and no key frame', async () => {
    const clock = new ShiftedClock();
    const watched = watch((await cameraThat({ forever: true, packets: withoutKeys })).url(), clock);
    await until('pictures come', () => watched.supervisor.status().stats.frames > 5);
    clock.shift += 9_000_000;
    await until('another one came', () => watched.supervisor.status().stats.frames > 8);
    clock.shift += 2_000_000;
    await until('that is seen', () => watched.state() === 'no-keyframe');
  });

  it('H4 a line that is cut without a word (no FIN, no RST) is noticed, and the camera asked again', async () => {
    const clock = new ShiftedClock();
    let dead = false;
    const camera = await cameraThat({
      forever: true,
      packets: (right) => (dead ? [] : right),
      on: {
        TEARDOWN: (talk) => (dead ? undefined : talk.right()),
        GET_PARAMETER: (talk) => dead || talk.right(),
      },
    });
    const watched = watch(camera.url(), clock);
    await until('it records', () => watched.state() === 'recording');
    dead = true;
    const before = camera.requests.length;
    await until('the last picture is in', () => camera.requests.length === before);
    clock.shift += 11_000_000;
    await until('the silence is seen', () => watched.state() === 'no-video');
    expect(watched.sink.causes).toEqual(['no-video']);
    dead = false;
    clock.shift += 2_000_000;
    await until('it records again', () => watched.state() === 'recording');
    // H7: not before the connection that was dead was closed from our side.
    expect(camera.mostOpen()).toBe(1);
  });

  it('C9 a wrong password is not tried again for minutes', async () => {
    const clock = new ShiftedClock();
    const camera = await cameraThat({
      on: {
        DESCRIBE: (talk) =>
          talk.raw('RTSP/1.0 401 No\r\nCSeq: {cseq}\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'),
      },
    });
    const watched = watch(camera.url('/s', 'jean:falsch@'), clock, () => 1);
    await until('it is refused', () => /password/.test(watched.changes.at(-1)?.reason ?? ''));
    const asked = camera.requests.length;
    clock.shift += 149_000_000;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(camera.requests.length).toBe(asked);
    clock.shift += 2_000_000;
    await until('it is tried again', () => camera.requests.length > asked);
  });
});

/** Slices that are no key frames: of what single packets and fragments carry. */
function withoutKeys(right: readonly Buffer[]): readonly Buffer[] {
  return right.filter((packet) => {
    const type = (packet[12] ?? 0) & 0x1f;
    return type !== 5 && !(type === 28 && ((packet[13] ?? 0) & 0x1f) === 5);
  });
}

describe('all cameras are cut at once', () => {
  const CAMERAS = 60;
  const COME_BACK_SECONDS = 30;

  it("and are all recorded again within half a minute of coming back, and don't knock all at once", async () => {
    const clip = loadClip(
      await ensureClip(smallClip({ width: 160, height: 96, frames: 50 }), CLIP_CACHE),
      true,
    );
    const cameras = Array.from({ length: CAMERAS }, (_, i) => ({ path: `cam-${i}`, clip }));
    let simulator = await startSimulator({ cameras });
    const { port } = simulator;
    const random = seededRandom(7);
    const watched = cameras.map(({ path }) => watch(simulator.url(path), systemClock, random));
    const all = (state: string) => (): boolean => watched.every((one) => one.state() === state);
    await until('all are recording', all('recording'), 60);

    // A power cut: nothing listens for long enough that all have failed several times.
    await simulator.stop();
    await until('all are offline', all('offline'));
    await until(
      'all have tried in vain',
      () => watched.every(({ supervisor }) => (supervisor.status().stats.reconnects.offline ?? 0) >= 3),
      60,
    );
    simulator = await startSimulator({ cameras, port });
    const began = performance.now();
    await until('all are recording again', all('recording'), COME_BACK_SECONDS + 10);
    expect((performance.now() - began) / 1000).toBeLessThan(COME_BACK_SECONDS);

    // Cut, and back at once: quickly, and spread over a second.
    const cut = performance.now();
    simulator.dropClients();
    await until('all have noticed', () => watched.every(({ changes }) => changes.at(-1)!.at > cut));
    await until('all are recording', all('recording'), COME_BACK_SECONDS);
    const back = watched.map(({ changes }) => changes.at(-1)!.at - cut).toSorted((a, b) => a - b);
    expect(back.at(-1)).toBeLessThan(COME_BACK_SECONDS * 1000);
    expect((back.at(-1) ?? 0) - (back[0] ?? 0)).toBeGreaterThan(500);
    await simulator.stop();
  }, 180_000);
});
