import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import HLS from 'hls-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { segmentId } from '../../src/catalog/segment-id.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import type { SegmentView } from '../../src/catalog/segment-view.ts';
import { formatIso } from '../../src/time/iso.ts';
import { monoMicros, ticksToMicros, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { listen, type RunningApi } from '../support/api.ts';
import { describeWith } from '../support/components.ts';
import { createRecording, type Recording } from '../support/recording.ts';
import { decodeNumbers, encodeVideo, pictureNumber } from '../support/video.ts';

const run = promisify(execFile);
const START = wallMicros(1_795_453_200_123_457);
const frameAt = (frame: number): WallMicros => wallMicros(START + ticksToMicros(frame * 3_600));
const SECOND_RUN = wallMicros(frameAt(250) + 5_000_000);
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

let recording: Recording;
let api: RunningApi;
let first: readonly SegmentView[];
let second: readonly SegmentView[];
const firstBytes: string[] = [];

beforeAll(async () => {
  recording = await createRecording();
  const day = await encodeVideo({ frames: 350, gop: 25 });
  first = await recording.run(day, { start: START, framesPerSegment: [125, 125], framesPerFragment: 10 });
  second = await recording.run(day, {
    start: SECOND_RUN,
    framesPerSegment: [50, 50],
    firstFrame: 250,
    leaveOpen: true,
  });
  await recording.catalog.apply([
    {
      kind: 'gap',
      cameraNo: recording.camera.cameraNo,
      from: frameAt(250),
      to: SECOND_RUN,
      cause: 'offline',
    },
  ]);
  api = await listen(recording, { onFirstByte: (route) => void firstBytes.push(route) });
});

afterAll(async () => {
  await api?.close();
  await recording?.close();
});

const camera = (): string => `${api.url}/api/cameras/${recording.camera.id}`;
const query = (from: number, to: number): string =>
  `from=${formatIso(wallMicros(from))}&to=${formatIso(wallMicros(to))}`;
const segmentUrl = (segment: SegmentView): string =>
  `${api.url}/api/segments/${segmentId(segment.cameraNo, segment.start)}.mp4`;
const lastEnd = (): WallMicros => second.at(-1)?.end as WallMicros;

describe('segments', () => {
  it('are sent as they are on disk, for good', async () => {
    const segment = first[0] as SegmentView;
    const answer = await fetch(segmentUrl(segment));
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(
      createHash('sha256')
        .update(bytes)
        .digest()
        .equals(Buffer.from(segment.sha256 as Uint8Array)),
    ).toBe(true);
    expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(answer.headers.get('etag')).toBe(
      `"${Buffer.from(segment.sha256 as Uint8Array).toString('base64url')}"`,
    );
    const tail = await fetch(segmentUrl(segment), { headers: { range: 'bytes=-100' } });
    expect(Buffer.from(await tail.arrayBuffer()).equals(bytes.subarray(-100))).toBe(true);
    const head = await fetch(segmentUrl(segment), { method: 'HEAD' });
    expect(Number(head.headers.get('content-length'))).toBe(bytes.length);
    const etag = head.headers.get('etag') as string;
    expect((await fetch(segmentUrl(segment), { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  it('that are being written end with the last fragment that is known to be on disk', async () => {
    const segment = second[1] as SegmentView;
    await writeFile(recording.path(segment), Buffer.alloc(5_000, 1), { flag: 'a' });
    const answer = await fetch(segmentUrl(segment));
    expect((await answer.arrayBuffer()).byteLength).toBe(segment.bytes);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('have no file outside, whatever the id', async () => {
    for (const id of [
      '1-1',
      '0-5',
      'x',
      '..%2f..%2fetc%2fpasswd',
      '9-1795466400000000',
      `1-${'9'.repeat(30)}`,
    ]) {
      const answer = await fetch(`${api.url}/api/segments/${id}.mp4`);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: 'VIGIE_SEGMENT_UNKNOWN' } });
    }
  });

  it('are an error and not a short answer when the file is missing or torn', async () => {
    const broken = await createRecording();
    const server = await listen(broken);
    try {
      const video = await encodeVideo({ frames: 25, gop: 25 });
      const [a, b] = (await broken.run(video, { start: START, framesPerSegment: [25, 25] })) as [
        SegmentView,
        SegmentView,
      ];
      await unlink(broken.path(a));
      await truncate(broken.path(b), 1_000);
      for (const segment of [a, b]) {
        const answer = await fetch(
          `${server.url}/api/segments/${segmentId(segment.cameraNo, segment.start)}.mp4`,
        );
        expect(answer.status).toBe(500);
        expect(await answer.json()).toMatchObject({ error: { code: 'VIGIE_SEGMENT_UNREADABLE' } });
      }
    } finally {
      await server.close();
      await broken.close();
    }
  });
});

describe('playlist', () => {
  async function playlist(
    from: number,
    to: number,
    base = camera(),
  ): Promise<{ text: string; media: HLS.types.MediaPlaylist }> {
    const answer = await fetch(`${base}/hls/index.m3u8?${query(from, to)}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/vnd.apple.mpegurl');
    const text = await answer.text();
    HLS.setOptions({ strictMode: true });
    return { text, media: HLS.parse(text) as HLS.types.MediaPlaylist };
  }

  it('covers the range with one entry a group of pictures', async () => {
    const { text, media } = await playlist(START, lastEnd());
    expect(media.segments.length).toBe(14);
    expect(media.endlist).toBe(true);
    expect(media.playlistType).toBe('VOD');
    expect(text).toContain('#EXT-X-INDEPENDENT-SEGMENTS');
    for (const entry of media.segments) {
      expect(entry.duration).toBe(1);
      expect(Math.round(entry.duration)).toBeLessThanOrEqual(media.targetDuration);
    }
    expect(media.segments.map((entry) => entry.discontinuity === true)).toEqual(
      numbers(0, 14).map((i) => i === 10),
    );
    expect(media.segments[0]?.programDateTime?.getTime()).toBe(Math.floor(START / 1000));
    expect(media.segments[10]?.programDateTime?.getTime()).toBe(Math.floor(SECOND_RUN / 1000));
  });

  it('is cut to whole groups of pictures', async () => {
    const { media } = await playlist(frameAt(30), frameAt(51));
    expect(media.segments.length).toBe(2);
    expect(media.segments[0]?.programDateTime?.getTime()).toBe(Math.floor(frameAt(25) / 1000));
  });

  it('says where the moment asked for is in its first entry', async () => {
    const { media } = await playlist(frameAt(30), frameAt(51));
    expect(media.start).toEqual({ offset: 0.2, precise: true });
    expect((await playlist(START - 1_000_000, frameAt(51))).media.start).toBeUndefined();
  });

  it('of a range that is not over grows, without what may still change', async () => {
    const beforeTheEnd = { wall: () => wallMicros(lastEnd()), mono: () => monoMicros(0) };
    const growing = await listen(recording, { clock: beforeTheEnd });
    try {
      const { media, text } = await playlist(
        START,
        lastEnd() + 1,
        `${growing.url}/api/cameras/${recording.camera.id}`,
      );
      expect([media.playlistType, media.endlist]).toEqual(['EVENT', false]);
      // Or else players begin near its end.
      expect(text).toMatch(/^#EXT-X-START:TIME-OFFSET=0(\.0+)?,PRECISE=YES$/m);
      const over = await playlist(START, lastEnd());
      expect(media.segments.length).toBe(over.media.segments.length - 1);
      const entries = (whole: string): string =>
        whole.slice(whole.indexOf('#EXT-X-MAP')).replace('#EXT-X-ENDLIST\n', '');
      expect(entries(over.text).startsWith(entries(text).trimEnd())).toBe(true);
      // No reload may change it (RFC 8216, section 4.3.3.1), and no camera here has longer entries.
      expect(media.targetDuration).toBe(10);
    } finally {
      await growing.close();
    }
  });

  it('has entries of up to ten seconds, never across files, for more than an hour', async () => {
    const { media } = await playlist(START - 3_600_000_000, lastEnd());
    expect(media.segments.map((entry) => entry.duration)).toEqual([5, 5, 2, 2]);
  });

  it('gives byte ranges that hold every frame, as a decoder sees', async () => {
    const { media } = await playlist(START, lastEnd());
    const seen: number[] = [];
    for (const part of [media.segments.slice(0, 10), media.segments.slice(10)]) {
      const map = part[0]?.map;
      const pieces = [
        await fetchRange(map?.uri ?? '', map?.byterange?.offset ?? 0, map?.byterange?.length ?? 0),
      ];
      for (const entry of part)
        pieces.push(await fetchRange(entry.uri, entry.byterange.offset, entry.byterange.length));
      const path = join(recording.storageRoot, 'played.mp4');
      await writeFile(path, Buffer.concat(pieces));
      seen.push(...(await decodeNumbers(path)));
    }
    expect(seen).toEqual(numbers(0, 350));
  });

  it('is refused for more than 31 hours, and is not found where nothing is recorded', async () => {
    const long = await fetch(`${camera()}/hls/index.m3u8?${query(START, START + 31 * 3_600_000_000 + 1)}`);
    expect([long.status, await long.json()]).toMatchObject([
      400,
      { error: { code: 'VIGIE_RANGE_TOO_LONG', limit: '31 h' } },
    ]);
    const empty = await fetch(`${camera()}/hls/index.m3u8?${query(frameAt(251), SECOND_RUN - 1)}`);
    expect([empty.status, await empty.json()]).toMatchObject([
      404,
      { error: { code: 'VIGIE_NOT_RECORDED' } },
    ]);
  });

  async function fetchRange(uri: string, offset: number, length: number): Promise<Uint8Array> {
    const answer = await fetch(new URL(uri, api.url), {
      headers: { range: `bytes=${offset}-${offset + length - 1}` },
    });
    expect(answer.status).toBe(206);
    return new Uint8Array(await answer.arrayBuffer());
  }

  describeWith(['ffmpeg'], 'played over HTTP by ffmpeg', () => {
    it('shows every frame that was recorded', async () => {
      const url = `${camera()}/hls/index.m3u8?${query(START, frameAt(250))}`;
      expect(await decodeNumbers(url, { ffmpeg: 'ffmpeg' })).toEqual(numbers(0, 250));
    });
  });
});

describe('timeline', () => {
  it('has the run, the gap and its cause, and the segment that is being written', async () => {
    const answer = await fetch(
      `${camera()}/timeline?${query(START - 1_000_000, lastEnd() + 1_000_000)}&resolution=1000`,
    );
    expect(await answer.json()).toEqual({
      from: formatIso(wallMicros(START - 1_000_000)),
      to: formatIso(wallMicros(lastEnd() + 1_000_000)),
      resolutionMicros: 1_000,
      recorded: [
        { from: formatIso(START), to: formatIso(frameAt(250)) },
        { from: formatIso(SECOND_RUN), to: formatIso(lastEnd()) },
      ],
      gaps: [{ from: formatIso(frameAt(250)), to: formatIso(SECOND_RUN), cause: 'offline' }],
      // Nobody looked, in either of the minutes.
      motion: { from: '2026-11-23T16:59:00.000000Z', stepMicros: 60_000_000, density: [null, null] },
      events: [],
    });
  });

  it.each(['0', '-5', '1.5', 'x', '1e30'])(
    'refuses resolution=%s and says what is allowed',
    async (resolution) => {
      const answer = await fetch(`${camera()}/timeline?${query(START, lastEnd())}&resolution=${resolution}`);
      expect(answer.status).toBe(400);
      const { error } = (await answer.json()) as { error: { message: string } };
      expect(error.message).toContain('"resolution"');
      expect(error.message).toContain('a whole number of microseconds from 1 to 86400000000 is needed');
    },
  );
});

describe('frame', () => {
  async function frame(at: number, width?: number): Promise<{ number: number; width: number }> {
    const size = width === undefined ? '' : `&width=${width}`;
    const answer = await fetch(`${camera()}/frame.jpg?at=${formatIso(wallMicros(at))}${size}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    const path = join(recording.storageRoot, `frame-${at}-${width}.jpg`);
    await writeFile(path, Buffer.from(await answer.arrayBuffer()));
    const { stdout, stderr } = await run(
      bundledFfmpeg,
      ['-nostdin', '-i', path, '-vf', 'showinfo', '-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:1'],
      { encoding: 'buffer' },
    );
    const [, w, h] = / s:(\d+)x(\d+) /.exec(stderr.toString()) ?? [];
    return { number: pictureNumber(stdout, Number(w), Number(h)), width: Number(w) };
  }

  it('shows the picture that was on screen at the moment', async () => {
    expect(await frame(frameAt(0))).toEqual({ number: 0, width: 160 });
    expect(await frame(frameAt(137))).toEqual({ number: 137, width: 160 });
    expect(await frame(frameAt(137) + 20_000)).toEqual({ number: 137, width: 160 });
    expect(await frame(frameAt(138) - 10)).toEqual({ number: 137, width: 160 });
    expect(await frame(frameAt(124))).toEqual({ number: 124, width: 160 });
    expect(await frame(frameAt(125))).toEqual({ number: 125, width: 160 });
  });

  it('is scaled to the width asked for', async () => {
    expect(await frame(frameAt(77), 320)).toEqual({ number: 77, width: 320 });
  });

  it('is there for a segment that is being written', async () => {
    expect((await frame(lastEnd() - 40_000)).number).toBe(349);
  });

  it('is not found in a gap', async () => {
    const answer = await fetch(`${camera()}/frame.jpg?at=${formatIso(wallMicros(SECOND_RUN - 1_000_000))}`);
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { error: { code: 'VIGIE_NOT_RECORDED' } },
    ]);
  });

  it('is refused to some when too many ask at once, and given to the others', async () => {
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, i) => fetch(`${camera()}/frame.jpg?at=${formatIso(frameAt(i * 9))}`)),
    );
    const counts = Map.groupBy(answers, (answer) => answer.status);
    expect(counts.get(200)?.length).toBeGreaterThanOrEqual(10);
    expect(counts.get(503)?.length).toBeGreaterThan(0);
    expect(counts.get(503)?.[0]?.headers.get('retry-after')).toBe('1');
    expect(await counts.get(503)?.[0]?.json()).toMatchObject({ error: { code: 'VIGIE_BUSY' } });
  });

  it('is a clean error when the decoder is missing or never answers', async () => {
    const sleeper = join(recording.storageRoot, 'sleeper.sh');
    await writeFile(sleeper, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const { createStillMaker } = await import('../../src/playback/still.ts');
    for (const [ffmpegPath, problem] of [
      ['/nowhere/ffmpeg', 'ENOENT'],
      [sleeper, 'longer than 0.3 s'],
    ] as const) {
      const stills = createStillMaker({ ...recording, ffmpegPath, timeoutMillis: 300 });
      await expect(stills.at(recording.camera, frameAt(3), 0)).rejects.toThrow(problem);
    }
  });
});

it('the time to the first byte of footage is told, by route', async () => {
  await fetch(segmentUrl(first[0] as SegmentView)).then((answer) => answer.arrayBuffer());
  expect(new Set(firstBytes)).toEqual(new Set(['segment', 'playlist', 'frame']));
});
