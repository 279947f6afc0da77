import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSdp, type Sdp, type SdpMedia, type SdpPayload } from '../../src/rtsp/sdp.ts';

const HEAD = ['v=0', 'o=- 1 1 IN IP4 10.0.0.9', 's=Camera', 'c=IN IP4 0.0.0.0', 't=0 0', 'a=control:*'];
const VIDEO = [
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1',
  'a=control:track1',
];
const AUDIO = ['m=audio 0 RTP/AVP 8', 'a=control:track2'];

const parse = (...lines: string[]): Sdp => parseSdp(lines.join('\r\n'));
const only = (sdp: Sdp): SdpMedia => {
  expect(sdp.medias).toHaveLength(1);
  return sdp.medias[0] ?? expect.fail('no media');
};
const payload = (media: SdpMedia | undefined, pt: number): SdpPayload =>
  media?.payloads.find((candidate) => candidate.pt === pt) ?? expect.fail(`no payload ${pt}`);
const encodings = (media: SdpMedia | undefined): string[] =>
  (media?.payloads ?? []).map(
    ({ pt, encoding, clockRate, channels }) => `${pt} ${encoding}/${clockRate}/${channels}`,
  );
const expectVideo = (sdp: Sdp): void => {
  expect(encodings(sdp.medias.find((media) => media.kind === 'video'))).toContain('96 H264/90000/1');
};

