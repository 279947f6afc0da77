import { execFile } from 'node:child_process';
import { mkdtemp, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SegmentView } from '../../src/catalog/segment-view.ts';
import { formatIso } from '../../src/time/iso.ts';
import { ticksToMicros, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { listen, type RunningApi } from '../support/api.ts';
import { describeWith } from '../support/components.ts';
import { createRecording, type Recording } from '../support/recording.ts';
import { decodeNumbers, encodeVideo } from '../support/video.ts';

const run = promisify(execFile);
const START = wallMicros(1_795_453_200_123_457);
/** Wall time at which a frame of the first run is taken. */
const frameAt = (frame: number): WallMicros => wallMicros(START + ticksToMicros(frame * 3_600));
const GAP_MICROS = 7_000_000;
const SECOND_RUN = wallMicros(frameAt(375) + GAP_MICROS);
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

let folder: string;
let recording: Recording;
let api: RunningApi;
let second: readonly SegmentView[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigie-clip-'));
  recording = await createRecording();
  const day = await encodeVideo({ frames: 450, gop: 25 });
  // Fifteen seconds in three files, fragments that end inside groups of pictures; then a gap; then four seconds more.
  await recording.run(day, { start: START, framesPerSegment: [125, 125, 125], framesPerFragment: 10 });
  second = await recording.run(day, {
    start: SECOND_RUN,
    framesPerSegment: [50],
    firstFrame: 400,
    leaveOpen: true,
  });
  api = await listen(recording);
});

afterAll(async () => {
  await api?.close();
  await recording?.close();
  await rm(folder, { recursive: true, force: true });
});

const clipUrl = (from: number, to: number, camera = recording.camera.id): string =>
  `${api.url}/api/cameras/${camera}/clip.mp4?from=${formatIso(wallMicros(from))}&to=${formatIso(wallMicros(to))}`;

async function fetchClip(
  from: number,
  to: number,
): Promise<{ path: string; bytes: Uint8Array; response: Response }> {
  const response = await fetch(clipUrl(from, to));
  expect(response.status).toBe(200);
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(Number(response.headers.get('content-length'))).toBe(bytes.length);
  const path = join(folder, `${from}-${to}.mp4`);
  await writeFile(path, bytes);
  return { path, bytes, response };
}

