import pino from 'pino';
import type { AddressInfo } from 'node:net';
import type { ApiApp } from '../../src/api/app.ts';
import type { ApiDeps, CameraStatusView } from '../../src/api/deps.ts';
import { createApi } from '../../src/api/server.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { systemClock } from '../../src/time/clock.ts';
import { wallMicros } from '../../src/time/units.ts';
import type { Recording } from './recording.ts';

export interface RunningApi {
  readonly app: ApiApp;
  readonly url: string;
  readonly port: number;
  /** What was logged, as JSON lines. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** The API over a recording, listening on a port of the loopback address. */
export async function listen(recording: Recording, overrides: Partial<ApiDeps> = {}): Promise<RunningApi> {
  const log: string[] = [];
  const status = statusView(recording.camera.id, recording.camera.name);
  const app = await createApi({
    catalog: recording.catalog,
    segments: recording.segments,
    openSegments: recording.openSegments,
    cameras: { list: () => [status], get: (id) => (id === status.id ? status : undefined) },
    readiness: { ready: () => ({ ready: true, reasons: [] }) },
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: '# none\n' }),
    logger: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    webRoot: undefined,
    clock: systemClock,
    ffmpegPath: bundledFfmpeg,
    ...overrides,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${port}`, port, log, close: () => app.close() };
}

export function statusView(id: string, name: string): CameraStatusView {
  return {
    id,
    name,
    status: {
      state: 'recording',
      reason: '',
      since: wallMicros(1_795_453_200_000_000),
      video: { codecs: 'avc1.64000b', width: 160, height: 96 },
      stats: {
        bytes: 1_000,
        frames: 25,
        packetsLost: 1,
        framesDamaged: 2,
        timestampsRepaired: 3,
        recordedTicks: 90_000,
        bitrateBps: 4_000_000.4,
        framesPerSecond: 25,
        gopTicks: 180_000,
        clockOffsetMicros: -1_500,
        clockDriftPpm: null,
        reconnects: {},
      },
    },
  };
}
