import { describe, expect, it } from 'vitest';
import { dollar, FRAMES, type Script, type Talk } from '../../support/bad-camera.ts';
import { badCameras, view } from '../../support/viewing.ts';
import { until } from '../../support/vigie.ts';

const { cameraThat, recordedOf } = badCameras();

/** An RTP packet of nobody we know. */
const stranger = (channel: number): Buffer =>
  dollar(channel, Buffer.concat([Buffer.from('80e0000700000001deadbeef', 'hex'), Buffer.alloc(50, 0x41)]));

type Answers = NonNullable<Script['on']>;

const everyMethod = (wrong: (talk: Talk) => void): Answers =>
  Object.fromEntries(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY'].map((method) => [method, wrong]));

describe('a camera that frames its messages badly is recorded whole', () => {
  it('and one without fault, too', async () => {
    const camera = await cameraThat({});
    const viewing = await view(camera.url());
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(camera.methods()).toBe('OPTIONS DESCRIBE SETUP PLAY TEARDOWN');
  });

  it('B1 data between every request and its answer', async () => {
    const on = everyMethod((talk) => {
      talk.raw(stranger(0));
      talk.raw(stranger(8));
      talk.right();
    });
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it('B2 video and reports before the answer to PLAY', async () => {
    const report = Buffer.from('80c800060c0ffee0ec000000000000000000000000000000000000000', 'hex');
    const on: Answers = {
      PLAY: (talk) => {
        talk.raw(dollar(1, report));
        talk.send();
        talk.answer(200, { Session: 'a1b2c3d4' });
      },
    };
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it('B3 video of another session before we have logged in', async () => {
    expect(
      await recordedOf({ onConnect: ({ raw }) => void Array.from({ length: 20 }, () => raw(stranger(0))) }),
    ).toBe(FRAMES);
  });

  it('B4 stray line ends before each message', async () => {
    const on = everyMethod((talk) => {
      talk.raw('\r\n\r\n\n');
      talk.right();
    });
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it.each([1, 700, 1_500, 9_000])('B5 %i bytes of garbage in the stream, once a picture', async (length) => {
    // A packet that is longer than Ethernet allows comes directly after it.
    const garbage = Buffer.alloc(length, '$a');
    const jumbo = dollar(
      0,
      Buffer.concat([Buffer.from('80e00000000000000c0ffee1', 'hex'), Buffer.alloc(9_000)]),
    );
    const camera = await cameraThat({ frames: 0, forever: true });
    const viewing = await view(camera.url());
    for (let i = 0; i < 10; i++) {
      camera.broadcast(garbage);
      camera.broadcast(jumbo);
      await until(
        'pictures come again',
        (
          (from) => () =>
            viewing.hub.counters.frames > from
        )(viewing.hub.counters.frames),
      );
    }
    expect(viewing.ended()).toBeUndefined();
    await viewing.stop();
  });

  it('B5 nothing but garbage ends the connection', async () => {
    const camera = await cameraThat({ frames: 1 });
    const viewing = await view(camera.url());
    camera.broadcast(Buffer.alloc(600_000, 0xa5));
    await until('the end is seen', () => viewing.ended() !== undefined);
    expect(viewing.ended()).toMatchObject({ cause: 'protocol', reason: expect.stringContaining('not RTSP') });
    await viewing.stop();
  });

  it.each(['OPTIONS', 'SET_PARAMETER', 'ANNOUNCE', 'X_KEEPALIVE'])(
    'B6 a request of the camera: %s',
    async (method) => {
      const camera = await cameraThat({ forever: true });
      const viewing = await view(camera.url());
      camera.broadcast(`${method} rtsp://x/ RTSP/1.0\r\nCSeq: 77\r\nSession: a1b2c3d4\r\n\r\n`);
      const before = viewing.hub.counters.frames;
      await until('more pictures come', () => viewing.hub.counters.frames > before + 10);
      expect(viewing.ended()).toBeUndefined();
      await viewing.stop();
    },
  );

  it('B7 answers without CSeq', async () => {
    const sdp = 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t\r\n';
    const on: Answers = {
      OPTIONS: (talk) => talk.raw('RTSP/1.0 200 OK\r\n\r\n'),
      DESCRIBE: (talk) => talk.raw(`RTSP/1.0 200 OK\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`),
      SETUP: (talk) =>
        talk.raw('RTSP/1.0 200 OK\r\nSession: 5\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n'),
      PLAY: (talk) => {
        talk.raw('RTSP/1.0 200 OK\r\n\r\n');
        talk.send();
      },
    };
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it.each(['cseq: {cseq} ', 'Cseq:{cseq}\t', 'CSEQ : {cseq}'])('B8 CSeq written %j', async (line) => {
    const on: Answers = { OPTIONS: (talk) => talk.raw(`RTSP/1.0 200 OK\r\n${line}\r\n\r\n`) };
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it.each(['RTSP/1.0 200', 'RTSP/1.0 200 ', 'rtsp/1.0  200  All is well'])(
    'B9 status line %j',
    async (line) => {
      const on: Answers = {
        OPTIONS: (talk) => talk.raw(`${line}\r\nCSeq: {cseq}\r\n\r\n`),
        PLAY: (talk) => {
          talk.raw(`${line}\r\nCSeq: {cseq}\r\n\r\n`);
          talk.send();
        },
      };
      expect(await recordedOf({ on })).toBe(FRAMES);
    },
  );

  it('B10 headers without a blank, with many, and twice', async () => {
    const on: Answers = {
      SETUP: (talk) =>
        talk.raw(
          'RTSP/1.0 200 OK\r\nCSeq:{cseq}\r\nSession:      9\r\nSession: 10\r\nTransport:RTP/AVP/TCP;interleaved=0-1\r\n\r\n',
        ),
    };
    const camera = await cameraThat({ on });
    const viewing = await view(camera.url());
    expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    expect(camera.header('PLAY', 'session')).toBe('9');
  });

  it.each(['', '-1'])('B11 Content-Length %j where there is no body', async (length) => {
    const on: Answers = {
      PLAY: (talk) => {
        talk.raw(`RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nContent-Length: ${length}\r\n\r\n`);
        talk.send();
      },
    };
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it.each(['99999999999', 'many'])(
    'B11 Content-Length %s is refused, and nothing allocated for it',
    async (length) => {
      const on: Answers = {
        DESCRIBE: (talk) => talk.raw(`RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nContent-Length: ${length}\r\n\r\n`),
      };
      const viewing = await view((await cameraThat({ on })).url());
      expect(viewing.failure).toMatchObject({ cause: 'protocol', reason: expect.stringContaining(length) });
      await viewing.stop();
    },
  );

  it.each([undefined, 'application/sdp; charset=utf-8', 'text/plain'])(
    'B12 Content-Type of the description: %s',
    async (type) => {
      const on: Answers = {
        DESCRIBE: (talk) => {
          const sdp = 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t\r\n';
          talk.answer(200, { 'Content-Type': type }, sdp);
        },
      };
      expect(await recordedOf({ on })).toBe(FRAMES);
    },
  );

  it('B13 401 to whoever does not say what he is', async () => {
    const on = everyMethod((talk) => {
      if (talk.request.headers.has('user-agent')) talk.right();
      else talk.answer(401);
    });
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it.each([404, 501, 454])('B14 OPTIONS answered %i', async (status) => {
    expect(await recordedOf({ on: { OPTIONS: (talk) => talk.answer(status) } })).toBe(FRAMES);
  });

  it('B15 good data on channels that were never agreed', async () => {
    const on: Answers = {
      PLAY: (talk) => {
        talk.answer(200);
        for (let i = 0; i < 100; i++) talk.raw(stranger(10 + (i % 5)));
        talk.send();
      },
    };
    expect(await recordedOf({ on })).toBe(FRAMES);
  });

  it.each([
    { rtp: 5, rtcp: 6 },
    { rtp: 3, rtcp: 2 },
    { rtp: 9, rtcp: 200 },
  ])('B16 channels as the camera says, odd or even: %j', async (channels) => {
    const on: Answers = {
      SETUP: (talk) =>
        talk.answer(200, {
          Session: '1',
          Transport: `RTP/AVP/TCP;unicast;interleaved=${channels.rtp}-${channels.rtcp}`,
        }),
    };
    const camera = await cameraThat({ on, channels, forever: true });
    const viewing = await view(camera.url());
    await until('a report goes to its channel', () =>
      camera.reports.some((report) => report[1] === channels.rtcp),
    );
    expect(await viewing.recorded(FRAMES)).toBeGreaterThanOrEqual(FRAMES);
  });

  it('B17 an answer to an earlier request, before the one that is awaited', async () => {
    const late = (talk: Talk): void => {
      talk.raw('RTSP/1.0 400 Bad Request\r\nCSeq: 1\r\n\r\n');
      talk.right();
    };
    expect(await recordedOf({ on: { DESCRIBE: late, SETUP: late, PLAY: late } })).toBe(FRAMES);
  });

  it('B17 a late answer to a sign of life, and a 400 to another, harm nothing', async () => {
    const late: (() => void)[] = [];
    const camera = await cameraThat({
      forever: true,
      on: {
        SETUP: (talk) =>
          talk.answer(200, { Session: '1;timeout=1', Transport: 'RTP/AVP/TCP;interleaved=0-1' }),
        GET_PARAMETER: (talk) => void late.push(() => talk.answer(400)),
        OPTIONS: (talk) => {
          for (const answer of late.splice(0)) answer();
          talk.right();
        },
      },
    });
    const viewing = await view(camera.url(), {}, { timeoutMillis: 300 });
    await until('several were sent', () => camera.requests.length > 8);
    for (const answer of late.splice(0)) answer();
    const before = viewing.hub.counters.frames;
    await until('more pictures come', () => viewing.hub.counters.frames > before + 10);
    expect(viewing.ended()).toBeUndefined();
    expect(camera.requests.every(({ connection }) => connection === 0)).toBe(true);
    await viewing.stop();
  });
});
