import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FfmpegFailure } from '../../src/ffmpeg/failure.ts';
import { opusSamples } from '../../src/media/opus.ts';
import { FfmpegSource } from '../../src/ffmpeg/ffmpeg-source.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { isRunning } from '../support/child-processes.ts';
import { describeWith, has } from '../support/components.ts';
import { EventSink } from '../support/event-sink.ts';
import { numberedFile } from '../support/ffmpeg-media.ts';
import { freeTcpPort, freeUdpPort, serveFolder, spawnTool } from '../support/media-servers.ts';
import { temporaryFolder, until } from '../support/vigie.ts';

const run = promisify(execFile);
const FRAMES = 75;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder?.remove());

interface Viewing {
  readonly source: FfmpegSource;
  readonly sink: EventSink;
  readonly failure: FfmpegFailure | undefined;
  /** Resolves when it ends by itself. */
  readonly ended: Promise<FfmpegFailure>;
}

async function view(
  location: string,
  options: {
    readonly ffmpegPath?: string;
    readonly input?: readonly string[];
    readonly transcode?: boolean;
  } = {},
): Promise<Viewing> {
  const sink = new EventSink();
  let onEnd: (failure: FfmpegFailure) => void = () => undefined;
  const ended = new Promise<FfmpegFailure>((resolve) => {
    onEnd = resolve;
  });
  const source = new FfmpegSource({
    ffmpegPath: options.ffmpegPath ?? bundledFfmpeg,
    input: { location, options: options.input ?? [] },
    transcode: options.transcode ?? false,
    ...{ sink, onBytes: () => undefined, onEnd },
  });
  return { source, sink, failure: await source.play(), ended };
}

/** Presentation times of the pictures in 90 kHz ticks, in decoding order. */
async function ticksOf(path: string): Promise<number[]> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', path],
  ]);
  return stdout
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => Math.round(Number.parseFloat(line) * 90_000));
}

describeWith(['ffprobe'], 'what comes of a file', () => {
  for (const ffmpegPath of [bundledFfmpeg, ...(has('ffmpeg') ? ['ffmpeg'] : [])]) {
    const which = ffmpegPath === bundledFfmpeg ? 'bundled' : 'system';
    for (const [codec, name] of [
      ['libx264', 'a.ts'],
      ['libx264', 'a.mp4'],
      ['libx265', 'b.ts'],
      ['libx265', 'b.mp4'],
      ['libx264', 'c.mkv'],
    ] as const) {
      it(`${codec} in ${name}, ${which} ffmpeg: the times of all pictures are exact to the tick, in decoding order`, async () => {
        const { path } = await numberedFile(folder.path, `${which}-${name}`, {
          frames: FRAMES,
          codec,
          bFrames: 2,
        });
        const wanted = await ticksOf(path);
        const { sink, failure, ended } = await view(path, { ffmpegPath });
        expect(failure).toBeUndefined();
        expect((await ended).reason).toBe(`${which}-${name} came to its end`);
        const shift = (sink.pictures[0]?.timestamp ?? 0) - (wanted[0] ?? 0);
        expect(sink.pictures.map(({ timestamp }) => timestamp)).toEqual(wanted.map((at) => at + shift));
        expect(sink.pictures.map(({ key }) => key).indexOf(true)).toBe(0);
        expect(sink.pictures.filter(({ key }) => key)).toHaveLength(FRAMES / 25);
        expect(sink.abandoned).toBe(0);
        expect(sink.sets?.config()).toMatchObject({ width: 160, height: 96 });
      }, 60_000);
    }
  }
});

describe('sound', () => {
  it.each([
    [
      'aac.ts',
      ['aac', '-ac', '1'],
      { codec: 'aac', codecs: 'mp4a.40.2', sampleRate: 48_000, channels: 1, samplesPerFrame: 1024 },
    ],
    [
      'aac.mp4',
      ['aac', '-ac', '2', '-ar', '44100'],
      { codec: 'aac', sampleRate: 44_100, channels: 2, samplesPerFrame: 1024 },
    ],
    [
      'opus.mkv',
      ['libopus', '-ac', '1'],
      { codec: 'opus', codecs: 'Opus', sampleRate: 48_000, channels: 1, samplesPerFrame: 0 },
    ],
    [
      'alaw.mov',
      ['pcm_alaw', '-ar', '8000', '-ac', '1'],
      { codec: 'pcma', codecs: 'alaw', sampleRate: 8_000, bytesPerSample: 1 },
    ],
    [
      'ulaw.mov',
      ['pcm_mulaw', '-ar', '8000', '-ac', '1'],
      { codec: 'pcmu', codecs: 'ulaw', bytesPerSample: 1 },
    ],
    [
      'pcm.mov',
      ['pcm_s16le', '-ar', '16000', '-ac', '2'],
      { codec: 'pcm', codecs: 'sowt', bytesPerSample: 4 },
    ],
  ])(
    '%s',
    async (name, audio, wanted) => {
      const { path } = await numberedFile(folder.path, name, { frames: FRAMES, codec: 'libx264', audio });
      const { sink, failure, ended } = await view(path);
      expect(failure).toBeUndefined();
      await ended;
      expect(sink.pictures).toHaveLength(FRAMES);
      expect(sink.audio).toHaveLength(1);
      const [config] = sink.audio;
      expect(config).toMatchObject({ ...wanted, clockRate: 90_000, sharesVideoClock: true });
      const rate = config?.sampleRate ?? 1;
      const perFrame = (bytes: Buffer): number =>
        config?.codec === 'opus'
          ? opusSamples(bytes, 0, bytes.length)
          : config?.samplesPerFrame || bytes.length / (config?.bytesPerSample ?? 1);
      // Every sample of three seconds is there, each frame where the one before ends.
      const samples = sink.sound.reduce((sum, { bytes }) => sum + perFrame(bytes), 0);
      expect(samples / rate).toBeGreaterThan(2.9);
      for (const [i, { timestamp }] of sink.sound.entries()) {
        const before = sink.sound[i - 1];
        // The first packets of Opus and AAC may be cut at their beginning.
        if (before && i > 2)
          expect(
            Math.abs(timestamp - before.timestamp - (perFrame(before.bytes) * 90_000) / rate),
          ).toBeLessThanOrEqual(4);
      }
      // No header of a broadcast is left in front of a frame.
      if (config?.codec === 'aac')
        for (const { bytes } of sink.sound) expect(bytes.readUInt16BE(0) >> 4).not.toBe(0xfff);
    },
    60_000,
  );
});

