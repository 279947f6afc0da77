import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import HLS from 'hls-parser';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFragmentHead } from '../../src/media/mp4/fragment-reader.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { describeWith } from '../support/components.ts';
import { type GstCamera, startGstCamera } from '../support/gst-camera.ts';
import { walkBytes } from '../support/recorded.ts';
import { decodeNumbers, NUMBERS, stripesFilter } from '../support/video.ts';
import {
  type RunningVigie,
  segmentFiles,
  segmentsOf,
  startVigie,
  temporaryFolder,
  until,
} from '../support/vigie.ts';

const run = promisify(execFile);
/** In CI long enough for several segments; `VIGIE_INTEROP_SECONDS=60` is the long run. */
const SECONDS = Number(process.env['VIGIE_INTEROP_SECONDS'] ?? 16);
const FRAMES = SECONDS * 25;
const GOP = 25;
const CREDENTIALS = { user: 'admin', password: 'Sommer#7' };

interface Stream {
  readonly codec: 'h264' | 'h265';
  /** Of the camera: see test/peers/finite_gst.py. */
  readonly offers: readonly string[];
  /** Of our configuration. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** As ffprobe names it. */
  readonly sound?: string;
}

/** By name; those of one group have one camera. */
const GROUPS: Readonly<Record<'digest' | 'basic', Readonly<Record<string, Stream>>>> = {
  digest: {
    'tcp-only-h264': { codec: 'h264', offers: [], keys: {} },
    'tcp-only-h265': { codec: 'h265', offers: [], keys: {} },
    'udp-only-h264': { codec: 'h264', offers: ['udp'], keys: {} },
    'udp-only-h265': { codec: 'h265', offers: ['udp'], keys: {} },
  },
  basic: {
    'chosen-udp': { codec: 'h264', offers: ['both'], keys: { transport: 'udp' } },
    'aac-tcp': { codec: 'h264', offers: ['both', 'aac'], keys: { audio: true }, sound: 'aac' },
    'aac-udp': {
      codec: 'h264',
      offers: ['both', 'aac'],
      keys: { audio: true, transport: 'udp' },
      sound: 'aac',
    },
    'pcma-tcp': { codec: 'h265', offers: ['pcma'], keys: { audio: true }, sound: 'pcm_alaw' },
    // It answers PLAY with 503 for good when TCP was asked for first, while its sound is live.
    'pcmu-udp': {
      codec: 'h264',
      offers: ['udp', 'pcmu'],
      keys: { audio: true, transport: 'udp' },
      sound: 'pcm_mulaw',
    },
    'opus-tcp': { codec: 'h264', offers: ['opus'], keys: { audio: true }, sound: 'opus' },
  },
};
const STREAMS: Readonly<Record<string, Stream>> = { ...GROUPS.digest, ...GROUPS.basic };

