import { type AddressInfo, createServer } from 'node:net';
import { ClientSession } from './client-session.ts';
import type { PlayedStream, StreamOptions } from './played-stream.ts';
import { SentStream } from './sent-stream.ts';
import type { SessionStats, SimulatedCamera } from './simulated-camera.ts';

const TICK_MILLIS = 5;
/** Ended sessions whose figures are kept. */
const MAX_REMEMBERED = 100_000;

export interface SimulatorOptions {
  readonly cameras: readonly SimulatedCamera[];
  /** 0 or none: any that is free. */
  readonly port?: number | undefined;
  /** All clients get their key frames in the same instant: the worst case for whoever records them. */
  readonly alignKeyFrames?: boolean | undefined;
  /** What sends a camera's media, when it is not the plain one. */
  readonly createStream?: ((options: StreamOptions) => PlayedStream) | undefined;
}

export interface Simulator {
  readonly port: number;
  url(path: string): string;
  /** Of every PLAY since the start, in order. */
  stats(): readonly SessionStats[];
  /** No frame is sent any more; connections stay. */
  pause(): void;
  /** Breaks the connections of one camera, or of all. */
  dropClients(path?: string): void;
  stop(): Promise<void>;
}

/**
 * A small RTSP server on the loopback address whose cameras play clips from memory: packets are made once, and only
 * sequence numbers, timestamps and the like are patched for each client. One timer paces all of them.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const cameras = new Map(options.cameras.map((camera) => [camera.path, camera]));
  const sessions = new Set<ClientSession>();
  const playing = new Set<PlayedStream>();
  const ended: SessionStats[] = [];
  const createStream = options.createStream ?? ((asked) => new SentStream(asked));
  let nextSession = 0;

  const tick = (): void => {
    const now = performance.now();
    for (const stream of playing) {
      stream.pace(now);
      if (!stream.over) continue;
      playing.delete(stream);
      if (ended.length < MAX_REMEMBERED) ended.push(stream.stats);
    }
  };

  const server = createServer((socket) => {
    const session = new ClientSession(socket, {
      camera: (path) => cameras.get(path),
      play(asked) {
        const number = nextSession++;
        const began = options.alignKeyFrames ? nextCommonKey(asked.camera) : performance.now();
        const stream = createStream({ ...asked, session: number, began });
        playing.add(stream);
        return stream;
      },
    });
    sessions.add(session);
    socket.on('close', () => sessions.delete(session));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const timer = setInterval(tick, TICK_MILLIS);

  return {
    port,
    url: (path) => `rtsp://127.0.0.1:${port}/${path}`,
    stats: () =>
      [...ended, ...[...playing].map((stream) => stream.stats)].toSorted((a, b) => a.session - b.session),
    pause: () => clearInterval(timer),
    dropClients(path) {
      for (const session of sessions) {
        if (path === undefined || session.stream?.stats.path === path) session.close();
      }
    },
    async stop() {
      clearInterval(timer);
      for (const session of sessions) session.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Clips are of different lengths, but their groups of pictures start on a common beat. */
function nextCommonKey({ clip }: SimulatedCamera): number {
  const beat = (clip.gopFrames * 1000) / clip.fps;
  return Math.ceil(performance.now() / beat) * beat;
}
