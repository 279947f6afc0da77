import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_KINDS } from '../../src/catalog/motion.ts';
import { defaultBufferBytes, WEBHOOK_KINDS } from '../../src/config/config.ts';
import { lesserMemory } from '../../src/config/memory.ts';
import { loadConfig, problemLines, problemText } from '../../src/config/load.ts';

const load = (text: string, env: Record<string, string> = {}) => loadConfig({ text, file: 'city.yaml', env });

/** `line:column key` and what is allowed of each problem. */
function problems(text: string, env: Record<string, string> = {}) {
  const result = load(text, env);
  return result.ok
    ? []
    : result.problems.map(({ line, key, found, allowed }) => ({ line, key, found, allowed }));
}

it.each([
  ['a small machine', 2, undefined, 0.5],
  ['a large one', 32, undefined, 4],
  ['a container of it', 32, 8, 1],
  ['a container without a limit, as Node says it', 32, 2 ** 34, 4],
  ['a container without a limit, as others say it', 32, 0, 4],
] as const)(
  '%s has an eighth of its memory for video on its way to disk',
  (_what, machine, limit, wanted) => {
    const GIB = 2 ** 30;
    const memory = lesserMemory(machine * GIB, limit === undefined ? undefined : limit * GIB);
    expect(defaultBufferBytes(memory)).toBe(wanted * GIB);
  },
);