describeWith(['gst-rtsp-server', 'ffmpeg'], 'cameras of gst-rtsp-server', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const cameras: GstCamera[] = [];
  let vigie: RunningVigie;
  let segments: string;
  const pictures = new Map<string, number>();
  const began = Date.now() - 1_000;

  beforeAll(
    async () => {
      folder = await temporaryFolder();
      const paths = { h264: join(folder.path, 'numbers.h264'), h265: join(folder.path, 'numbers.h265') };
      await encodeNumbers(paths.h264, 'libx264', 'x264');
      await encodeNumbers(paths.h265, 'libx265', 'x265');
      const sources: { id: string; source: string }[] = [];
      for (const [scheme, streams] of Object.entries(GROUPS)) {
        const files = Object.fromEntries(
          Object.entries(streams).map(([id, { codec, offers }]) => [id, [paths[codec], ...offers].join(',')]),
        );
        const camera = await startGstCamera(files, { ...CREDENTIALS, basic: scheme === 'basic' });
        cameras.push(camera);
        const login = `${CREDENTIALS.user}:${encodeURIComponent(CREDENTIALS.password)}`;
        for (const [id, { keys }] of Object.entries(streams)) {
          sources.push({ id, source: camera.url(id, login), ...keys });
        }
      }
      const options = {
        folder: folder.path,
        cameras: sources,
        config: ['record: { segment: 5s }'],
      };
      segments = segmentsOf(options);
      vigie = await startVigie(options);
      await until(
        'everything is sent',
        () =>
          cameras.every(
            (camera, group) => camera.sent.size === Object.keys(Object.values(GROUPS)[group] ?? {}).length,
          ),
        SECONDS + 30,
      );
      // What has been sent last is on its way for a moment; the camera is then silent, which ends the recording.
      await until(
        'the silence is noticed',
        async () => (await vigie.cameras()).every((one) => one.state !== 'recording'),
        40,
      );
    },
    (SECONDS + 120) * 1_000,
  );

  afterAll(async () => {
    await vigie?.stop();
    for (const camera of cameras) camera.stop();
    await folder?.remove();
  });

  for (const [id, { offers, keys, sound }] of Object.entries(STREAMS)) {
    it(`${id}: every picture is on disk once and in order, as ffmpeg decodes each segment`, async () => {
      expect(cameras.map((camera) => camera.sent.get(id)).find(Boolean)).toBe(FRAMES);
      const seen: number[] = [];
      const files = await segmentFiles(segments, id);
      expect(files.length).toBeGreaterThan(2);
      for (const file of files) seen.push(...(await decodeNumbers(file, { ffmpeg: 'ffmpeg' })));
      // A camera that refuses TCP has taken its first pictures for a client that then did not come: they were never sent.
      const first = offers.includes('udp') && keys['transport'] === undefined ? (seen[0] ?? 0) : 0;
      expect([first % GOP, first <= 2 * GOP]).toEqual([0, true]);
      expect(seen).toEqual(Array.from({ length: FRAMES - first }, (_, i) => (first + i) % NUMBERS));
      pictures.set(id, seen.length);
    });

    it(`${id}: copying a segment makes ffmpeg say nothing`, async () => {
      for (const file of await segmentFiles(segments, id)) {
        // Of PCM and Opus ffmpeg's own muxers have something to say whatever they get.
        const muxed = sound === undefined || sound === 'aac';
        const output = muxed ? [join(folder.path, 'copied.mp4')] : ['-f', 'null', '-'];
        const quiet = muxed ? [] : ['-guess_layout_max', '0'];
        const input = ['-v', 'warning', '-y', ...quiet, '-i', file];
        const { stderr } = await run('ffmpeg', [...input, '-c', 'copy', ...output]);
        expect(stderr).toBe('');
      }
    });

    it(`${id}: mediabunny reads the same sample times`, async () => {
      for (const file of await segmentFiles(segments, id)) {
        const bytes = await readFile(file);
        const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
        const track = await input.getPrimaryVideoTrack();
        if (!track) throw new Error('mediabunny finds no video');
        const times: number[] = [];
        for await (const packet of new EncodedPacketSink(track).packets()) {
          times.push(Math.round(packet.timestamp * 90_000));
        }
        expect(times).toEqual(await sampleTimes(bytes));
      }
    });

    it(`${id}: the playlist is one that hls-parser takes in strict mode, over all of it`, async () => {
      const range = `from=${new Date(began).toISOString()}&to=${new Date(Date.now() - 1_000).toISOString()}`;
      const text = await (await fetch(`${vigie.url}/api/cameras/${id}/hls/index.m3u8?${range}`)).text();
      HLS.setOptions({ strictMode: true });
      const playlist = HLS.parse(text) as HLS.types.MediaPlaylist;
      const seconds = playlist.segments.reduce((sum, entry) => sum + entry.duration, 0);
      expect(seconds).toBeCloseTo((pictures.get(id) ?? 0) / 25, 1);
    });

    if (sound !== undefined) {
      it(`${id}: the tone is in every segment without a hole, as ${sound}`, async () => {
        for (const file of await segmentFiles(segments, id)) await checkTone(file, sound);
      });
    }
  }

  it('shows no password anywhere', async () => {
    expect(vigie.output()).not.toContain(CREDENTIALS.password);
    expect(JSON.stringify(await vigie.cameras())).not.toContain('Sommer');
  });
});

/** The tone of the camera is as long as the pictures, and loud in each tenth of a second but the first and last. */
async function checkTone(file: string, codec: string): Promise<void> {
  const { stdout: streams } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', 'a', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', file],
  ]);
  expect(streams.trim()).toBe(codec);
  const { stdout } = await run(
    'ffmpeg',
    [
      ...['-v', 'error', '-xerror', '-nostdin', '-i', file, '-vn', '-af', 'aresample=8000:async=1'],
      ...['-ac', '1', '-f', 's16le', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  const duration = await videoSeconds(file);
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
  expect(Math.abs(samples.length / 8_000 - duration)).toBeLessThan(0.3);
  const loudness: number[] = [];
  for (let at = 800; at + 1_600 <= samples.length; at += 800) {
    const sum = samples.subarray(at, at + 800).reduce((total, value) => total + value * value, 0);
    loudness.push(Math.round(Math.sqrt(sum / 800)));
  }
  expect(Math.min(...loudness)).toBeGreaterThan(Math.max(...loudness) / 2);
}

async function videoSeconds(file: string): Promise<number> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-count_packets', '-select_streams', 'v'],
    ...['-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', file],
  ]);
  return Number(stdout.trim().replace(',', '')) / 25;
}

/** Presentation times in ticks as our own reader sees them. */
async function sampleTimes(bytes: Buffer): Promise<number[]> {
  const walk = await walkBytes(bytes);
  const times: number[] = [];
  let at = walk.headBytes;
  for (const fragment of walk.fragments) {
    const reading = readFragmentHead(bytes, at);
    if (reading.kind !== 'head') throw new Error(`no fragment at ${at}`);
    let decode: number = reading.head.mediaStart;
    for (let i = 0; i < reading.head.samples.count; i++) {
      times.push(decode + (reading.head.samples.compositionOffsets[i] ?? 0));
      decode += reading.head.samples.durations[i] ?? 0;
    }
    at += fragment.bytes;
  }
  return times;
}

/** Pictures that show their own number, with access unit delimiters and without B-frames. */
async function encodeNumbers(path: string, encoder: string, name: string): Promise<void> {
  await run(
    bundledFfmpeg,
    [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'color=black:s=320x192:r=25', '-frames:v', `${FRAMES}`],
      ...[
        '-vf',
        stripesFilter('N'),
        '-c:v',
        encoder,
        '-preset',
        'ultrafast',
        '-crf',
        '18',
        '-pix_fmt',
        'yuv420p',
      ],
      ...[`-${name}-params`, `aud=1:keyint=${GOP}:min-keyint=${GOP}:scenecut=0:bframes=0:log-level=none`],
      ...['-f', path.endsWith('h265') ? 'hevc' : 'h264', path],
    ],
    { timeout: 60_000 },
  );
}
