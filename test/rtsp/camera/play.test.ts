import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSourceMemory } from '../../../src/ingest/camera-source.ts';
import { createCameraMemory } from '../../../src/rtsp/camera-memory.ts';
import { KeepAlive } from '../../../src/rtsp/keep-alive.ts';
import { leavesSessionsBehind } from '../../../src/rtsp/policies.ts';
import { type BadCamera, FRAMES, type Script } from '../../support/bad-camera.ts';
import { badCameras, view } from '../../support/viewing.ts';
import { until } from '../../support/vigie.ts';

const { cameraThat, recordedOf } = badCameras();

type Answers = NonNullable<Script['on']>;

const FOREVER = Number.POSITIVE_INFINITY;

const count = (camera: BadCamera, method: string): number =>
  camera.requests.filter((request) => request.method === method).length;

/** A session that has to be kept alive every half second. */
const SHORT: Answers = {
  SETUP: (talk) => talk.answer(200, { Session: 'short;timeout=1', Transport: 'RTP/AVP/TCP;interleaved=0-1' }),
};

describe('PLAY', () => {
  it('G1 Parrot sends nothing without a range', async () => {
    const on: Answers = {
      PLAY: (talk) =>
        talk.request.headers.get('range')?.[0] === 'npt=0.000-' ? talk.right() : talk.answer(200),
    };
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it.each([
    ['G2 no RTP-Info', undefined],
    ['G2 a bare path, blanks, a semicolon at the end', 'url=/stream/trackID=1 ; seq = 5 ; rtptime = 77 ;'],
    ['G2 a session in it', 'url=trackID=1;session=9;seq=100'],
    ['G2 nothing that can be read', ';;,,url=;=;seq=x'],
    ['G3 Hikvision: seq=0', 'url=rtsp://x/stream/trackID=1;seq=0;rtptime=1000000'],
    ['G3 Tapo: seq=1', 'url=rtsp://x/stream/trackID=1;seq=1;rtptime=0'],
    ['G3 a number far ahead of what comes', 'url=rtsp://x/stream/trackID=1;seq=40000;rtptime=4000000000'],
    ['G4 OMNY: rtptime=-5', 'url=rtsp://x/stream/trackID=1;seq=100;rtptime=-5'],
    ['G4 rtptime=0', 'url=rtsp://x/stream/trackID=1;seq=100;rtptime=0'],
    ['G5 Reolink: an ssrc in it, and another one comes', 'url=trackID=1;seq=100;ssrc=11223344'],
    ['G6 entries of streams that were not set up', 'url=trackID=9;seq=1,url=trackID=1;seq=100,url=trackID=8'],
  ])('%s', async (_name, info) => {
    const on: Answers = {
      PLAY: (talk) => {
        talk.answer(200, { 'RTP-Info': info });
        talk.send();
      },
    };
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it('G7 numbers that begin at 65530 and contradict RTP-Info cost no picture', async () => {
    const on: Answers = {
      PLAY: (talk) => {
        talk.answer(200, { 'RTP-Info': 'url=trackID=1;seq=7;rtptime=9;ssrc=0' });
        talk.send();
      },
    };
    const viewing = await view((await cameraThat({ on, firstSequence: 65_530 })).url());
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(viewing.source.packetsLost).toBe(0);
  });
});

describe('a session is kept alive', () => {
  it.each([
    ['OPTIONS, DESCRIBE, GET_PARAMETER', 'GET_PARAMETER'],
    ['DESCRIBE, SETUP, SET_PARAMETER', 'OPTIONS'],
    [undefined, 'OPTIONS'],
  ])('H1 by what is offered: %s', async (offered, expected) => {
    const camera = await cameraThat({
      forever: true,
      on: { ...SHORT, OPTIONS: (talk) => talk.answer(200, talk.before === 0 ? { Public: offered } : {}) },
    });
    const viewing = await view(camera.url());
    const atFirst = count(camera, expected);
    await until('it was kept alive', () => count(camera, expected) >= atFirst + 2);
    expect(camera.requests.findLast(({ method }) => method === expected)?.headers.get('session')).toEqual([
      'short',
    ]);
    await viewing.stop();
  });

  it('H1 GW4089IP breaks off at GET_PARAMETER: OPTIONS from the next connection on', async () => {
    const camera = await cameraThat({
      forever: true,
      on: { ...SHORT, GET_PARAMETER: (talk) => talk.hangUp() },
    });
    const memory = createSourceMemory();
    const first = await view(camera.url(), {}, { memory });
    await until('it broke off', () => first.ended() !== undefined);
    const second = await view(camera.url(), {}, { memory });
    const before = count(camera, 'OPTIONS');
    await until('it is kept alive', () => count(camera, 'OPTIONS') > before + 2);
    expect(second.ended()).toBeUndefined();
    expect(count(camera, 'GET_PARAMETER')).toBe(1);
    await second.stop();
  });

  it('H1 a method that is refused is not used again', async () => {
    const camera = await cameraThat({
      forever: true,
      on: { ...SHORT, GET_PARAMETER: (talk) => talk.answer(501) },
    });
    const viewing = await view(camera.url());
    await until('it is kept alive', () => count(camera, 'OPTIONS') > 3);
    expect(count(camera, 'GET_PARAMETER')).toBe(1);
    await viewing.stop();
  });

  it.each(['SET_PARAMETER', 'none'] as const)('H1 as configured: %s', async (keepAlive) => {
    const camera = await cameraThat({ forever: true, on: SHORT });
    const viewing = await view(camera.url(), { policies: { keepAlive } });
    await until('some time has passed', () => viewing.hub.counters.frames > FRAMES + 50);
    expect(count(camera, 'SET_PARAMETER') > 0).toBe(keepAlive === 'SET_PARAMETER');
    expect(count(camera, 'GET_PARAMETER')).toBe(0);
    await viewing.stop();
  });

  it('H2 every half of its time, and every 30 s at least', () => {
    for (const [timeout, interval] of [
      [60, 30],
      [20, 10],
      [3_600, 30],
      [5, 2.5],
    ] as const) {
      const keepAlive = new KeepAlive('auto', createCameraMemory());
      keepAlive.begin(timeout);
      const sent: number[] = [];
      for (let second = 0; second < 90; second += 0.5) {
        if (keepAlive.take(second * 1_000_000)) sent.push(second);
      }
      expect(sent.slice(0, 2)).toEqual([interval, 2 * interval]);
    }
  });

  it('H2 a report every 5 s', async () => {
    const camera = await cameraThat({ forever: true });
    const viewing = await view(camera.url());
    const times: number[] = [];
    await until('three came', () => {
      if (camera.reports.length > times.length) times.push(performance.now());
      return times.length === 3;
    });
    expect((times[2] ?? 0) - (times[1] ?? FOREVER)).toBeLessThan(5_600);
    await viewing.stop();
  });

  it('H3 and lives as long as video flows, though no sign of life is ever answered', async () => {
    const camera = await cameraThat({ forever: true, on: { ...SHORT, GET_PARAMETER: () => undefined } });
    const viewing = await view(camera.url(), {}, { timeoutMillis: 200 });
    await until('several were in vain', () => count(camera, 'GET_PARAMETER') > 4);
    const before = viewing.hub.counters.frames;
    await until('more pictures come', () => viewing.hub.counters.frames > before + 10);
    expect(viewing.ended()).toBeUndefined();
    await viewing.stop();
  });

  it('H3 a 454 is believed when nothing flows, and not while video does', async () => {
    const on: Answers = {
      ...SHORT,
      GET_PARAMETER: (talk) => talk.answer(454),
      OPTIONS: (talk) => (talk.before === 0 ? talk.right() : talk.answer(454)),
    };
    const flowing = await view((await cameraThat({ forever: true, on })).url());
    const silent = await view((await cameraThat({ on })).url());
    await until('the silent one is over', () => silent.ended() !== undefined);
    expect(silent.ended()).toMatchObject({ reason: expect.stringContaining('forgot') });
    expect(flowing.ended()).toBeUndefined();
    await flowing.stop();
    await silent.stop();
  });

  it('H3 UDP goes on without its connection, which is made again for a sign of life', async () => {
    const camera = await cameraThat({
      tcp: false,
      forever: true,
      udpOutlivesConnection: true,
      on: { SETUP: (talk) => talk.right({ Session: 'short;timeout=2' }) },
    });
    const viewing = await view(camera.url());
    await until('it plays', () => viewing.hub.counters.frames > FRAMES);
    camera.dropAll();
    await until('it is kept alive', () => count(camera, 'GET_PARAMETER') > 1);
    expect(camera.requests.findLast(({ method }) => method === 'GET_PARAMETER')?.connection).toBeGreaterThan(
      0,
    );
    const before = viewing.hub.counters.frames;
    await until('more pictures come', () => viewing.hub.counters.frames > before + 10);
    expect(viewing.ended()).toBeUndefined();
    await viewing.stop();
    expect(camera.methods()).toMatch(/TEARDOWN$/);
  });
});

describe('a session that ended badly', () => {
  afterEach(() => void vi.useRealTimers());

  it('H5 is ended on a new connection when the camera has no room otherwise', async () => {
    const held = new Set<string>();
    const camera = await cameraThat({
      forever: true,
      on: {
        SETUP: (talk) => {
          if (held.size > 0) {
            talk.answer(453);
            return;
          }
          held.add('slot-1');
          talk.answer(200, { Session: 'slot-1', Transport: 'RTP/AVP/TCP;interleaved=0-1' });
        },
        TEARDOWN: (talk) => {
          held.delete(talk.request.headers.get('session')?.[0] ?? '');
          talk.right();
        },
      },
    });
    const memory = createSourceMemory();
    const first = await view(camera.url(), {}, { memory });
    await until('it plays', () => first.hub.counters.frames > 0);
    camera.dropAll();
    await until('the end is seen', () => first.ended() !== undefined);
    await first.stop();
    const second = await view(camera.url(), {}, { memory });
    expect(second.failure).toBeUndefined();
    expect(camera.methods()).toMatch(/SETUP OPTIONS TEARDOWN OPTIONS DESCRIBE SETUP PLAY$/);
    expect(await second.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
    expect(held.size).toBe(0);
  });

  it('H5 is left alone where that is configured', async () => {
    const camera = await cameraThat({
      forever: true,
      on: { SETUP: (talk) => (talk.before > 0 ? talk.answer(453) : talk.right()) },
    });
    const memory = createSourceMemory();
    const policies = { staleSession: 'ignore' } as const;
    const first = await view(camera.url(), { policies }, { memory });
    camera.dropAll();
    await until('the end is seen', () => first.ended() !== undefined);
    await first.stop();
    const second = await view(camera.url(), { policies }, { memory });
    expect(second.failure).toMatchObject({ cause: 'offline', reason: expect.stringContaining('viewers') });
    expect(count(camera, 'TEARDOWN')).toBe(0);
    await second.stop();
  });

  it('H6 an old live555 is left alone until it has forgotten it', async () => {
    const camera = await cameraThat({
      forever: true,
      sdp: (right) => right.replace('t=0 0', 't=0 0\r\na=tool:LIVE555 Streaming Media v2013.04.08'),
    });
    const memory = createSourceMemory();
    const first = await view(camera.url(), {}, { memory });
    await until('it plays', () => first.hub.counters.frames > 0);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    camera.dropAll();
    while (first.ended() === undefined) await new Promise((resolve) => setImmediate(resolve));
    const second = view(camera.url(), {}, { memory });
    const settle = async (): Promise<void> => {
      for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
    };
    await settle();
    await vi.advanceTimersByTimeAsync(64_000);
    await settle();
    expect(count(camera, 'OPTIONS')).toBe(1);
    await vi.advanceTimersByTimeAsync(1_500);
    vi.useRealTimers();
    await until('it is asked again', () => count(camera, 'OPTIONS') === 2);
    await (await second).stop();
    await first.stop();
  });

  it.each([
    ['LIVE555 Streaming Media v2013.04.08', true],
    ['LIVE555 Streaming Media v2017.06.03', true],
    ['LIVE555 Streaming Media v2017.06.04', false],
    ['LIVE555 Streaming Media v2024.11.28', false],
    ['GStreamer', false],
    [undefined, false],
  ])('H6 %s is one of those: %s', (tool, expected) => {
    expect(leavesSessionsBehind(tool)).toBe(expected);
  });

  it('H6 where TEARDOWN was answered there is nothing to wait for', async () => {
    const camera = await cameraThat({
      forever: true,
      sdp: (right) => right.replace('t=0 0', 't=0 0\r\na=tool:LIVE555 Streaming Media v2013.04.08'),
    });
    const memory = createSourceMemory();
    await (await view(camera.url(), {}, { memory })).stop();
    const second = await view(camera.url(), {}, { memory });
    expect(await second.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
  });

  it.each([
    ['is slow to answer TEARDOWN', 300, 1],
    ['never answers TEARDOWN', FOREVER, 1],
  ])('H7 a camera with room for one, that %s, never sees two', async (_name, delay, most) => {
    const camera = await cameraThat({
      forever: true,
      on: {
        TEARDOWN: (talk) => {
          if (delay !== FOREVER) setTimeout(() => talk.right(), delay);
        },
      },
    });
    const memory = createSourceMemory();
    for (let i = 0; i < 3; i++) {
      const viewing = await view(camera.url(), {}, { memory });
      expect(viewing.failure).toBeUndefined();
      // Not waited for.
      void viewing.stop();
    }
    const last = await view(camera.url(), {}, { memory });
    expect(camera.mostOpen()).toBe(most);
    await last.stop();
    await until('all are closed', () => camera.open() === 0);
  });
});