describe('a session description', () => {
  it('is read, with the H6 name of the server', () => {
    const sdp = parse(
      ...HEAD,
      'a=tool:LIVE555 Streaming Media v2016.01.12',
      ...VIDEO,
      'a=framerate:25.000',
      ...AUDIO,
    );
    expect(sdp).toMatchObject({ control: '*', tool: 'LIVE555 Streaming Media v2016.01.12' });
    expect(sdp.attributes.get('control')).toEqual(['*']);
    expect(sdp.medias).toMatchObject([
      { kind: 'video', proto: 'RTP/AVP', port: 0, control: 'track1', framerate: 25, isBackChannel: false },
      { kind: 'audio', control: 'track2', framerate: undefined },
    ]);
    expect(encodings(sdp.medias[0])).toEqual(['96 H264/90000/1']);
    expect(encodings(sdp.medias[1])).toEqual(['8 PCMA/8000/1']);
    expect(payload(sdp.medias[0], 96).fmtp).toEqual(new Map([['packetization-mode', '1']]));
  });

  it.each([
    ['E1 no version', 'v='],
    ['E2 no origin', 'o='],
    ['E3 no name', 's='],
    ['E4 no time', 't='],
    ['E7 no connection', 'c='],
  ])('%s', (_, start) => {
    expectVideo(parse(...HEAD.filter((line) => !line.startsWith(start)), ...VIDEO));
  });

  it.each([
    ['E4', 't=now-'],
    ['E4', 't='],
    ['E6', 'o=- 0x1f 0xABCDEF IN IP4 10.0.0.9'],
    ['E6', 'o=- 1.5 -3 IN IP4 10.0.0.9'],
    ['E6', 'o=- 1 1 IN IP4 10.0.0.9 and more words'],
    ['E6', 'o=- 1 1 IN IPV4'],
    ['E6', 'o=- 1 1 IP IP4 10.0.0.9'],
    ['E6', 'o=- 1 1 IN'],
    ['E6', 'o=- -0 -0 IN IP4 '],
    ['E7', 'c=IN'],
    ['E7', 'c=IN 10.0.0.9'],
    ['E7', 'c=IN c=IN IP4 10.0.0.9'],
    ['E7', 'c=SM whatever'],
    ['E8', 'b=RR:0'],
    ['E8', 'b=RS:'],
    ['E8', 'b=TIAS:x'],
    ['E8', 'b=X-own'],
  ])('%s a line that we have no use for cannot be wrong: %s', (_, line) => {
    expectVideo(parse('v=0', line, 's=x', ...VIDEO, line));
  });

  it('E5 LF only, blank lines, blanks around, no end of the last line', () => {
    expectVideo(parseSdp(`\n\n  v=0\n\n${VIDEO.join('\n \n')}`));
    expectVideo(parseSdp(VIDEO.join('\r')));
    expectVideo(parseSdp(`\uFEFF${VIDEO.map((line) => line.replace('=', ' = ')).join('\r\n')}`));
    expect(only(parseSdp(VIDEO.join('\n'))).control).toBe('track1');
  });

  it('E9 lines in any order', () => {
    const sdp = parse(
      'a=control:rtsp://10.0.0.9/s',
      't=0 0',
      'a=tool:x',
      's=',
      'v=0',
      ...VIDEO.toSpliced(1, 3),
      ...VIDEO.slice(1).toReversed(),
    );
    expectVideo(sdp);
    expect(sdp).toMatchObject({ control: 'rtsp://10.0.0.9/s', tool: 'x' });
    expect(payload(only(sdp), 96).fmtp.get('packetization-mode')).toBe('1');
  });

  it.each(['vana', 'metadata', 'meta', 'text', 'application/TP-LINK', 'application/MERCURY'])(
    'E10 media of type %s is one of many',
    (kind) => {
      const sdp = parse(...HEAD, `m=${kind} 0 RTP/AVP 107`, 'a=control:t0', ...VIDEO);
      expect(sdp.medias.map((media) => media.kind)).toEqual([kind.toLowerCase(), 'video']);
      expectVideo(sdp);
    },
  );

  it('E11 a payload type that is no number', () => {
    const sdp = parse(...VIDEO, 'm=application/TP-LINK 0 RTP/AVP smart/1/90000', 'a=rtpmap:95 TP-LINK/90000');
    expect(encodings(sdp.medias[1])).toEqual(['95 TP-LINK/90000/1']);
    expectVideo(sdp);
  });

  it.each(['TCP/RTP/AVP', 'MP2T/RTP/UDP', 'RTP/SAVP', 'rtp/avpf'])('E12 protocol %s', (proto) => {
    expect(only(parse(`m=video 5000/2 ${proto} 96`, 'a=rtpmap:96 H264/90000'))).toMatchObject({
      proto: proto.toUpperCase(),
      port: 5000,
    });
  });

  it('E13 repeated lines in a media: the first control that says something counts', () => {
    const sdp = parse(
      ...HEAD,
      ...VIDEO.slice(0, 3),
      's=again',
      'i=x',
      'i=y',
      'a=control:',
      'a=control:t1',
      'a=control:t2',
    );
    expect(only(sdp).control).toBe('t1');
    expect(sdp.control).toBe('*');
  });

  it('E14 a fmtp line in another media', () => {
    const sdp = parse(...VIDEO.toSpliced(2, 1), ...AUDIO, 'a=fmtp:96 profile-level-id=640028');
    expect(payload(sdp.medias[0], 96).fmtp.get('profile-level-id')).toBe('640028');
    expect(encodings(sdp.medias[1])).toEqual(['8 PCMA/8000/1']);
    const early = parse('a=fmtp:96 profile-level-id=42', ...VIDEO.toSpliced(2, 1));
    expect(payload(only(early), 96).fmtp.get('profile-level-id')).toBe('42');
  });

  it('E14 but not one of another media that has the same number', () => {
    const sdp = parse(
      ...VIDEO.toSpliced(2, 1),
      'm=audio 0 RTP/AVP 96',
      'a=rtpmap:96 MPEG4-GENERIC/16000',
      'a=fmtp:96 config=1408',
    );
    expect(payload(sdp.medias[0], 96).fmtp.size).toBe(0);
    expect(payload(sdp.medias[1], 96).fmtp.get('config')).toBe('1408');
  });

  it('E15 rtpmap of another number, two of them, and one against the static table', () => {
    const other = only(parse('m=video 0 RTP/AVP 96', 'a=rtpmap:97 H265/90000', 'a=fmtp:97 sprop-vps=QAE='));
    expect(encodings(other)).toEqual(['96 H265/90000/1', '97 H265/90000/1']);
    expect(payload(other, 96).fmtp.get('sprop-vps')).toBe('QAE=');
    const two = only(
      parse('m=audio 0 RTP/AVP 97', 'a=rtpmap:97', 'a=rtpmap:97 PCMU/16000', 'a=rtpmap:97 L16/8000'),
    );
    expect(encodings(two)).toEqual(['97 PCMU/16000/1']);
    const own = only(parse('m=audio 0 RTP/AVP 0', 'a=rtpmap:0 PCMA/16000/2'));
    expect(encodings(own)).toEqual(['0 PCMA/16000/2']);
  });

  it.each([
    'a=rtpmap:96 H264/90000 ',
    'a=rtpmap:96 h264/90000/',
    'a=rtpmap: 96   H264 / 90000',
    'a=rtpmap:96 H264',
    'a=rtpmap:96 H264/0',
    'a=rtpmap:96 H264/99999999999999999999',
    'A=RTPMAP:96\tH264/90000 comment',
  ])('E16 rtpmap with blanks and gaps: %j', (line) => {
    expect(encodings(only(parse('m=video 0 RTP/AVP 96', line)))).toEqual(['96 H264/90000/1']);
  });

  it.each(['a=fmtp:96', 'a=fmtp:96 ', 'a=fmtp:96 ;;', 'a=fmtp:', 'a=fmtp'])(
    'E17 empty parameters: %j',
    (line) => {
      expect(payload(only(parse('m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', line)), 96).fmtp.size).toBe(
        0,
      );
    },
  );

  it('E18 trailing semicolon, case and blanks of keys, padding of base64, quotes, repeats', () => {
    const media = only(
      parse(
        ...VIDEO.toSpliced(2, 1),
        'a=fmtp:96  Packetization-Mode = 1 ;Sprop-Parameter-Sets=Z0IAKQ==, aM48gA==; x="a b";flag; =; x=2;',
        'a=fmtp:96 profile-level-id=42;flag=set',
      ),
    );
    expect(payload(media, 96).fmtp).toEqual(
      new Map([
        ['packetization-mode', '1'],
        ['sprop-parameter-sets', 'Z0IAKQ==, aM48gA=='],
        ['x', 'a b'],
        ['flag', ''],
        ['profile-level-id', '42'],
      ]),
    );
  });

  it('E19 H264 on a number of the static range', () => {
    expect(encodings(only(parse('m=video 0 RTP/AVP 35', 'a=rtpmap:35 H264/90000')))).toEqual([
      '35 H264/90000/1',
    ]);
  });

  it('E20 PCM is not taken for L16', () => {
    expect(encodings(only(parse('m=audio 0 RTP/AVP 96', 'a=rtpmap:96 PCM/48000')))).toEqual([
      '96 PCM/48000/1',
    ]);
    expect(encodings(only(parse('m=audio 0 RTP/AVP 10 11', 'a=rtpmap:11 L16/44100/1')))).toEqual([
      '10 L16/44100/2',
      '11 L16/44100/1',
    ]);
  });

  it.each(['opus/48000/2', 'OPUS/8000/1', 'Opus'])('E21 %s is 48 kHz stereo', (text) => {
    expect(encodings(only(parse('m=audio 0 RTP/AVP 111', `a=rtpmap:111 ${text}`)))).toEqual([
      '111 OPUS/48000/2',
    ]);
  });

  it('E22 a dynamic number without rtpmap is guessed from its parameters, or left open', () => {
    const guessed = (fmtp: string): string[] => encodings(only(parse('m=video 0 RTP/AVP 96', fmtp)));
    expect(guessed('a=fmtp:96 packetization-mode=1')).toEqual(['96 H264/90000/1']);
    expect(guessed('a=fmtp:96 sprop-parameter-sets=Z0IAKQ==')).toEqual(['96 H264/90000/1']);
    expect(guessed('a=fmtp:96 sprop-sps=QgE=')).toEqual(['96 H265/90000/1']);
    expect(guessed('a=x')).toEqual(['96 /90000/1']);
  });

  it.each(['m=', 'm=audio', 'm=audio x', 'm=audio 0 RTP/AVP', 'm=audio -7 RTP/AVP 999 -1 8.5 x'])(
    'E23 a media that cannot be read does not lose the others: %s',
    (line) => {
      const sdp = parse(...HEAD, line, ...VIDEO, line);
      expect(sdp.medias).toHaveLength(3);
      expect(sdp.medias[0]).toMatchObject({ payloads: [], port: 0, control: undefined });
      expectVideo(sdp);
    },
  );

  it('E24 sendonly is a back channel only beside media that are not', () => {
    const channels = (...lines: string[]): boolean[] =>
      parse(...lines).medias.map((media) => media.isBackChannel);
    expect(channels(...VIDEO, 'a=recvonly', ...AUDIO, 'a=recvonly', ...AUDIO, 'a=sendonly')).toEqual([
      false,
      false,
      true,
    ]);
    expect(channels(...VIDEO, ...AUDIO, 'a=sendonly')).toEqual([false, true]);
    expect(channels(...VIDEO, 'a=sendonly', ...AUDIO, 'a=sendonly')).toEqual([false, false]);
    expect(channels(...VIDEO, 'a=sendonly', ...AUDIO, 'a=sendonly', 'm=application 0 RTP/AVP 107')).toEqual([
      false,
      false,
      false,
    ]);
    expect(channels('a=sendonly', ...VIDEO, ...AUDIO)).toEqual([false, false]);
    expect(channels('a=sendonly', ...VIDEO, 'a=recvonly', ...AUDIO)).toEqual([false, true]);
  });

  it('E25 several video sections keep their order', () => {
    const sdp = parse(...VIDEO, 'm=video 0 RTP/AVP 97', 'a=rtpmap:97 H265/90000', 'a=control:track9');
    expect(sdp.medias.map((media) => media.control)).toEqual(['track1', 'track9']);
  });

  it('E26 text of any encoding', () => {
    const shiftJis = Buffer.concat([
      Buffer.from('v=0\r\ns='),
      Buffer.from([0x83, 0x4a, 0x83, 0x81, 0x83, 0x89]),
      Buffer.from(`\r\na=tool:`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`\r\n${VIDEO.join('\r\n')}`),
    ]);
    expectVideo(parseSdp(shiftJis));
    expect(parseSdp(shiftJis).tool).toBe('ÿþ');
    expect(parseSdp(Buffer.from('a=tool:カメラ')).tool).toBe('カメラ');
    expectVideo(parseSdp(`s=a\u2028b\u2029\n${VIDEO.join('\n')}`));
  });

  it.each([
    ['0S', undefined],
    ['0', undefined],
    ['-5', undefined],
    ['', undefined],
    ['99999', undefined],
    ['29.970', 29.97],
    ['25 fps', 25],
  ])('E27 framerate %j is %j', (text, framerate) => {
    expect(only(parse(...VIDEO, `a=framerate:${text}`)).framerate).toBe(framerate);
  });

  it('E28 the parameters of AAC are handed on as they are', () => {
    const media = only(
      parse(
        'm=audio 0 RTP/AVP 97',
        'a=rtpmap:97 mpeg4-generic/16000/1',
        'a=fmtp:97 profile-level-id=15; mode=AAC_hbr;sizeLength=13; config=1408;',
      ),
    );
    expect(encodings(media)).toEqual(['97 MPEG4-GENERIC/16000/1']);
    expect(payload(media, 97).fmtp).toEqual(
      new Map([
        ['profile-level-id', '15'],
        ['mode', 'AAC_hbr'],
        ['sizelength', '13'],
        ['config', '1408'],
      ]),
    );
  });

  it.each(['', 'hello', '<html></html>', '{}', '\0\0\0'])('is empty when it is none: %j', (text) => {
    expect(parseSdp(text)).toMatchObject({ medias: [], control: undefined, tool: undefined });
  });

  it('has a limit for everything that a camera could make endless', () => {
    expect(parseSdp('m=video 0 RTP/AVP 96\n'.repeat(10_000)).medias).toHaveLength(32);
    const wide = only(parseSdp(`m=video 0 RTP/AVP ${Array.from({ length: 5000 }, (_, pt) => pt).join(' ')}`));
    expect(wide.payloads).toHaveLength(128);
    const long = only(
      parseSdp(
        `m=video 0 RTP/AVP 96\na=fmtp:96 ${Array.from({ length: 9000 }, (_, k) => `k${k}=1`).join(';')}`,
      ),
    );
    expect(payload(long, 96).fmtp.size).toBe(64);
    // Of this process alone, as others may keep the machine busy.
    const before = process.cpuUsage();
    parseSdp(`m=audio 0 RTP/AVP 96\na=fmtp:96 ${' '.repeat(120_000)}x`);
    parseSdp(`m=audio 0 RTP/AVP 0\n${'a=fmtp:9 a=b\n'.repeat(120)}`.repeat(40));
    parseSdp(`a=rtpmap:96 ${' /'.repeat(60_000)}`);
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });
});