describe('clip', () => {
  it('starts with the frame at `from` and ends with the one that is on screen before `to`', async () => {
    const { path, response } = await fetchClip(frameAt(137), frameAt(260));
    expect(await decodeNumbers(path)).toEqual(numbers(137, 260));
    expect(response.headers.get('content-type')).toBe('video/mp4');
    expect(response.headers.get('vigie-clip-start')).toBe(formatIso(frameAt(137)));
  });

  it.each([
    ['on key frames', 0, 25],
    ['one frame', 33, 34],
    ['the first frame', 0, 1],
    ['a whole file', 125, 250],
    ['across all files of the run', 1, 374],
  ])('is exact: %s', async (_, from, to) => {
    const { path } = await fetchClip(frameAt(from), frameAt(to));
    expect(await decodeNumbers(path)).toEqual(numbers(from, to));
  });

  it('begins between two frames to the tick, by its edit list', async () => {
    // 900 ticks into frame 30, whose group begins at frame 25.
    const { bytes } = await fetchClip(wallMicros(frameAt(30) + 10_000), frameAt(60));
    const edit = Buffer.from(bytes).indexOf('elst');
    const view = new DataView(bytes.buffer, bytes.byteOffset + edit);
    expect(view.getUint32(8)).toBe(1);
    expect(view.getUint32(16)).toBe(5 * 3_600 + 900);
    expect(view.getUint32(12)).toBe(30 * 3_600 - 900);
  });

  it('holds the samples as they were recorded, says an independent demuxer', async () => {
    const { bytes } = await fetchClip(frameAt(130), frameAt(200));
    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
    const track = await input.getPrimaryVideoTrack();
    expect(track).not.toBeNull();
    const times: number[] = [];
    if (track)
      for await (const packet of new EncodedPacketSink(track).packets()) times.push(packet.timestamp);
    expect(times.length).toBe(75);
    expect(times[0]).toBeCloseTo(-5 / 25, 6);
    expect(times.at(-1)).toBeCloseTo(69 / 25, 6);
    expect(await input.computeDuration()).toBeCloseTo(70 / 25, 6);
  });

  it('keeps wall-clock offsets true across a gap, and reads a segment that is being written', async () => {
    const { path } = await fetchClip(frameAt(350), SECOND_RUN + 2_000_000);
    expect(await decodeNumbers(path)).toEqual([...numbers(350, 375), ...numbers(400, 450)]);
    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(await readBytes(path)) });
    const track = await input.getPrimaryVideoTrack();
    const times: number[] = [];
    if (track)
      for await (const packet of new EncodedPacketSink(track).packets()) times.push(packet.timestamp);
    expect(times[25]).toBeCloseTo(1 + GAP_MICROS / 1e6, 4);
    expect(await input.computeDuration()).toBeCloseTo(1 + GAP_MICROS / 1e6 + 2, 4);
  });

  it('begins with the first picture when the recording began later', async () => {
    const { path, response } = await fetchClip(START - 5_000_000, frameAt(10));
    expect(await decodeNumbers(path)).toEqual(numbers(0, 10));
    expect(response.headers.get('vigie-clip-start')).toBe(formatIso(START));
  });

  it('ends with what is on disk when `to` is in the future', async () => {
    const { path } = await fetchClip(SECOND_RUN + 1_000_000, SECOND_RUN + 3_600_000_000);
    expect(await decodeNumbers(path)).toEqual(numbers(425, 450));
    expect(second[0]?.open).toBe(true);
  });

  it('gives any byte range exactly, from a cold and from a warm plan', async () => {
    const from = frameAt(20);
    const to = SECOND_RUN + 1_500_000;
    const { bytes, response } = await fetchClip(from, to);
    const url = clipUrl(from, to);
    const etag = response.headers.get('etag') as string;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.nat(bytes.length + 5_000),
        fc.integer({ min: 0, max: 2 }),
        async (a, b, form) => {
          const header = form === 0 ? `bytes=${a}-${a + b}` : form === 1 ? `bytes=${a}-` : `bytes=-${b + 1}`;
          const start = form === 2 ? Math.max(0, bytes.length - b - 1) : a;
          const end = form === 0 ? Math.min(bytes.length, a + b + 1) : bytes.length;
          const answer = await fetch(url, { headers: { range: header, 'if-range': etag } });
          const got = Buffer.from(await answer.arrayBuffer());
          expect(answer.status).toBe(206);
          expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${bytes.length}`);
          expect(got.equals(bytes.subarray(start, end))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('answers 416 with the size for a range outside', async () => {
    const { bytes } = await fetchClip(frameAt(0), frameAt(25));
    const answer = await fetch(clipUrl(frameAt(0), frameAt(25)), {
      headers: { range: `bytes=${bytes.length}-` },
    });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('content-range')).toBe(`bytes */${bytes.length}`);
    expect(await answer.json()).toMatchObject({
      error: { code: 'VIGIE_RANGE_UNSATISFIABLE', size: bytes.length },
    });
  });

  it('answers 304 to a tag it gave, another tag to another range, and the whole to an old If-Range', async () => {
    const url = clipUrl(frameAt(0), frameAt(25));
    const first = await fetch(url, { method: 'HEAD' });
    const etag = first.headers.get('etag') as string;
    expect(etag).toMatch(/^"[\w-]{32}"$/);
    expect((await fetch(url, { headers: { 'if-none-match': `"x", W/${etag}` } })).status).toBe(304);
    expect((await fetch(clipUrl(frameAt(0), frameAt(26)), { method: 'HEAD' })).headers.get('etag')).not.toBe(
      etag,
    );
    const stale = await fetch(url, { headers: { range: 'bytes=0-1', 'if-range': '"old"' } });
    expect(stale.status).toBe(200);
    expect((await stale.arrayBuffer()).byteLength).toBe(Number(first.headers.get('content-length')));
  });

  it('refuses what makes no sense, naming the parameter and the limit', async () => {
    const day = 86_400_000_000;
    const cases: [string, number, string][] = [
      [clipUrl(frameAt(10), frameAt(10)), 400, 'VIGIE_RANGE_INVALID'],
      [clipUrl(START, START + day + 1), 400, 'VIGIE_RANGE_TOO_LONG'],
      [clipUrl(START - day, START - 1), 404, 'VIGIE_NOT_RECORDED'],
      [clipUrl(frameAt(0), frameAt(1), 'nobody'), 404, 'VIGIE_CAMERA_UNKNOWN'],
      [
        `${api.url}/api/cameras/${recording.camera.id}/clip.mp4?from=yesterday&to=x`,
        400,
        'VIGIE_REQUEST_INVALID',
      ],
    ];
    for (const [url, status, code] of cases) {
      const answer = await fetch(url);
      expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code } }]);
    }
  });
});

describe('clip of damaged files', () => {
  it('is a clean error for a missing, a torn and an overwritten file', async () => {
    const broken = await createRecording();
    const server = await listen(broken);
    try {
      const video = await encodeVideo({ frames: 50, gop: 25 });
      const [a, b, c] = await broken.run(video, { start: START, framesPerSegment: [50, 50, 50] });
      await unlink(broken.path(a as SegmentView));
      await truncate(broken.path(b as SegmentView), (b as SegmentView).headBytes + 100);
      await writeFile(broken.path(c as SegmentView), Buffer.alloc((c as SegmentView).bytes, 7));
      for (const segment of [a, b, c]) {
        const { start, end } = segment as SegmentView;
        const query = `from=${formatIso(start)}&to=${formatIso(end)}`;
        const answer = await fetch(`${server.url}/api/cameras/${broken.camera.id}/clip.mp4?${query}`);
        expect(answer.status).toBe(500);
        expect(await answer.json()).toMatchObject({ error: { code: 'VIGIE_SEGMENT_UNREADABLE' } });
        const picture = await fetch(
          `${server.url}/api/cameras/${broken.camera.id}/frame.jpg?at=${formatIso(start)}`,
        );
        expect(picture.status).toBe(500);
        expect(await picture.json()).toMatchObject({ error: { code: 'VIGIE_SEGMENT_UNREADABLE' } });
      }
    } finally {
      await server.close();
      await broken.close();
    }
  });

  it('cuts the connection when a file goes away behind an answer that has begun', async () => {
    const broken = await createRecording();
    const server = await listen(broken);
    try {
      const video = await encodeVideo({ frames: 50, gop: 25 });
      const [first, last] = await broken.run(video, { start: START, framesPerSegment: [50, 50] });
      const query = `from=${formatIso(START)}&to=${formatIso((last as SegmentView).end)}`;
      const url = `${server.url}/api/cameras/${broken.camera.id}/clip.mp4?${query}`;
      await fetch(url, { method: 'HEAD' });
      await unlink(broken.path(last as SegmentView));
      const answer = await fetch(url);
      expect(answer.status).toBe(200);
      await expect(answer.arrayBuffer()).rejects.toThrow();
      expect(server.log.join('')).toContain('footage is unreadable');
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      expect(first?.open).toBe(false);
    } finally {
      await server.close();
      await broken.close();
    }
  });
});

describe('clip across a change of video', () => {
  it('has one sample description for each, and every picture', async () => {
    const changing = await createRecording();
    const server = await listen(changing);
    try {
      const small = await encodeVideo({ frames: 50, gop: 25 });
      const large = await encodeVideo({ frames: 50, gop: 25, width: 320, height: 192, firstNumber: 50 });
      const [before] = await changing.run(small, { start: START, framesPerSegment: [50] });
      const [after] = await changing.run(large, {
        start: (before as SegmentView).end,
        framesPerSegment: [50],
        after: before as SegmentView,
      });
      const query = `from=${formatIso(frameAt(10))}&to=${formatIso((after as SegmentView).end)}`;
      const answer = await fetch(`${server.url}/api/cameras/${changing.camera.id}/clip.mp4?${query}`);
      const path = join(folder, 'change.mp4');
      await writeFile(path, Buffer.from(await answer.arrayBuffer()));
      expect(await decodeNumbers(path)).toEqual(numbers(10, 100));
    } finally {
      await server.close();
      await changing.close();
    }
  });
});

describe('clip of a stream with B-frames', () => {
  it.each([false, true])('starts exactly, open groups of pictures: %s', async (openGop) => {
    const reordered = await createRecording();
    const server = await listen(reordered);
    try {
      const video = await encodeVideo({ frames: 100, gop: 25, bFrames: 2, openGop });
      await reordered.run(video, { start: START, framesPerSegment: [100] });
      for (const [from, to] of [
        [30, 62],
        [48, 80],
        [51, 53],
      ] as const) {
        const query = `from=${formatIso(frameAt(from))}&to=${formatIso(frameAt(to))}`;
        const answer = await fetch(`${server.url}/api/cameras/${reordered.camera.id}/clip.mp4?${query}`);
        const path = join(folder, `b-${openGop}-${from}.mp4`);
        await writeFile(path, Buffer.from(await answer.arrayBuffer()));
        const decoded = await decodeNumbers(path);
        expect(decoded.slice(0, to - from)).toEqual(numbers(from, to));
      }
    } finally {
      await server.close();
      await reordered.close();
    }
  });
});

describe('clip and its receivers', () => {
  it('closes every file when a receiver goes away in the middle', async () => {
    const large = await createRecording();
    const server = await listen(large);
    try {
      const video = await encodeVideo({ frames: 50, gop: 25, width: 640, height: 360, bitrate: '8M' });
      const [segment] = await large.run(video, {
        start: START,
        framesPerSegment: Array.from({ length: 10 }, () => 250),
      });
      const end = wallMicros((segment as SegmentView).start + 100_000_000);
      const path = `/api/cameras/${large.camera.id}/clip.mp4?from=${formatIso(START)}&to=${formatIso(end)}`;
      const filesBefore = await openFiles(large.storageRoot);
      for (let i = 0; i < 8; i++) {
        await new Promise<void>((resolve) => {
          const sent = request({ host: '127.0.0.1', port: server.port, path }, (answer) => {
            answer.once('data', () => {
              answer.destroy();
              resolve();
            });
          });
          sent.end();
        });
      }
      await expect.poll(() => openFiles(large.storageRoot), { timeout: 5_000 }).toBe(filesBefore);
    } finally {
      await server.close();
      await large.close();
    }
  });
});

describeWith(['ffprobe'], 'clip, says ffprobe', () => {
  it('has the length of the range, through the gap as well', async () => {
    const { path } = await fetchClip(frameAt(350), SECOND_RUN + 2_000_000);
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', '-show_entries', 'format=duration,start_time:stream=nb_frames', '-of', 'json', path],
    ]);
    const found = JSON.parse(stdout) as {
      format: { duration: string; start_time: string };
      streams: { nb_frames: string }[];
    };
    expect(Number(found.format.duration)).toBeCloseTo(10, 3);
    expect(Number(found.format.start_time)).toBe(0);
    expect(found.streams[0]?.nb_frames).toBe('75');
  });
});

async function readBytes(path: string): Promise<Uint8Array> {
  const { readFile } = await import('node:fs/promises');
  return readFile(path);
}

/** Files below a folder that this process has open (Linux). */
async function openFiles(folderPath: string): Promise<number> {
  const { readdir, readlink } = await import('node:fs/promises');
  const names = await readdir('/proc/self/fd').catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return links.filter((link) => link.startsWith(folderPath) && link.endsWith('.mp4')).length;
}