describe('configuration', () => {
  it('has a default for everything but cameras', () => {
    const result = load('cameras:\n  - { id: gare, source: "rtsp://10.0.0.1/1" }\n');
    expect(result).toMatchObject({
      ok: true,
      config: {
        server: { host: '127.0.0.1', port: 8080 },
        record: { segmentMicros: 60_000_000, fragmentMicros: 2_000_000, syncMicros: 5_000_000, workers: 1 },
        retention: { continuousMicros: 2_592e9, localMicros: 86_400e6, maximumMicros: 2_592e9 },
        cameras: [
          {
            ...{ id: 'gare', name: 'gare', source: 'rtsp://10.0.0.1/1', key: undefined, enabled: true },
            ...{ audio: false, priority: 'normal' },
            retention: { continuousMicros: 2_592e9, motionMicros: 2_592e9, eventMicros: 2_592e9 },
          },
        ],
      },
    });
    expect(load('')).toMatchObject({ ok: true, config: { cameras: [] } });
  });

  it('records sound only of cameras that it says so of', () => {
    expect(load('cameras:\n  - { id: a, source: "rtsp://10.0.0.1/1", audio: true }')).toMatchObject({
      config: { cameras: [{ audio: true }] },
    });
    expect(problems('cameras:\n  - { id: a, source: "rtsp://10.0.0.1/1", audio: loud }')).toMatchObject([
      { line: 2, key: 'cameras[0].audio' },
    ]);
  });

  it('keeps footage no longer than the law allows, also where only the law is named', () => {
    expect(load('retention: { maximum: 15d }')).toMatchObject({
      ok: true,
      config: { retention: { continuousMicros: 1_296e9, maximumMicros: 1_296e9 } },
    });
  });

  it('keeps footage by what happened in it, never shorter for more, and a camera as it says', () => {
    const DAY = 86_400e6;
    const daysOf = (retention: string, cameras: readonly string[] = []) => {
      const lines = cameras.map(
        (own, i) => `  - { id: c${i}, source: "rtsp://x/1"${own && `, retention: ${own}`} }`,
      );
      const result = load(
        [`retention: ${retention}`, ...(lines.length > 0 ? ['cameras:', ...lines] : [])].join('\n'),
      );
      if (!result.ok) throw new Error(result.problems.map(problemText).join('\n'));
      return [result.config.retention, ...result.config.cameras.map((camera) => camera.retention)].map(
        ({ continuousMicros, motionMicros, eventMicros }) =>
          [continuousMicros, motionMicros, eventMicros].map((micros) => micros / DAY),
      );
    };
    expect(daysOf('{ continuous: 7d }')).toEqual([[7, 7, 7]]);
    expect(daysOf('{ continuous: 7d, motion: 15d }')).toEqual([[7, 15, 15]]);
    expect(daysOf('{ maximum: 20d, event: 20d, continuous: 5d }')).toEqual([[5, 5, 20]]);
    expect(
      daysOf('{ continuous: 7d, motion: 15d, event: 25d }', [
        ...['', '{ continuous: 3d }', '{ continuous: 20d }', '{ motion: 9d }', '{ event: 15d }'],
      ]),
    ).toEqual([
      [7, 15, 25],
      [7, 15, 25],
      [3, 15, 25],
      [20, 20, 25],
      [7, 9, 25],
      [7, 15, 15],
    ]);
    // Nobody has said that anything is kept for longer where something moves.
    expect(daysOf('{ continuous: 30d }', ['{ continuous: 15d }', '{ event: 30d, continuous: 2d }'])).toEqual([
      ...[
        [30, 30, 30],
        [15, 15, 15],
        [2, 2, 30],
      ],
    ]);
  });

  it('says how each camera is spoken to', () => {
    const digits = 'AB'.repeat(32);
    const colons = digits.match(/../g)?.join(':');
    const text = [
      'rtsp: { udpPorts: 40000-40999 }',
      'cameras:',
      '  - { id: a, source: "rtsp://x/1", transport: udp, rtsp: { keepAlive: none } }',
      `  - { id: b, source: "rtsps://x/1", tls: { fingerprint: "${colons}" } }`,
      '  - { id: c, source: "rtsps://x/1", tls: { caFile: /etc/ca.pem } }',
    ].join('\n');
    expect(load(text)).toMatchObject({
      ok: true,
      config: {
        udpPorts: { from: 40_000, to: 40_999 },
        cameras: [
          { rtsp: { transport: 'udp', keepAlive: 'none' }, tls: undefined },
          { rtsp: {}, tls: { kind: 'fingerprint', sha256: 'ab'.repeat(32) } },
          { tls: { kind: 'authority', caFile: '/etc/ca.pem' } },
        ],
      },
    });
  });

  it('tells webhooks of all events, or of those that they are for', () => {
    const text = [
      'webhooks:',
      '  - { url: "https://alarms.example.org/${TOKEN}", secret: "${SECRET}" }',
      '  - { url: "http://10.0.0.5:9000", secret: "0123456789abcdef", kinds: [covered], cameras: [a], caFile: /ca }',
      'cameras:',
      '  - { id: a, source: "rtsp://10.0.0.1/1" }',
    ].join('\n');
    const [hook, other] = [
      { url: 'https://alarms.example.org/t-1', secret: 'x'.repeat(16), kinds: undefined, cameras: undefined },
      {
        url: 'http://10.0.0.5:9000',
        secret: '0123456789abcdef',
        kinds: ['covered'],
        cameras: ['a'],
        caFile: '/ca',
      },
    ];
    expect(load(text, { TOKEN: 't-1', SECRET: 'x'.repeat(16) })).toMatchObject({
      config: { webhooks: [hook, other] },
    });
    expect(load('')).toMatchObject({ config: { webhooks: [] } });
    expect(WEBHOOK_KINDS).toEqual(EVENT_KINDS);
  });

  it.each([
    ['{ url: "ftp://x/secret-word", secret: "0123456789abcdef" }', 'webhooks[0].url', 'https://alarms'],
    ['{ url: "https://", secret: "0123456789abcdef" }', 'webhooks[0].url', 'an address'],
    ['{ url: "http://x/", secret: "secret-word" }', 'webhooks[0].secret', '16 to 200'],
    ['{ url: "http://x/" }', 'webhooks[0].secret', '16 to 200'],
    ['{ url: "http://x/", secret: "0123456789abcdef", kinds: [ghost] }', 'webhooks[0].kinds[0]', 'motion'],
    ['{ url: "http://x/", secret: "0123456789abcdef", cameras: [b] }', 'webhooks[0].cameras[0]', 'the id of'],
    ['{ url: "http://x/", secret: "0123456789abcdef", verify: false }', 'webhooks[0].verify', 'kinds'],
  ])('refuses the webhook %s', (hook, key, allowed) => {
    const found = problems(`webhooks:\n  - ${hook}\ncameras:\n  - { id: a, source: "rtsp://x/1" }`);
    expect(found).toMatchObject([{ line: 2, key, allowed: expect.stringContaining(allowed) }]);
    expect(JSON.stringify(found)).not.toContain('secret-word');
  });

  it('has one webhook of an address, as what is owed to it is kept by that', () => {
    const hook = '  - { url: "http://x/", secret: "0123456789abcdef" }';
    expect(problems(['webhooks:', hook, hook].join('\n'))).toMatchObject([
      { line: 3, key: 'webhooks[1].url', allowed: 'an address that no other webhook has' },
    ]);
  });

  it('takes whatever ffmpeg opens, with a blank or a secret in it', () => {
    const text = [
      'cameras:',
      '  - { id: a, source: "ffmpeg:/srv/two words.mp4", ffmpeg: { input: ["-stream_loop", "-1"] } }',
      '  - { id: b, source: "ffmpeg:http://u:${PW}@10.0.0.1/video", ffmpeg: { transcode: h264 } }',
    ].join('\n');
    expect(load(text, { PW: 'x y' })).toMatchObject({
      ok: true,
      config: {
        cameras: [
          { source: 'ffmpeg:/srv/two words.mp4', ffmpeg: { input: ['-stream_loop', '-1'] } },
          { source: 'ffmpeg:http://u:x y@10.0.0.1/video', ffmpeg: { input: [], transcode: 'h264' } },
        ],
      },
    });
  });

  it('of the example is right', () => {
    const text = readFileSync(new URL('../../config/example.yaml', import.meta.url), 'utf8');
    expect(problems(text, { CAM_PW: 'x', GARE_KEY: 'k'.repeat(16) })).toEqual([]);
  });

  it.each([
    ['servr: { listen: "127.0.0.1:80" }', 1, 'servr', /server/],
    ['server:\n  listen: 127.0.0.1', 2, 'server.listen', /host:port/],
    ['server:\n  listen: 0.0.0.0:8080', 2, 'server.listen', /loopback.*accounts/],
    ['record:\n  segment: 1h30', 2, 'record.segment', /duration from 2s to 1h/],
    ['record:\n  workers: many', 2, 'record.workers', /number/],
    ['record:\n  workers: 0', 2, 'record.workers', /1/],
    ['motion:\n  workers: 0', 2, 'motion.workers', /1/],
    ['motion:\n  decoders: 17', 2, 'motion.decoders', /16/],
    ['motion:\n  streams: some', 2, 'motion.streams', /number/],
    ['record:\n  buffer: 3MiB', 2, 'record.buffer', /16MiB/],
    ['log: { level: loud }', 1, 'log.level', /debug/],
    ['cameras:\n  - id: Gare\n    source: rtsp://x/1', 2, 'cameras[0].id', /a-z/],
    ['cameras:\n  - id: gare', 2, 'cameras[0].source', /RTSP/],
    ['cameras:\n  - id: a\n    source: http://x', 3, 'cameras[0].source', /RTSP URL/],
    ['cameras:\n  - id: a\n    source: "ffmpeg:-i"', 3, 'cameras[0].source', /anything that ffmpeg opens/],
    ['cameras:\n  - id: a\n    source: "ffmpeg: /x"', 3, 'cameras[0].source', /anything that ffmpeg opens/],
    [
      'cameras:\n  - id: a\n    source: rtsp://x/1\n    ffmpeg: { transcode: h264 }',
      4,
      'cameras[0].ffmpeg',
      /begins with ffmpeg:/,
    ],
    [
      'cameras:\n  - id: a\n    source: ffmpeg:/x\n    ffmpeg: { transcode: vp9 }',
      4,
      'cameras[0].ffmpeg.transcode',
      /h264/,
    ],
    [
      'cameras:\n  - id: a\n    source: ffmpeg:/x\n    ffmpeg: { input: [x, -i, y] }',
      4,
      'cameras[0].ffmpeg.input',
      /without -i/,
    ],
    [
      'cameras:\n  - { id: a, source: "rtsp://x/1" }\n  - { id: a, source: "rtsp://x/2" }',
      3,
      'cameras[1].id',
      /no other/,
    ],
    [
      'cameras:\n  - { id: a, source: "rtsp://x/1", transport: multicast }',
      2,
      'cameras[0].transport',
      /auto, tcp, udp/,
    ],
    [
      'cameras:\n  - { id: a, source: "rtsp://x/1", rtsp: { keepalive: none } }',
      2,
      'cameras[0].rtsp.keepalive',
      /keepAlive/,
    ],
    [
      'cameras:\n  - { id: a, source: "rtsps://x/1", transport: udp }',
      2,
      'cameras[0].transport',
      /encrypted/,
    ],
    ['cameras:\n  - { id: a, source: "rtsp://x/1", tls: { caFile: ca.pem } }', 2, 'cameras[0].tls', /rtsps:/],
    ['cameras:\n  - { id: a, source: "rtsps://x/1", tls: {} }', 2, 'cameras[0].tls', /one of them/],
    [
      'cameras:\n  - { id: a, source: "rtsps://x/1", tls: { fingerprint: abc } }',
      2,
      'cameras[0].tls.fingerprint',
      /64 hexadecimal digits/,
    ],
    ['rtsp: { udpPorts: "80-90" }', 1, 'rtsp.udpPorts', /1024 to 65535/],
    ['rtmp:\n  listen: 1935', 2, 'rtmp.listen', /string|host:port/],
    ['rtmp:\n  listen: "0.0.0.0"', 2, 'rtmp.listen', /host:port, as in 0\.0\.0\.0:1935/],
    ['cameras:\n  - { id: a, source: rtmp }', 2, 'cameras[0].key', /key that its encoder pushes with/],
    ['cameras:\n  - { id: a, source: rtmp, key: short }', 2, 'cameras[0].key', /16 to 128/],
    ['cameras:\n  - { id: a, source: rtmp, key: "sixteen & more signs" }', 2, 'cameras[0].key', /16 to 128/],
    ['retention: { continuous: 60d }', 1, 'retention.continuous', /at most.*maximum.*30d/],
    ['retention: { maximum: 15d, continuous: 20d }', 1, 'retention.continuous', /15d/],
    [
      'cameras:\n  - { id: a, source: "rtsp://x/1", retention: { continuous: 31d } }',
      2,
      'cameras[0].retention.continuous',
      /at most/,
    ],
    ['storage:\n  s3: { bucket: x }', 2, 'storage.s3.bucket', /3 to 63/],
    ['storage:\n  s3: { bucket: xyz, endpoint: "s3.example" }', 2, 'storage.s3.endpoint', /https:/],
    ['storage:\n  s3: { bucket: xyz, accessKeyId: a }', 2, 'storage.s3', /both or neither/],
    ['retention: { motion: 31d }', 1, 'retention.motion', /at most.*maximum.*30d/],
    ['retention: { maximum: 20d, event: 21d }', 1, 'retention.event', /20d/],
    ['retention: { continuous: 7d, motion: 6d }', 1, 'retention.motion', /at least.*continuous.*7d/],
    ['retention: { continuous: 1d, motion: 6d, event: 2d }', 1, 'retention.event', /at least.*motion.*6d/],
    [
      'retention: { continuous: 9d }\ncameras:\n  - { id: a, source: "rtsp://x/1", retention: { motion: 5d } }',
      3,
      'cameras[0].retention.motion',
      /at least.*continuous.*9d/,
    ],
    [
      'cameras:\n  - { id: a, source: "rtsp://x/1", retention: { event: 31d } }',
      2,
      'cameras[0].retention.event',
      /at most/,
    ],
    ['storage:\n  local: { dropStill: maybe }', 2, 'storage.local.dropStill', /true/],
    ['storage:\n  local: { reserve: lots }', 2, 'storage.local.reserve', /10GiB/],
    [
      'cameras:\n  - id: a\n    source: rtsp://x/1\n    key: abcdefghijklmnop',
      4,
      'cameras[0].key',
      /only where source is rtmp/,
    ],
    ['cameras:\n  - id: a\n    source: rtsp://u:${PW}@x/1', 3, 'cameras[0].source', /PW is not set/],
    ['cameras: 5', 1, 'cameras', /list|array/i],
    ['server: [', 1, '', /YAML/],
    ['a: 1\na: 2', 2, '', /YAML/],
  ])('%j: says line, key and what is allowed', (text, line, key, allowed) => {
    const found = problems(text);
    expect(found.map((problem) => [problem.line, problem.key])).toContainEqual([line, key]);
    const said = found.find((problem) => problem.key === key);
    expect(`${said?.found}. Allowed: ${said?.allowed}`).toMatch(allowed);
  });

  it.each([
    'rtsp://',
    'rtsps://',
    'rtsp:///stream1',
    'rtsp://:554/stream1',
    'rtsp://user:pw@/stream1',
    'rtsp://user:pw@:554/stream1',
    'rtsp://user:pw@?x',
    'rtsp://[]/stream1',
  ])('a camera needs a host: %s', (source) => {
    expect(problems(`cameras:\n  - { id: a, source: "${source}" }`)).toMatchObject([
      { line: 2, key: 'cameras[0].source', allowed: expect.stringMatching(/^an RTSP URL/) },
    ]);
  });

  it.each([
    'rtsp://gare_2',
    'rtsp://10.0.0.1:/1?a=b@c',
    'rtsps://u:p@ss/w#rd?@caméra.example:322/1',
    'rtsp://u:@[fe80::1%25eth0]:554/1',
    'rtsp://fe80::1%eth0/1',
    'RTSP://::1',
  ])('a host is written in many ways: %s', (source) => {
    expect(problems(`cameras:\n  - { id: a, source: "${source}" }`)).toEqual([]);
  });

  it('tells the first fifty things that are wrong, and how many more there are', () => {
    const cameras = Array.from({ length: 1_000 }, (_, i) => `  - { id: c${i}, source: "http://x/${i}" }\n`);
    const keys = Array.from({ length: 1_000 }, (_, i) => `key${i}: 1\n`);
    for (const text of [`cameras:\n${cameras.join('')}`, keys.join('')]) {
      const result = load(text);
      if (result.ok) throw new Error('It is believed.');
      expect(result).toMatchObject({ more: 950 });
      expect(result.problems.map(({ line }) => line)).toEqual(
        Array.from({ length: 50 }, (_, i) => i + (text === keys.join('') ? 1 : 2)),
      );
      const lines = problemLines(result).split('\n');
      expect(lines.length).toBe(52);
      expect(lines[50]).toBe('… and 950 more.');
    }
  });

  it('tells everything that is wrong at once, in the order of the file', () => {
    const found = problems('record:\n  segment: no\n  sync: no\nlog: { level: no }');
    expect(found.map(({ line }) => line)).toEqual([2, 3, 4]);
  });

  it('puts variables in after the YAML is read, so that a password may be anything', () => {
    const password = 'a: b #"\'{}[]&*\n';
    const result = load('cameras:\n  - id: a\n    source: rtsp://u:${PW}@x/1', {
      PW: encodeURIComponent(password),
    });
    expect(result).toMatchObject({
      config: { cameras: [{ source: `rtsp://u:${encodeURIComponent(password)}@x/1` }] },
    });
  });

  it('listens for encoders where it is told to, on port 1935 when a camera needs it, and not otherwise', () => {
    const camera = 'cameras:\n  - { id: a, source: rtmp, key: abcdefghijklmnop }\n';
    expect(load('')).toMatchObject({ config: { rtmp: undefined } });
    expect(load(camera)).toMatchObject({
      config: {
        rtmp: { host: '0.0.0.0', port: 1935 },
        cameras: [{ source: 'rtmp', key: 'abcdefghijklmnop' }],
      },
    });
    expect(load(`${camera}rtmp: { listen: "[::]:19350" }`)).toMatchObject({
      config: { rtmp: { host: '::', port: 19_350 } },
    });
  });

  it('shows no stream key in a problem', () => {
    const result = load(
      'cameras:\n  - { id: a, source: rtmp, key: "geheim!" }\n  - { id: b, source: "rtsp://x/1", key: geheimgeheimgeheim }',
    );
    const text = result.ok ? '' : result.problems.map(problemText).join('\n');
    expect(text).toContain('cameras[0].key');
    expect(text).toContain('cameras[1].key');
    expect(text).not.toContain('geheim');
  });

  it('shows no secret in a problem', () => {
    const result = load(
      'cameras:\n  - id: a\n    source: http://u:geheim@x/1\n  - id: b\n    source: ${PW}',
      {
        PW: 'streng-geheim',
      },
    );
    const text = result.ok ? '' : result.problems.map(problemText).join('\n');
    expect(text).toContain('cameras[0].source');
    expect(text).not.toContain('geheim');
  });
});
