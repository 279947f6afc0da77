import { access, constants, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createApi } from './api/server.ts';
import { enrolCameras, pulledSpec } from './camera-roster.ts';
import { lockInstance } from './catalog/sqlite/instance-lock.ts';
import { openSqliteCatalog } from './catalog/sqlite/open.ts';
import type { Config } from './config/config.ts';
import { isRtmp } from './config/source-kind.ts';
import { startEventOutlets } from './event-outlets.ts';
import { testCamera } from './inspect/camera-test.ts';
import { testProblem } from './inspect/test-request.ts';
import { bundledFfmpeg } from './media/ffmpeg-path.ts';
import { METRIC_WORDS } from './metric-words.ts';
import { observeMotion } from './motion-telemetry.ts';
import { MotionService } from './motion/motion-service.ts';
import { createSegmentSource } from './playback/segment-source.ts';
import { type PushServer, startPushServer } from './push-server.ts';
import { observePushes } from './push-telemetry.ts';
import { RecordingService } from './record/recording-service.ts';
import { observeRecording } from './recording-telemetry.ts';
import { observeStorage } from './storage-telemetry.ts';
import { StorageService } from './storage/storage-service.ts';
import { observeSubStreams } from './substream-telemetry.ts';
import { SubStreamService } from './substream/sub-stream-service.ts';
import { Completeness } from './telemetry/completeness.ts';
import { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import { logLevelControl, LogLevels } from './telemetry/log-levels.ts';
import { Metrics } from './telemetry/metrics.ts';
import { systemClock } from './time/clock.ts';
import { ThreadMeter } from './time/thread-load.ts';

const METER_MILLIS = 1_000;

export interface ServerOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Folder of the built page; `undefined`: none is served. */
  readonly webRoot: string | undefined;
  /** For `vigie_build_info`. */
  readonly version: string;
}

export interface Server {
  /** Where the page is. */
  readonly url: string;
  /** Where encoders push to; `undefined`: nowhere. */
  readonly pushUrl: string | undefined;
  /** Finishes all files, then ends everything. */
  stop(): Promise<void>;
}

/** A reason not to start that is the user's to change: one sentence, no stack. */
export class StartError extends Error {}

