import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { NGINX_RTMP } from './components.ts';
import { freePort } from './free-port.ts';
import type { RtmpClient } from './rtmp-client.ts';
import { type EncodedVideo, stripesFilter } from './video.ts';
import { until } from './vigie.ts';

const run = promisify(execFile);

/** A file with pictures that show their own number, B-frames, and sound. */
export async function encodeWithSound(path: string, frames: number, gop: number): Promise<void> {
  await run(
    bundledFfmpeg,
    [
      ...['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', 'color=black:s=320x192:r=25'],
      ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100', '-frames:v', `${frames}`, '-shortest'],
      ...['-vf', stripesFilter('N'), '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18'],
      ...['-x264-params', `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=2:b-adapt=0`],
      ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '64k', path],
    ],
    { timeout: 60_000 },
  );
}

/** A process that pushes; what it says, and its end. */
export interface Encoder {
  readonly pid: number;
  said(): string;
  readonly ended: Promise<number | null>;
  hasEnded(): boolean;
  kill(): void;
}

/** `ffmpeg -re -c copy` to an address. */
export function pushFile(ffmpeg: string, file: string, url: string, loops = 0): Encoder {
  const input = ['-v', 'warning', '-nostdin', '-re', '-stream_loop', `${loops}`, '-i'];
  return watch(
    spawn(ffmpeg, [...input, file, '-c', 'copy', '-f', 'flv', url], {
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
}

const GST_PUSH = fileURLToPath(new URL('../peers/gst_push.py', import.meta.url));

/** GStreamer, with its own RTMP or with librtmp. */
export function pushWithGstreamer(sink: 'rtmp2sink' | 'rtmpsink', file: string, url: string): Encoder {
  return watch(
    spawn('/usr/bin/python3', [GST_PUSH, sink, file, url], { stdio: ['ignore', 'ignore', 'pipe'] }),
  );
}

/** nginx with its RTMP module: passes on what is pushed to `rtmp://127.0.0.1:<port>/in/any`. */
export async function startNginxRelay(
  folder: string,
  target: string,
): Promise<Encoder & { readonly port: number }> {
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  await writeFile(
    file,
    [
      `load_module ${NGINX_RTMP};`,
      'daemon off; master_process off; worker_processes 1;',
      `pid ${join(folder, 'nginx.pid')}; error_log stderr warn;`,
      'events { worker_connections 64; }',
      `rtmp { access_log off; server { listen 127.0.0.1:${port}; application in { live on; push ${target}; } } }`,
      '',
    ].join('\n'),
  );
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const encoder = watch(child);
  await until('nginx listens', async () => {
    const probe = connect(port, '127.0.0.1');
    const answer = await Promise.race([
      once(probe, 'connect').then(() => true),
      once(probe, 'close').then(() => false),
    ]).catch(() => false);
    probe.destroy();
    return answer;
  });
  return { ...encoder, port };
}

/** Sends H.265 as enhanced RTMP does, which no ffmpeg of these tests can: `hvc1`, and times before their frames. */
export function sendHevc(client: RtmpClient, video: EncodedVideo): void {
  client.bigChunks();
  client.video(0, Buffer.concat([Buffer.of(0x90), Buffer.from('hvc1'), video.config.decoderConfig]));
  for (const [index, frame] of video.frames.entries()) {
    const decode = Math.round((index * video.ticksPerFrame) / 90);
    const composition = Math.round(frame.ticks / 90) - decode;
    const head = Buffer.concat([
      Buffer.of((frame.key ? 0x90 : 0xa0) | 1),
      Buffer.from('hvc1'),
      Buffer.alloc(3),
    ]);
    head.writeIntBE(composition, 5, 3);
    client.video(decode, Buffer.concat([head, frame.data]));
  }
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function watch(child: ChildProcess): Encoder {
  running.add(child);
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const ended = once(child, 'exit').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    pid: child.pid as number,
    said: () => said,
    ended,
    hasEnded: () => !running.has(child),
    kill: () => void child.kill('SIGKILL'),
  };
}
