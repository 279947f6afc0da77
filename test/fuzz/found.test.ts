import { threadCpuUsage } from 'node:process';
import { describe, expect, it, vi } from 'vitest';
import { loadConfig, problemText } from '../../src/config/load.ts';
import { createSourceMemory, openSource } from '../../src/ingest/camera-source.ts';
import { RtmpInbox } from '../../src/rtmp/rtmp-inbox.ts';
import { walkSegment } from '../../src/media/mp4/segment-walk.ts';
import { readByteRange } from '../../src/playback/byte-range.ts';
import { joinControl } from '../../src/rtsp/base-url.ts';
import { InterleavedReader } from '../../src/rtsp/interleaved-reader.ts';
import { parseResponseHead } from '../../src/rtsp/message.ts';
import { parseSdp } from '../../src/rtsp/sdp.ts';
import { MediaTimeline } from '../../src/time/media-timeline.ts';
import { formatIso, parseIso } from '../../src/time/iso.ts';
import { monoMicros } from '../../src/time/units.ts';
import { MAX_BUSY_MICROS } from './execute.ts';
import { uncompressedConfig } from '../../src/media/audio-config.ts';
import { opusBox } from '../../src/media/opus.ts';
import { ParameterSets } from '../../src/media/parameter-sets.ts';
import { leavesSessionsBehind } from '../../src/rtsp/policies.ts';
import type { CameraHub } from '../../src/ingest/camera-hub.ts';
import { H264, H265 } from '../support/nal-units.ts';
import { CheckedHub } from './support/checked-hub.ts';
import { readCorpus } from './target.ts';

/** Each of these once took seconds to minutes for the bytes of one message. */
function busyMicros(work: () => void): number {
  const before = threadCpuUsage();
  work();
  const { user, system } = threadCpuUsage(before);
  return user + system;
}

function read(
  streaming: boolean,
  ...pieces: readonly Buffer[]
): { found: string[]; problem: string | undefined } {
  const found: string[] = [];
  const reader = new InterleavedReader({
    streaming,
    frame: (channel, buffer, start, end) => found.push(`$${channel} ${buffer.toString('hex', start, end)}`),
    message: (head) => found.push(head.kind),
    expects: (channel) => channel < 2,
  });
  let problem: string | undefined;
  for (const piece of pieces) problem = reader.read(Buffer.from(piece), piece.length);
  return { found, problem };
}

describe('what keeps a recording thread from its other cameras', () => {
  it('a control of 128 KiB of closing brackets', () => {
    const control = `${'>'.repeat(128 * 1024)}x`;
    expect(busyMicros(() => joinControl('rtsp://10.0.0.7/live', control))).toBeLessThan(MAX_BUSY_MICROS);
    expect(joinControl('rtsp://10.0.0.7/live', '<"trackID=1">">')).toBe('rtsp://10.0.0.7/live/trackID=1');
  });

  it('format parameters of semicolons with a line separator of Unicode behind', () => {
    const sdp = `m=video 0 RTP/AVP 96\r\na=fmtp:96 ${';'.repeat(100_000)}packetization-mode=1;x=a\u2028b`;
    let parsed = parseSdp('');
    expect(busyMicros(() => (parsed = parseSdp(sdp)))).toBeLessThan(MAX_BUSY_MICROS);
    expect(parsed.medias[0]?.payloads[0]?.fmtp.get('packetization-mode')).toBe('1');
    expect(parsed.medias[0]?.payloads[0]?.fmtp.get('x')).toBe('a\u2028b');
  });

  it.each([
    'RTSP/\n',
    'RTSP/1.0 200 OK\n',
    '$\0\0\x01\x80RTSP/1.0 200 OK\n',
    'RTSP/1.0 200 OK\nx:$\0\0\x01\x80',
  ])('heads without an end, one within the other: %j', (text) => {
    const pieces = Array.from({ length: 8 }, () => Buffer.alloc(64 * 1024, text, 'latin1'));
    let problem: string | undefined;
    expect(busyMicros(() => ({ problem } = read(true, ...pieces)))).toBeLessThan(MAX_BUSY_MICROS);
    expect(problem).toBeDefined();
  });

  it('a head of many lines that comes byte by byte', () => {
    const head = Buffer.from(`RTSP/1.0 200 OK\r\n${'a:b\r\n'.repeat(6_000)}`);
    const bytes = Array.from(head, (_, at) => head.subarray(at, at + 1));
    expect(busyMicros(() => read(false, ...bytes))).toBeLessThan(MAX_BUSY_MICROS);
  });

  it('a camera whose source is no RTSP URL: it fails alone', async () => {
    const tools = {
      ...{ readBuffer: Buffer.alloc(1), rtmp: new RtmpInbox(), timeoutMillis: 1_000 },
      udpPorts: undefined,
    };
    const listener = { onBytes: () => undefined, onEnd: () => undefined };
    const source = openSource(
      { cameraNo: 1, audio: false, source: { kind: 'rtsp', url: 'rtsp://:554/live' } },
      tools,
      createSourceMemory(),
      undefined as never,
      listener,
    );
    expect(await source.play()).toMatchObject({ cause: 'protocol' });
    source.stop();
  });
});

