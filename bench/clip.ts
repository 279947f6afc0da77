/**
 * What a long clip costs: two gigabytes over ten segments, streamed over loopback HTTP by the real API in a process
 * of its own, against `ffmpeg -f concat -c copy` of the same segments in the same run. CPU is that of the serving
 * process alone; the receiver is this one.
 *
 *   node bench/clip.ts [--json FILE] [--bytes 2147483648]
 *
 * Exits 1 when the first byte takes 100 ms or longer, or the clip a tenth of ffmpeg's CPU or more.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundledFfmpeg } from '../src/media/ffmpeg-path.ts';
import { formatIso } from '../src/time/iso.ts';
import { type WallMicros, wallMicros } from '../src/time/units.ts';
import { listen } from '../test/support/api.ts';
import { createRecording, type Recording } from '../test/support/recording.ts';
import { encodeVideo } from '../test/support/video.ts';

const RUNS = 3;
const SEGMENTS = 10;
const FRAMES_PER_SECOND = 25;
const GOP = 50;
const BITRATE = 4_000_000;
const START = wallMicros(1_795_453_200_000_000);

interface Served {
  readonly firstByteMillis: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly cpuSeconds: number;
}

/** What the serving process tells this one. */
type Told =
  | {
      readonly kind: 'ready';
      readonly port: number;
      readonly end: WallMicros;
      readonly files: readonly RecordedFile[];
    }
  | { readonly kind: 'cpu'; readonly seconds: number };

interface RecordedFile {
  readonly path: string;
  readonly seconds: number;
}

async function bench(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'string' }, bytes: { type: 'string' } } });
  const wanted = Number(values.bytes ?? 2 * 1024 ** 3);
  const space = await statfs(tmpdir());
  if (space.bavail * space.bsize < wanted * 2.5)
    throw new Error(`${tmpdir()} has no room for ${wanted * 2.5} bytes.`);
  const server = fork(import.meta.filename, ['serve', `${wanted}`]);
  const folder = await mkdtemp(join(tmpdir(), 'vigie-bench-clip-'));
  try {
    const ready = await told(server, 'ready');
    // One small request first, as any page makes: what is measured is a clip and not the loading of code.
    await receive(ready.port, '/healthz');
    const runs: Served[] = [];
    for (let i = 0; i < RUNS; i++) {
      // Another first frame each time: a plan that is still in memory would hide what making it costs.
      const range = `from=${formatIso(wallMicros(START + i * 40_000))}&to=${formatIso(ready.end)}`;
      runs.push(await serveOnce(server, ready.port, `/api/cameras/bench/clip.mp4?${range}`));
    }
    const best = runs.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a));
    const plain = await concat(folder, ready.files, []);
    const faststart = await concat(folder, ready.files, ['-movflags', '+faststart']);
    const result = {
      bytes: best.bytes,
      segments: ready.files.length,
      clipSeconds: ready.files.reduce((sum, file) => sum + file.seconds, 0),
      firstByteMillis: runs.map((run) => round(run.firstByteMillis)),
      serverCpuSeconds: runs.map((run) => round(run.cpuSeconds)),
      megabytesPerSecond: runs.map((run) => round(run.bytes / run.seconds / 1e6)),
      ffmpegCpuSeconds: round(plain.cpuSeconds),
      ffmpegBytes: plain.bytes,
      ffmpegFaststartCpuSeconds: round(faststart.cpuSeconds),
      ratio: round(best.cpuSeconds / plain.cpuSeconds, 4),
      ratioFaststart: round(best.cpuSeconds / faststart.cpuSeconds, 4),
    };
    console.log(JSON.stringify(result, null, 2));
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
    if (Math.max(...result.firstByteMillis) >= 100 || result.ratio >= 0.1) {
      console.error(
        'Not cheap enough: the first byte must come within 100 ms, at a tenth of the CPU of ffmpeg.',
      );
      process.exitCode = 1;
    }
  } finally {
    if (server.connected) server.send('end');
    await rm(folder, { recursive: true, force: true });
  }
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

