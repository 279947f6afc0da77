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
import { decodeNumbers, stripesFilter } from '../support/video.ts';
import {
  type RunningVigie,
  segmentFiles,
  segmentsOf,
  startVigie,
  temporaryFolder,
  until,
} from '../support/vigie.ts';

const run = promisify(execFile);
const FRAMES = 400;
const GOP = 25;
const CREDENTIALS = { user: 'admin', password: 'Sommer#7' };
const STREAMS = ['h264', 'h265'] as const;

describeWith(['gst-rtsp-server', 'ffmpeg'], 'cameras of gst-rtsp-server, with digest authentication', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let camera: GstCamera;
  let vigie: RunningVigie;
  let segments: string;
  const began = Date.now() - 1_000;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const paths = { h264: join(folder.path, 'numbers.h264'), h265: join(folder.path, 'numbers.h265') };
    await encodeNumbers(paths.h264, 'libx264', 'x264');
    await encodeNumbers(paths.h265, 'libx265', 'x265');
    camera = await startGstCamera(paths, CREDENTIALS);
    const options = {
      folder: folder.path,
      cameras: STREAMS.map((id) => ({
        id,
        source: camera.url(id, `${CREDENTIALS.user}:${encodeURIComponent(CREDENTIALS.password)}`),
      })),
      config: ['record: { segment: 5s }'],
    };
    segments = segmentsOf(options);
    vigie = await startVigie(options);
    await until('everything is sent', () => camera.sent.size === STREAMS.length, 40);
    // What has been sent last is on its way for a moment; the camera is then silent, which ends the recording.
    await until(
      'the silence is noticed',
      async () => (await vigie.cameras()).every((one) => one.state !== 'recording'),
      40,
    );
  }, 120_000);

  afterAll(async () => {
    await vigie?.stop();
    camera?.stop();
    await folder?.remove();
  });

  for (const codec of STREAMS) {
    it(`${codec}: every picture is on disk once and in order, as ffmpeg decodes each segment`, async () => {
      expect(camera.sent.get(codec)).toBe(FRAMES);
      const seen: number[] = [];
      const files = await segmentFiles(segments, codec);
      expect(files.length).toBeGreaterThan(2);
      for (const file of files) seen.push(...(await decodeNumbers(file, { ffmpeg: 'ffmpeg' })));
      expect(seen).toEqual(Array.from({ length: FRAMES }, (_, i) => i));
    });

    it(`${codec}: copying a segment makes ffmpeg say nothing`, async () => {
      for (const file of await segmentFiles(segments, codec)) {
        const copied = join(folder.path, 'copied.mp4');
        const { stderr } = await run('ffmpeg', ['-v', 'warning', '-y', '-i', file, '-c', 'copy', copied]);
        expect(stderr).toBe('');
      }
    });

    it(`${codec}: mediabunny reads the same sample times`, async () => {
      for (const file of await segmentFiles(segments, codec)) {
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

    it(`${codec}: the playlist is one that hls-parser takes in strict mode, over all of it`, async () => {
      const range = `from=${new Date(began).toISOString()}&to=${new Date(Date.now() - 1_000).toISOString()}`;
      const text = await (await fetch(`${vigie.url}/api/cameras/${codec}/hls/index.m3u8?${range}`)).text();
      HLS.setOptions({ strictMode: true });
      const playlist = HLS.parse(text) as HLS.types.MediaPlaylist;
      const seconds = playlist.segments.reduce((sum, entry) => sum + entry.duration, 0);
      expect(seconds).toBeCloseTo(FRAMES / 25, 1);
    });
  }

  it('shows no password anywhere', async () => {
    expect(vigie.output()).not.toContain(CREDENTIALS.password);
    expect(JSON.stringify(await vigie.cameras())).not.toContain('Sommer');
  });
});

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
