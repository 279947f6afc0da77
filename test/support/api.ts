import type { AddressInfo } from 'node:net';
import type { ApiApp } from '../../src/api/app.ts';
import type { ApiDeps, CameraStatusView } from '../../src/api/deps.ts';
import { createApi } from '../../src/api/server.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { logLevelControl, LogLevels } from '../../src/telemetry/log-levels.ts';
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
  const levels = new LogLevels(
    createLogger({ level: 'info', destination: { write: (line: string) => void log.push(line) } }),
    systemClock,
  );
  const app = await createApi({
    catalog: recording.catalog,
    segments: recording.segments,
    openSegments: recording.openSegments,
    cameras: { list: () => [status], get: (id) => (id === status.id ? status : undefined) },
    testCamera: async () => 'no camera is tested here',
    storage: {
      status: async () => ({
        ...{
          freeBytes: 1,
          reserveBytes: 0,
          store: null,
          backlogSegments: 0,
          backlogBytes: 0,
          problems: [],
          locksHolds: null,
        },
      }),
      sweep: () => undefined,
    },
    events: { onChange: () => () => undefined },
    readiness: { ready: () => ({ ready: true, reasons: [] }) },
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: '# none\n' }),
    logLevels: logLevelControl(levels),
    logger: levels.part('api'),
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
    detection: {
      state: 'learning',
      reason: '',
      lastLookAt: wallMicros(1_795_453_201_000_000),
      framesPerSecond: 0.5,
    },
    status: {
      state: 'recording',
      reason: '',
      since: wallMicros(1_795_453_200_000_000),
      video: { codecs: 'avc1.64000b', width: 160, height: 96 },
      audio: undefined,
      audioProblem: '',
      certificateEnd: null,
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
        clockOffsetErrorMicros: 2_500,
        clockDriftPpm: null,
        clockDriftErrorPpm: null,
        reconnects: {},
      },
    },
  };
}