/** The one place that wires: catalog, recording, playback, API. Everything it opens is closed again when it fails. */
export async function startServer({ config, log, webRoot, version }: ServerOptions): Promise<Server> {
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
    const ffmpegPath = config.ffmpegPath ?? bundledFfmpeg;
    const levels = new LogLevels(log, clock);
    const metrics = new Metrics({
      words: METRIC_WORDS,
      version,
      cameras: config.cameras.map(({ id, enabled, source, detect }) => ({
        ...{ id, enabled, pushed: isRtmp(source), watched: enabled && detect.enabled },
      })),
    });
    const roster = await enrolCameras(catalog, config.cameras, ffmpegPath, clock);
    const incidents = new Incidents(clock);
    const storage = new StorageService({
      catalog,
      clock,
      config,
      observer: observeStorage(levels.part('storage'), metrics, incidents),
    });
    let push: PushServer | undefined;
    if (config.rtmp) {
      // Before anything is recorded: a port that is taken is told at once.
      const started = await startPushServer({
        listen: config.rtmp,
        cameras: roster.enabled,
        observer: observePushes(levels.part('push'), metrics, incidents),
        onRestarted: () => recording.reconnectRtmp(),
      });
      if (typeof started === 'string') throw new StartError(started);
      push = started;
      closers.push(() => started.stop());
    }
    const recording: RecordingService = new RecordingService({
      ...config.record,
      udpPorts: config.udpPorts,
      catalog,
      clock,
      storageRoot: config.storage.path,
      cameras: roster.recorded((id) => push?.address(id) ?? ''),
      connectRtmp: () => push?.connect(),
      watch: { cameras: roster.watched, onReport: (report) => motion.take(report) },
      observer: observeRecording(levels.part('recording'), metrics, incidents),
    });
    const events = await startEventOutlets({
      ...{ catalog, clock, webhooks: config.webhooks, log: levels.part('events'), metrics, incidents },
    });
    closers.push(() => events.stop());
    const motion: MotionService = new MotionService({
      ...config.motion,
      ...{ clock, ffmpegPath },
      cameras: roster.looked.map(({ row, config: { detect } }) => ({
        ...{ cameraNo: row.cameraNo, framesPerSecond: detect.fps, zones: detect.zones },
      })),
      stateFolder: join(dirname(config.catalog.sqlite), 'motion'),
      observer: {
        ...observeMotion(roster.enabled, levels.part('motion'), metrics, incidents),
        began: (event) => events.book.began(event),
        ended: (event) => events.book.ended(event),
        looked: (minutes) => events.book.looked(minutes),
        sighted(sighting) {
          recording.seen([sighting]);
          subStreams.seen([sighting]);
        },
      },
    });
    const subStreams: SubStreamService = new SubStreamService({
      streams: roster.subStreams,
      udpPorts: config.udpPorts,
      onReport: (report) => motion.take(report),
      observer: observeSubStreams(roster.looked, levels.part('motion'), metrics, incidents),
    });
    let started = false;
    const ready = (): { readonly ready: boolean; readonly reasons: readonly string[] } => {
      const reasons = started
        ? [
            ...recording.problems(),
            ...storage.problems(),
            ...(push?.problems() ?? []),
            ...events.problems(),
            ...motion.problems(),
            ...subStreams.problems(),
          ]
        : ['Recording has not begun yet.'];
      return { ready: reasons.length === 0, reasons };
    };
    const app = await createApi({
      catalog,
      clock,
      webRoot,
      segments: createSegmentSource({
        catalog,
        openSegments: recording.journal,
        reader: storage.reader,
      }),
      openSegments: recording.journal,
      storage,
      events: { onChange: (listener) => events.book.onChange(listener) },
      async testCamera(source, transcode) {
        const ffmpeg = { input: [], transcode: transcode ? ('h264' as const) : undefined };
        const spec = pulledSpec({ source, rtsp: {}, tls: undefined, ffmpeg }, ffmpegPath);
        return testProblem(spec, 'anyone') ?? testCamera(spec, clock);
      },
      cameras: roster.provider(
        (cameraNo) => recording.status(cameraNo),
        (cameraNo) => motion.status(cameraNo, subStreams.problem(cameraNo)),
      ),
      readiness: { ready },
      metrics: () => metrics.text(),
      onFirstByte: (route, seconds) => metrics.firstByte(route, seconds),
      logLevels: logLevelControl(levels),
      logger: levels.part('api'),
      ffmpegPath,
    });
    closers.push(() => app.close());
    // Before anything is recorded: a port that is taken is told at once.
    const url = await listen(app, config.server);

    // Before anything is recorded, too: the disk may be full from before.
    closers.push(() => storage.stop());
    await storage.start();
    closers.push(() => motion.stop());
    // It reads what it knew of the cameras: recording does not wait for that.
    void motion.start();
    closers.push(() => recording.stop());
    await recording.start();
    closers.push(() => subStreams.stop());
    subStreams.start();
    started = true;
    closers.push(meter(recording, metrics, () => ready().ready));
    return { url, pushUrl: push?.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function prepareFolder(path: string): Promise<void> {
  try {
    // Footage is for nobody else on this machine.
    await mkdir(path, { recursive: true, mode: 0o750 });
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

/** Counts time and looks at this thread. Returns what ends it. */
function meter(recording: RecordingService, metrics: Metrics, isReady: () => boolean): () => void {
  const thread = new ThreadMeter();
  const completeness = new Completeness();
  let before = systemClock.mono();
  const everySecond = setInterval(() => {
    const now = systemClock.mono();
    const seconds = (now - before) / 1e6;
    before = now;
    for (const { id, missing } of recording.recorded()) {
      metrics.camera.timePassed(id, seconds);
      const lost = completeness.missing(id, missing, systemClock.wall(), seconds);
      if (missing) metrics.camera.notRecorded(id, missing.cause, lost);
    }
    metrics.thread.reported('main', thread.take());
    metrics.ready(isReady());
  }, METER_MILLIS);
  return () => {
    clearInterval(everySecond);
    thread.stop();
  };
}