describe('print and parse', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._=-]{0,12}$/);
  const name = fc.stringMatching(/^[A-Z][A-Z0-9-]{0,11}$/).filter((text) => text !== 'OPUS');
  const key = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
  const payloads = fc.uniqueArray(
    fc.record({
      pt: fc.integer({ min: 0, max: 127 }),
      encoding: name,
      clockRate: fc.integer({ min: 1, max: 192_000 }),
      channels: fc.integer({ min: 1, max: 8 }),
      fmtp: fc
        .uniqueArray(fc.tuple(key, fc.stringMatching(/^[A-Za-z0-9+/,=]{0,20}$/)), {
          selector: ([k]) => k,
          maxLength: 5,
        })
        .map((pairs) => new Map(pairs)),
    }),
    { selector: (entry) => entry.pt, minLength: 1, maxLength: 5 },
  );
  const media = fc.record({
    kind: fc.constantFrom('video', 'audio', 'application'),
    port: fc.nat({ max: 65_535 }),
    proto: fc.constantFrom('RTP/AVP', 'RTP/SAVP', 'TCP/RTP/AVP'),
    payloads,
    control: fc.option(word, { nil: undefined }),
    direction: fc.constantFrom(undefined, 'recvonly', 'sendrecv', 'inactive'),
    framerate: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
  });
  type Model = typeof media extends fc.Arbitrary<infer T> ? T : never;

  const print = (medias: readonly Model[], eol: string): string =>
    [
      ...HEAD,
      ...medias.flatMap((entry) => [
        `m=${entry.kind} ${entry.port} ${entry.proto} ${entry.payloads.map(({ pt }) => pt).join(' ')}`,
        ...entry.payloads.flatMap(({ pt, encoding, clockRate, channels, fmtp }) => [
          `a=rtpmap:${pt} ${encoding}/${clockRate}/${channels}`,
          `a=fmtp:${pt} ${[...fmtp].map(([k, v]) => `${k}=${v}`).join('; ')}`,
        ]),
        ...(entry.direction === undefined ? [] : [`a=${entry.direction}`]),
        ...(entry.control === undefined ? [] : [`a=control:${entry.control}`]),
        ...(entry.framerate === undefined ? [] : [`a=framerate:${entry.framerate}`]),
      ]),
    ].join(eol);

  it('a description comes back', () => {
    fc.assert(
      fc.property(fc.array(media, { maxLength: 6 }), fc.constantFrom('\n', '\r\n'), (medias, eol) => {
        const parsed = parseSdp(Buffer.from(print(medias, eol)));
        const expected = medias.map((entry) => ({
          ...entry,
          isBackChannel: false,
          attributes: expect.any(Map) as Map<string, string[]>,
        }));
        expect(parsed.medias).toEqual(expected);
      }),
    );
  });

  it('any bytes and any shuffled lines are read without throwing', () => {
    const lines = [...HEAD, ...VIDEO, ...AUDIO, 'a=', 'm=', 'a=rtpmap:', 'a=fmtp:96', 'x', '='];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...lines), fc.string()), { maxLength: 30 }), (some) => {
        expect(parseSdp(some.join('\n')).medias.length).toBeLessThanOrEqual(30);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const entry of parseSdp(bytes).medias) {
          for (const { pt, clockRate } of entry.payloads) {
            expect(pt).toBeLessThanOrEqual(127);
            expect(clockRate).toBeGreaterThan(0);
          }
        }
      }),
    );
  });
});