describe('what came out differently depending on where the network cut it', () => {
  const good = Buffer.from([0x24, 0, 0, 4, 0x80, 0x60, 0, 1]);
  const noise = Buffer.from([0xa5, 0xa5, 0x24, 0x24, 7, 0, 1, 0x80, 0x52]);

  it('a dollar sign in garbage at the end of a read', () => {
    const stream = Buffer.concat([good, noise, good, Buffer.from('RTSP/1.0 200 OK\r\n\r\n')]);
    const whole = read(true, stream).found;
    expect(whole).toEqual(['$0 80600001', '$0 80600001', 'response']);
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(read(true, stream.subarray(0, cut), stream.subarray(cut)).found).toEqual(whole);
    }
    expect(read(true, ...Array.from(stream, (byte) => Buffer.from([byte]))).found).toEqual(whole);
  });
});

describe('what was read without an end, or too far', () => {
  it('a segment file that is cut off while it is walked', async () => {
    const bytes = readCorpus('segment-walk')[0]?.bytes ?? Buffer.alloc(0);
    const short = bytes.subarray(0, 700);
    let reads = 0;
    const walk = await walkSegment(async (offset, length) => {
      if (++reads > 100) throw new Error('it is read again and again');
      return short.subarray(offset, offset + length);
    }, bytes.length);
    expect(walk.problem).toBeDefined();
  });

  it('a Range header of blanks', () => {
    const header = `bytes=${' '.repeat(60_000)}x`;
    expect(busyMicros(() => readByteRange(header, 1_000))).toBeLessThan(MAX_BUSY_MICROS);
    expect(readByteRange(' bytes = 500 - 599 ', 1_000)).toEqual({ start: 500, end: 600 });
    expect(readByteRange('bytes= - 5', 1_000)).toEqual({ start: 995, end: 1_000 });
  });

  it('a first line that is none, whose head never ends', () => {
    const bytes = Buffer.from('HTTP/1.1 400 Bad Request\r\nServer: x\r\n');
    expect(parseResponseHead(bytes, 0, bytes.length).kind).toBe('invalid');
    const lines = Buffer.from(`RTSP/1.0 200 OK\r\n${'X: y\r\n'.repeat(150)}\r\n`);
    expect(parseResponseHead(lines, 0, lines.length)).toMatchObject({ kind: 'invalid' });
  });
});

describe('what was not as exact as it says', () => {
  it('a moment after the year 2255 is no exact number of microseconds', () => {
    expect(parseIso('2326-11-23T17:00:00Z')).toBeUndefined();
    const last = parseIso('2255-06-05T23:47:34.740991Z');
    expect(last && formatIso(last)).toBe('2255-06-05T23:47:34.740991Z');
  });

  it('a frame is never placed more than a second back, however many before it were put too late', () => {
    const { bytes } = readCorpus('media-timeline').find(({ file }) => file.startsWith('found-')) ?? {};
    if (!bytes) throw new Error('the input is gone');
    const timeline = new MediaTimeline();
    let latest = 0;
    let mono = 0;
    for (let at = 0; at + 6 <= bytes.length; at += 6) {
      mono += bytes.readUInt16BE(at + 4) * 1_000;
      const ticks = timeline.place(bytes.readUInt32BE(at), monoMicros(mono));
      expect(ticks).toBeGreaterThanOrEqual(latest - 90_000);
      latest = Math.max(latest, ticks);
    }
  });
});

describe('a configuration that the library gives up on', () => {
  const problemsOf = (text: string): string[] => {
    const result = loadConfig({ text, file: 'city.yaml', env: {} });
    return result.ok ? [] : result.problems.map(problemText);
  };

  it('an alias without its anchor', () => {
    expect(problemsOf('cameras: *all\n')).toEqual([
      'city.yaml:1:10: *all. Allowed: an alias whose anchor stands before it.',
    ]);
  });

  it('aliases that would make more than there is memory', () => {
    const row = (name: string, of: string): string => `${name}: &${name} [${Array(9).fill(of).join()}]`;
    const text = [row('a', 'x'), row('b', '*a'), row('c', '*b'), row('d', '*c'), row('e', '*d')].join('\n');
    expect(problemsOf(text)[0]).toMatch(/^city\.yaml:1:1: .*alias.*Allowed: YAML\.$/);
  });

  it.each(['[', '- ', '{a: ', '? '])('nesting without end: %j', (open) => {
    expect(problemsOf(open.repeat(2_000)).length).toBeGreaterThan(0);
    expect(problemsOf(open.repeat(30_000)).length).toBeGreaterThan(0);
  });

  it('keys that are groups, one within the other', () => {
    const text = `${'? '.repeat(100)}a`;
    expect(busyMicros(() => problemsOf(text))).toBeLessThan(MAX_BUSY_MICROS);
    expect(problemsOf(text)[0]).toBe(
      'city.yaml:1:3: a group, list or alias as a key. Allowed: a word as a key.',
    );
  });

  it('binary data as a key, which the library would warn of on standard error', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const found = problemsOf('storage: { !!binary aGVsbG8=: 1 }\n');
    const warnings = warn.mock.calls.length;
    warn.mockRestore();
    expect(found).toEqual(['city.yaml:1:21: binary data as a key. Allowed: a word as a key.']);
    expect(warnings).toBe(0);
  });

  it('a secret in the name of a key or in an id that is there twice is not shown', () => {
    const env = { CAM_PW: 'gh7-Xq!zz' };
    for (const text of ['${CAM_PW}: 1\n', 'cameras: [{ id: "${CAM_PW}" }, { id: "${CAM_PW}" }]\n']) {
      const result = loadConfig({ text, file: 'city.yaml', env });
      expect(result.ok ? [] : result.problems.map(problemText)).not.toEqual([]);
      expect(JSON.stringify(result)).not.toContain(env.CAM_PW);
    }
  });

  it('names that every object has', () => {
    expect(problemsOf('constructor: 1\n__proto__: 2\n').join()).not.toMatch(/native code|not supported/);
    expect(problemsOf('server: { listen: "${constructor}" }\n').join()).toMatch(/constructor is not set/);
  });
});