/** The serving process: records, listens, and tells its CPU between two questions. */
async function serve(bytes: number): Promise<void> {
  const recording = await createRecording('bench');
  try {
    const { end, files } = await record(recording, bytes);
    const api = await listen(recording);
    let before = process.cpuUsage();
    const ended = new Promise<void>((resolve) => {
      process.on('message', (question) => {
        if (question === 'end') resolve();
        if (question !== 'cpu') return;
        const { user, system } = process.cpuUsage(before);
        before = process.cpuUsage();
        process.send?.({ kind: 'cpu', seconds: (user + system) / 1e6 } satisfies Told);
      });
      process.on('disconnect', resolve);
    });
    process.send?.({ kind: 'ready', port: api.port, end, files } satisfies Told);
    await ended;
    await api.close();
  } finally {
    await recording.close();
    if (process.connected) process.disconnect?.();
  }
}

/** Real H.264 over and over, through the project's own writer. */
async function record(
  recording: Recording,
  bytes: number,
): Promise<{ end: WallMicros; files: RecordedFile[] }> {
  const video = await encodeVideo({ frames: 200, gop: GOP, width: 1280, height: 720, bitrate: `${BITRATE}` });
  const size = video.frames.reduce((sum, frame) => sum + frame.data.length, 0);
  const frames = Math.max(1, Math.round(bytes / SEGMENTS / size)) * video.frames.length;
  const framesPerSegment = Array.from({ length: SEGMENTS }, () => frames);
  const views = await recording.run(video, { start: START, framesPerSegment });
  const seconds = frames / FRAMES_PER_SECOND;
  const total = views.reduce((sum, view) => sum + view.bytes, 0);
  console.error(
    `${SEGMENTS} segments of ${seconds} s, ${round((total * 8) / seconds / SEGMENTS / 1e6)} Mbit/s`,
  );
  return {
    end: views.at(-1)?.end ?? START,
    files: views.map((view) => ({ path: recording.path(view), seconds })),
  };
}

async function serveOnce(server: ChildProcess, port: number, path: string): Promise<Served> {
  await cpuOf(server);
  const received = await receive(port, path);
  return { ...received, cpuSeconds: await cpuOf(server) };
}

function cpuOf(server: ChildProcess): Promise<number> {
  const answer = told(server, 'cpu').then((message) => message.seconds);
  server.send('cpu');
  return answer;
}

function told<K extends Told['kind']>(server: ChildProcess, kind: K): Promise<Extract<Told, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(new Error('The serving process ended early.'));
    server.once('exit', failed);
    server.once('message', (message) => {
      server.off('exit', failed);
      const said = message as Told;
      if (said.kind === kind) resolve(said as Extract<Told, { kind: K }>);
      else reject(new Error(`Told ${said.kind} instead of ${kind}.`));
    });
  });
}

function receive(port: number, path: string): Promise<Omit<Served, 'cpuSeconds'>> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    let firstByteMillis = 0;
    let bytes = 0;
    const sent = request({ host: '127.0.0.1', port, path }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`The server answered ${answer.statusCode}.`));
      answer.on('data', (chunk: Buffer) => {
        if (bytes === 0) firstByteMillis = performance.now() - began;
        bytes += chunk.length;
      });
      answer.on('end', () =>
        resolve({ firstByteMillis, seconds: (performance.now() - began) / 1000, bytes }),
      );
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** The same segments through ffmpeg's concat demuxer, with the durations without which it gets them wrong. */
async function concat(
  folder: string,
  files: readonly RecordedFile[],
  flags: readonly string[],
): Promise<{ cpuSeconds: number; bytes: number }> {
  const list = join(folder, 'list.txt');
  const lines = files.map((file) => `file '${file.path}'\nduration ${file.seconds}`);
  await writeFile(list, `ffconcat version 1.0\n${lines.join('\n')}\n`);
  const output = join(folder, 'out.mp4');
  const args = ['-benchmark', '-nostdin', '-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy'];
  const cpuSeconds = await ffmpegCpu([...args, ...flags, '-y', output]);
  const { size } = await stat(output);
  await rm(output);
  return { cpuSeconds, bytes: size };
}

/** CPU of one ffmpeg run, as it says itself. */
function ffmpegCpu(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(bundledFfmpeg, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (chunk: string) => {
      text = `${text}${chunk}`.slice(-20_000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const match = /bench: utime=([\d.]+)s(?: stime=([\d.]+)s)?/.exec(text);
      if (code !== 0 || !match) reject(new Error(`ffmpeg ended with ${code}: ${text.slice(-500)}`));
      else resolve(Number(match[1]) + Number(match[2] ?? 0));
    });
  });
}

if (process.argv[2] === 'serve') await serve(Number(process.argv[3]));
else await bench();
