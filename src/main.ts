import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { createApi } from './api/server.ts';
import { enrolCameras } from './camera-roster.ts';
import { lockInstance } from './catalog/sqlite/instance-lock.ts';
import { openSqliteCatalog } from './catalog/sqlite/open.ts';
import type { Config } from './config/config.ts';
import { CAMERA_STATES } from './ingest/camera-status.ts';
import { bundledFfmpeg } from './media/ffmpeg-path.ts';
import { createSegmentSource } from './playback/segment-source.ts';
import { RecordingService } from './record/recording-service.ts';
import { observeRecording } from './recording-telemetry.ts';
import { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import { Metrics } from './telemetry/metrics.ts';
import { systemClock } from './time/clock.ts';
import { LoopDelay } from './time/loop-delay.ts';

const METER_MILLIS = 1_000;
const DISK_MILLIS = 10_000;

export interface ServerOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Folder of the built page; `undefined`: none is served. */
  readonly webRoot: string | undefined;
}

export interface Server {
  /** Where the page is. */
  readonly url: string;
  /** Finishes all files, then ends everything. */
  stop(): Promise<void>;
}

/** A reason not to start that is the user's to change: one sentence, no stack. */
export class StartError extends Error {}

/** The one place that wires: catalog, recording, playback, API. Everything it opens is closed again when it fails. */
export async function startServer({ config, log, webRoot }: ServerOptions): Promise<Server> {
  const closers: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    await prepareFolder(config.storage.path);
    const unlock = lockInstance(config.catalog.sqlite);
    if (!unlock) throw new StartError(`Another Vigie is running with the catalog ${config.catalog.sqlite}.`);
    closers.push(unlock);
    const catalog = await openSqliteCatalog({ path: config.catalog.sqlite });
    closers.push(() => catalog.close());

    const clock = systemClock;
    const metrics = new Metrics(CAMERA_STATES);
    const roster = await enrolCameras(catalog, config.cameras, clock);
    const recording = new RecordingService({
      ...config.record,
      catalog,
      clock,
      storageRoot: config.storage.path,
      cameras: roster.enabled,
      observer: observeRecording(log, metrics, new Incidents(clock)),
    });
    let started = false;
    const app = await createApi({
      catalog,
      clock,
      webRoot,
      segments: createSegmentSource({
        catalog,
        openSegments: recording.journal,
        storageRoot: config.storage.path,
      }),
      openSegments: recording.journal,
      cameras: roster.provider((cameraNo) => recording.status(cameraNo)),
      readiness: {
        ready() {
          const reasons = started ? [...recording.problems()] : ['Recording has not begun yet.'];
          return { ready: reasons.length === 0, reasons };
        },
      },
      metrics: () => metrics.text(),
      onFirstByte: (route, seconds) => metrics.firstByte(route, seconds),
      logger: log,
      ffmpegPath: config.ffmpegPath ?? bundledFfmpeg,
    });
    closers.push(() => app.close());
    // Before anything is recorded: a port that is taken is told at once.
    const url = await listen(app, config.server);

    closers.push(() => recording.stop());
    await recording.start();
    started = true;
    closers.push(meter(recording, metrics, config.storage.path));
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function prepareFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartError(`The folder for recordings, ${path}, cannot be used: ${(error as Error).message}`);
  }
}

async function listen(
  app: Awaited<ReturnType<typeof createApi>>,
  { host, port }: Config['server'],
): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const where = `${host}:${port}`;
    if (code === 'EADDRINUSE')
      throw new StartError(
        `${where} is in use by another program: choose another one with --listen 127.0.0.1:9000, or server.listen.`,
      );
    throw new StartError(`Vigie cannot listen on ${where}: ${message}`);
  }
  const address = app.server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
}

/** Counts time and looks at the disk and at this thread. Returns what ends it. */
function meter(recording: RecordingService, metrics: Metrics, storagePath: string): () => void {
  const loopDelay = new LoopDelay();
  let before = systemClock.mono();
  const everySecond = setInterval(() => {
    const now = systemClock.mono();
    for (const { id, missing } of recording.recorded()) metrics.timePassed(id, (now - before) / 1e6, missing);
    before = now;
    metrics.loopDelay('main', loopDelay.take());
  }, METER_MILLIS);
  const lookAtDisk = async (): Promise<void> => {
    try {
      const { bavail, bsize } = await statfs(storagePath);
      metrics.diskFree(bavail * bsize);
    } catch {
      // The folder is gone: writing says so louder than a gauge could.
    }
  };
  void lookAtDisk();
  const everyTen = setInterval(() => void lookAtDisk(), DISK_MILLIS);
  return () => {
    clearInterval(everySecond);
    clearInterval(everyTen);
    loopDelay.stop();
  };
}