describe('what a camera, an encoder or ffmpeg could spoil a recording with', () => {
  const nal = (hub: CameraHub, bytes: Buffer): void => {
    hub.beginNal();
    hub.write(bytes, 0, bytes.length);
    hub.endNal();
  };

  it('a server software of 128 KiB that is live555 again and again', () => {
    const tool = 'live555'.repeat(18_000);
    expect(busyMicros(() => leavesSessionsBehind(tool))).toBeLessThan(MAX_BUSY_MICROS / 10);
    expect(leavesSessionsBehind(`${tool} v2013.04.08`)).toBe(true);
  });

  it('an identification header of Opus without channels, or without its mapping', () => {
    const head = (channels: number, mapping: number, ...table: readonly number[]): Uint8Array =>
      Buffer.concat([
        Buffer.from('OpusHead'),
        Buffer.of(1, channels, 0, 0, 0, 0, 0, 0, 0, 0, mapping, ...table),
      ]);
    expect(opusBox(head(0, 0))).toBeUndefined();
    expect(opusBox(head(3, 1, 2, 1, 0, 1))).toBeUndefined();
    expect(opusBox(head(3, 1, 2, 1, 0, 1, 2, 99))?.length).toBe(11 + 5);
    expect(opusBox(head(2, 0, 99))?.length).toBe(11);
  });

  it('uncompressed sound that ends with half a sample', () => {
    const checked = new CheckedHub();
    const { hub, recorder } = checked;
    hub.begin(setsOfH264());
    hub.beginAudio(uncompressedConfig('sowt', 8_000, 1));
    for (let i = 0; i < 60; i++) {
      checked.wait(20_000);
      nal(hub, H264.key(1));
      hub.endAccessUnit(i * 1_800, i % 10 === 0);
      hub.audioFrame(i * 160, Buffer.alloc(321, 1), 0, 321);
    }
    hub.end('offline');
    expect(recorder.sounds).toBeGreaterThan(30);
    checked.finish();
  });

  it('a fragment that is shorter than what the clock is slewed by', () => {
    const checked = new CheckedHub();
    const { hub, recorder } = checked;
    hub.begin(setsOfH264());
    // Timestamps that run ahead of the arrivals, then back: the run is already where the next pictures are shown.
    const times = [0, 1, 2, 20, 14, ...Array.from({ length: 14 }, (_, i) => 20 + i)];
    for (const [i, time] of times.entries()) {
      checked.wait(i % 2 === 0 ? 20_000 : 0);
      nal(hub, H264.key(1));
      hub.endAccessUnit(time * 3_600, i === 0 || i === 4);
    }
    checked.finish();
    expect(recorder.fragments).toBe(2);
  });

  it('another codec in the middle of a run', () => {
    const checked = new CheckedHub();
    const { hub, recorder } = checked;
    hub.begin(setsOfH264());
    const picture = (bytes: Buffer, at: number, key: boolean): void => {
      checked.wait(40_000);
      nal(hub, bytes);
      hub.endAccessUnit(at * 3_600, key);
    };
    for (let i = 0; i < 3; i++) picture(H264.key(1), i, i === 0);
    hub.begin(new ParameterSets('h265'));
    expect(hub.running).toBe(false);
    expect(recorder.fragments).toBe(1);
    picture(H265.inter(1), 3, false);
    expect(hub.running).toBe(false);
    for (const set of H265.sets) hub.parameterSet(set, 0, set.length);
    picture(H265.key(1), 4, true);
    expect(hub.config?.codec).toBe('h265');
    checked.finish();
  });
});

function setsOfH264(): ParameterSets {
  const sets = new ParameterSets('h264');
  for (const set of H264.sets) sets.put(set);
  return sets;
}