describe('an input that leads elsewhere', () => {
  it('a playlist on the network that points at a file of this machine is refused', async () => {
    const { path } = await numberedFile(folder.path, 'private.ts', { frames: FRAMES, codec: 'libx264' });
    const text = `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://${path}\n#EXT-X-ENDLIST\n`;
    await writeFile(join(folder.path, 'steal.m3u8'), text);
    const web = await serveFolder(folder.path);
    try {
      const { failure, sink } = await view(`http://127.0.0.1:${web.port}/steal.m3u8`);
      expect(failure?.cause).toBe('protocol');
      expect(sink.pictures).toEqual([]);
      // It is the address that is refused, not the playlist: over HTTP the same file is played.
      await writeFile(join(folder.path, 'fair.m3u8'), text.replace(`file://${path}`, 'private.ts'));
      const fair = await view(`http://127.0.0.1:${web.port}/fair.m3u8`);
      expect(fair.failure).toBeUndefined();
      fair.source.stop();
    } finally {
      web.close();
    }
  }, 60_000);
});

describe('stopping', () => {
  it('ends an ffmpeg that waits for a camera, and says so at once', async () => {
    const sink = new EventSink();
    const source = new FfmpegSource({
      ffmpegPath: bundledFfmpeg,
      input: { location: `udp://127.0.0.1:${await freeUdpPort()}`, options: [] },
      ...{ transcode: false, sink, onBytes: () => undefined, onEnd: () => undefined },
    });
    const playing = source.play();
    await until('it runs', () => source.pid !== undefined);
    const { pid } = source;
    source.stop();
    expect((await playing)?.reason).toBe('stopped by us');
    await until('it is gone', async () => !(await isRunning(pid as number)));
  });

  it('ends one that does not even answer to signals', async () => {
    const { path } = await numberedFile(folder.path, 'hung.ts', { frames: 500, codec: 'libx264' });
    const { source, failure, ended } = await view(path);
    expect(failure).toBeUndefined();
    let told = false;
    void ended.then(() => {
      told = true;
    });
    const { pid } = source;
    process.kill(pid as number, 'SIGSTOP');
    source.stop();
    await until('it is gone', async () => !(await isRunning(pid as number)));
    expect(told).toBe(false);
  }, 30_000);

  it('an ffmpeg that is not there', async () => {
    const { failure } = await view('/dev/null', { ffmpegPath: join(folder.path, 'no-ffmpeg') });
    expect(failure).toMatchObject({ cause: 'offline', reason: 'ffmpeg cannot be started (ENOENT)' });
  });
});

describeWith(['ffmpeg'], 'SRT, with the ffmpeg of the system', () => {
  it('is recorded', async () => {
    const { path } = await numberedFile(folder.path, 'srt.ts', { frames: FRAMES, codec: 'libx264' });
    const port = await freeTcpPort();
    const sender = spawnTool('ffmpeg', [
      ...['-v', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', path, '-c', 'copy', '-f', 'mpegts'],
      `srt://127.0.0.1:${port}?mode=listener`,
    ]);
    try {
      let viewing = await view(`srt://127.0.0.1:${port}?passphrase=`, { ffmpegPath: 'ffmpeg' });
      for (let i = 0; i < 20 && viewing.failure; i++) {
        viewing = await view(`srt://127.0.0.1:${port}`, { ffmpegPath: 'ffmpeg' });
      }
      expect(viewing.failure).toBeUndefined();
      await until('pictures come', () => viewing.sink.pictures.length > 50);
      viewing.source.stop();
    } finally {
      sender.kill('SIGKILL');
    }
  }, 60_000);
});

it('the same pictures come out whatever they were wrapped in', async () => {
  const { path } = await numberedFile(folder.path, 'same.mp4', {
    frames: FRAMES,
    codec: 'libx264',
    bFrames: 2,
  });
  const wrapped = join(folder.path, 'same.ts');
  await run(bundledFfmpeg, ['-v', 'error', '-y', '-i', path, '-c', 'copy', wrapped]);
  const hashes: string[][] = [];
  for (const one of [path, wrapped]) {
    const { sink, ended } = await view(one);
    await ended;
    // Delimiters are what a broadcast adds.
    const slices = sink.pictures.map(({ nals }) => nals.filter((nal) => ((nal[0] as number) & 0x1f) <= 5));
    hashes.push(slices.map((nals) => createHash('sha256').update(Buffer.concat(nals)).digest('hex')));
  }
  expect(hashes[0]).toHaveLength(FRAMES);
  expect(hashes[1]).toEqual(hashes[0]);
}, 60_000);
