import { describe, expect, it } from 'vitest';
import { createSourceMemory } from '../../../src/ingest/camera-source.ts';
import type { BadCamera, Script } from '../../support/bad-camera.ts';
import { FRAMES } from '../../support/bad-camera.ts';
import { badCameras, view } from '../../support/viewing.ts';
import { until } from '../../support/vigie.ts';

const { cameraThat, recordedOf } = badCameras();

type Answers = NonNullable<Script['on']>;

const setUpAnswer = (transport: string, session = 'a1b2c3d4'): Answers => ({
  SETUP: (talk) => talk.answer(200, { Session: session, Transport: transport }),
});

const SOUND = 'm=audio 0 RTP/AVP 0\r\na=control:trackID=2\r\n';
const TALK_BACK = 'm=audio 0 RTP/AVP 0\r\na=control:trackID=3\r\na=sendonly\r\n';

const asked = (camera: BadCamera, method: string): string[] =>
  camera.requests.filter((request) => request.method === method).map(({ url }) => url.replace(/^.*\//, ''));

const transports = (camera: BadCamera): ('tcp' | 'udp')[] =>
  camera.requests
    .filter(({ method }) => method === 'SETUP')
    .map(({ headers }) => (headers.get('transport')?.[0]?.includes('interleaved') ? 'tcp' : 'udp'));

describe('the answer to SETUP', () => {
  it.each([
    ['F1 channels other than asked for', 'RTP/AVP/TCP;unicast;interleaved=6-7', { rtp: 6, rtcp: 7 }],
    ['F2 a single channel', 'RTP/AVP/TCP;interleaved=0', { rtp: 0, rtcp: 1 }],
    ['F2 Luckfox: ssrc first', 'RTP/AVP/TCP;ssrc=0C0FFEE0;interleaved=2-3;unicast', { rtp: 2, rtcp: 3 }],
    ['F3 Escam: RTP/AVP for TCP', 'RTP/AVP;unicast;interleaved=0-1', { rtp: 0, rtcp: 1 }],
    [
      'F4 Hikvision: a blank in the ssrc',
      'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= d6d6627',
      { rtp: 0, rtcp: 1 },
    ],
    ['F4 an ssrc that is no number', 'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=zzz', { rtp: 0, rtcp: 1 }],
    ['F5 an empty source', 'RTP/AVP/TCP;unicast;source=;interleaved=0-1', { rtp: 0, rtcp: 1 }],
    [
      'F6 words that nobody knows',
      'RTP/AVP/TCP;unicast;x-fast;mode="PLAY";interleaved=0-1;q=',
      { rtp: 0, rtcp: 1 },
    ],
    ['F1 no transport at all: what was asked for', '', { rtp: 0, rtcp: 1 }],
  ])('%s', async (_name, transport, channels) => {
    expect(await recordedOf({ on: setUpAnswer(transport), channels })).toBe(FRAMES);
  });

  it.each(['id;timeout=60', 'id;timeout=0', 'id ; timeout', 'id;x=1;timeout=30;', 'id;'])(
    'F7 Session: %s',
    async (session) => {
      const camera = await cameraThat({ on: setUpAnswer('RTP/AVP/TCP;interleaved=0-1', session) });
      const viewing = await view(camera.url());
      expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
      expect(camera.header('PLAY', 'session')).toBe('id');
    },
  );

  it.each([
    ['first', '10'],
    ['last', '11'],
  ] as const)('F8 another session with every SETUP: the %s counts', async (sessionId, expected) => {
    const camera = await cameraThat({
      sdp: (right) => right + SOUND,
      on: {
        SETUP: (talk) =>
          talk.answer(200, {
            Session: `${10 + talk.before}`,
            Transport: talk.request.headers.get('transport')?.[0],
          }),
      },
    });
    const viewing = await view(camera.url(), { policies: { setUp: 'all', sessionId } });
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(camera.header('PLAY', 'session')).toBe(expected);
  });

  it('F9 mode=play is never asked for, as some refuse it', async () => {
    const on: Answers = {
      SETUP: (talk) =>
        /mode/i.test(talk.request.headers.get('transport')?.[0] ?? '') ? talk.answer(451) : talk.right(),
    };
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it('F10 a camera without TCP: asked anew from DESCRIBE, by UDP, and at once the next time', async () => {
    const camera = await cameraThat({ tcp: false });
    const memory = createSourceMemory();
    const viewing = await view(camera.url(), {}, { memory });
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(camera.methods()).toBe('OPTIONS DESCRIBE SETUP OPTIONS DESCRIBE SETUP PLAY TEARDOWN');
    expect(camera.mostOpen()).toBe(1);
    const next = await view(camera.url(), {}, { memory });
    expect(await next.recorded(FRAMES)).toBe(FRAMES);
    expect(transports(camera)).toEqual(['tcp', 'udp', 'udp']);
  });

  it('F10 a camera that means TCP by 500 is recorded by UDP, and asked for TCP again the next time', async () => {
    const camera = await cameraThat({
      on: { SETUP: (talk) => (talk.before === 0 ? talk.answer(500) : talk.right()) },
    });
    const memory = createSourceMemory();
    for (const _ of [1, 2]) {
      const viewing = await view(camera.url(), {}, { memory });
      expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    }
    expect(transports(camera)).toEqual(['tcp', 'udp', 'tcp']);
  });

  it('F10 a camera that answers UDP to TCP', async () => {
    const camera = await cameraThat({
      on: {
        SETUP: (talk) =>
          talk.before === 0
            ? talk.answer(200, {
                Session: '1',
                Transport: 'RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001',
              })
            : talk.right(),
      },
    });
    const viewing = await view(camera.url());
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(transports(camera)).toEqual(['tcp', 'udp']);
  });

  it.each([
    ['461', (): Script => ({ udp: false })],
    [
      'TCP',
      (): Script => ({
        on: {
          SETUP: (talk) =>
            talk.before === 0
              ? talk.answer(200, { Session: '1', Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' })
              : talk.right(),
        },
      }),
    ],
  ])('F10 Hikvision answers %s to UDP: asked anew from DESCRIBE, by TCP', async (_name, script) => {
    const camera = await cameraThat(script());
    const memory = createSourceMemory();
    memory.rtsp.transport = 'udp';
    const viewing = await view(camera.url(), {}, { memory });
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(transports(camera)).toEqual(['udp', 'tcp']);
    expect(asked(camera, 'DESCRIBE')).toHaveLength(2);
    expect(memory.rtsp.transport).toBe('tcp');
  });

  it.each(['tcp', 'udp'] as const)(
    'F10 where %s alone is configured, that is said instead',
    async (transport) => {
      const camera = await cameraThat({ [transport]: false });
      const viewing = await view(camera.url(), { policies: { transport } });
      expect(viewing.failure).toMatchObject({ cause: 'protocol', reason: expect.stringContaining('461') });
      expect(transports(camera)).toEqual([transport]);
      await viewing.stop();
    },
  );

  it('F11 no datagram comes: by TCP, and at once the next time', async () => {
    const memory = createSourceMemory();
    memory.rtsp.transport = 'udp';
    const camera = await cameraThat({
      on: { PLAY: (talk) => (talk.before === 0 ? talk.answer(200) : talk.right()) },
    });
    const viewing = await view(camera.url(), {}, { memory });
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(transports(camera)).toEqual(['udp', 'tcp']);
    expect(memory.rtsp.transport).toBe('tcp');
    expect(camera.mostOpen()).toBe(1);
    // F17: as long as nothing came, the way was opened again and again.
    expect(camera.punches()).toBeGreaterThan(2);
  });

  it('F11 where UDP alone is configured, a firewall is suspected', async () => {
    const camera = await cameraThat({ on: { PLAY: (talk) => talk.answer(200) } });
    const viewing = await view(camera.url(), { policies: { transport: 'udp' } });
    expect(viewing.failure).toMatchObject({ cause: 'offline', reason: expect.stringContaining('firewall') });
    await viewing.stop();
    expect(camera.methods()).toMatch(/TEARDOWN$/);
  });

  it.each(['', ';server_port=0-0', ';server_port=1-2'])('F12 OpenIPC: server port %j', async (serverPort) => {
    const camera = await cameraThat({ tcp: false, udpFrom: { serverPort } });
    const viewing = await view(camera.url());
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
  });

  it('F12 reports go to where the video comes from', async () => {
    const camera = await cameraThat({ tcp: false, forever: true, udpFrom: { serverPort: '' } });
    const viewing = await view(camera.url());
    // One port higher than the video's is not this camera's: nothing arrives, and nothing breaks.
    expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
    const right = await cameraThat({ tcp: false, forever: true });
    const second = await view(right.url());
    await until('a receiver report comes', () => right.reports.length > 1);
    // Without a `$`: version 2, type 201 (RFC 3550 section 6.4.2).
    expect(right.reports.at(-1)?.subarray(0, 2)).toEqual(Buffer.from([0x81, 201]));
    await second.stop();
  });

  it("F13 another address than the camera's is believed if the camera names it", async () => {
    const source = { address: '127.0.0.9', serverPort: ';source=127.0.0.9;server_port=6000-6001' };
    const camera = await cameraThat({ tcp: false, udpFrom: source });
    const viewing = await view(camera.url());
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
  });

  it('F13 and not believed otherwise', async () => {
    const camera = await cameraThat({
      udpFrom: { address: '127.0.0.9', serverPort: ';server_port=6000-6001' },
    });
    const viewing = await view(camera.url(), { policies: { transport: 'udp' } });
    expect(viewing.failure).toMatchObject({ cause: 'offline' });
    expect(viewing.hub.counters.frames).toBe(0);
    await viewing.stop();
  });

  it('F14 Dahua: a back channel is not asked for, and nothing is required', async () => {
    const camera = await cameraThat({
      sdp: (right) => right.replace('a=control:trackID=1', 'a=control:trackID=1\r\na=recvonly') + TALK_BACK,
      on: {
        SETUP: (talk) =>
          talk.request.url.endsWith('3') || talk.request.headers.has('require')
            ? talk.answer(551)
            : talk.right(),
      },
    });
    const viewing = await view(camera.url(), { policies: { setUp: 'all' } });
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(asked(camera, 'SETUP')).toEqual(['trackID=1']);
  });

  it.each(['packetization-mode=0', 'profile-level-id=42001f'])('F15 %s comes by TCP', async (fmtp) => {
    const memory = createSourceMemory();
    memory.rtsp.transport = 'udp';
    const camera = await cameraThat({ sdp: (right) => right.replace('packetization-mode=1', fmtp) });
    const viewing = await view(camera.url(), {}, { memory });
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(transports(camera)).toEqual(['tcp']);
  });

  it('F16 what is not recorded is not set up, unless it is asked for', async () => {
    const camera = await cameraThat({
      sdp: (right) => right + SOUND.replace('audio 0 RTP/AVP 0', 'application 0 RTP/AVP 107'),
    });
    const needed = await view(camera.url());
    expect(await needed.recorded(FRAMES)).toBe(FRAMES);
    expect(asked(camera, 'SETUP')).toEqual(['trackID=1']);
    const all = await view(camera.url(), { policies: { setUp: 'all' } });
    expect(await all.recorded(FRAMES)).toBe(FRAMES);
    expect(asked(camera, 'SETUP')).toEqual(['trackID=1', 'trackID=1', 'trackID=2']);
  });

  it.each(['500', 'hang up', 'silence'])(
    'F16 another media than video, refused by %s, harms no video',
    async (how) => {
      const camera = await cameraThat({
        sdp: (right) => right + SOUND,
        on: {
          SETUP: (talk) => {
            if (!talk.request.url.endsWith('2')) talk.right();
            else if (how === '500') talk.answer(500);
            else if (how === 'hang up') talk.hangUp();
          },
        },
      });
      const viewing = await view(camera.url(), { policies: { setUp: 'all' } }, { timeoutMillis: 700 });
      expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
      expect(camera.mostOpen()).toBe(1);
    },
  );

  it.each(['tcp', 'udp'] as const)(
    'sound is a second media, over %s, with reports of its own',
    async (transport) => {
      const camera = await cameraThat({ sdp: (right) => right + SOUND, forever: true });
      const viewing = await view(camera.url(), { policies: { transport } }, { audio: true });
      expect(asked(camera, 'SETUP')).toEqual(['trackID=1', 'trackID=2']);
      let heard = 0;
      viewing.hub.audioFrame = () => void heard++;
      camera.sound(5);
      await until('it is heard', () => heard === 5);
      expect(viewing.source.audioProblem).toBeUndefined();
      expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
    },
  );

  it.each(['500', 'hang up', 'no sound', 'G.726'])(
    'sound that cannot be had (%s) is told, and harms no video',
    async (how) => {
      const camera = await cameraThat({
        sdp: (right) =>
          how === 'no sound'
            ? right
            : right +
              (how === 'G.726' ? SOUND.replace('AVP 0', 'AVP 97\r\na=rtpmap:97 G726-32/8000') : SOUND),
        on: {
          SETUP: (talk) => {
            if (!talk.request.url.endsWith('2')) talk.right();
            else if (how === '500') talk.answer(500);
            else talk.hangUp();
          },
        },
      });
      const viewing = await view(camera.url(), {}, { audio: true });
      expect(viewing.source.audioProblem).toMatch({ '500': /500/, 'hang up': /breaks off/ }[how] ?? /offers/);
      expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    },
  );

  it('F17 ports are opened from within before PLAY', async () => {
    let before = 0;
    const camera: BadCamera = await cameraThat({
      tcp: false,
      on: {
        PLAY: (talk) =>
          void until('a datagram comes from the client', () => {
            before = camera.punches();
            return before > 0;
          }).then(() => talk.right()),
      },
    });
    const viewing = await view(camera.url());
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(before).toBeGreaterThan(0);
  });
});
