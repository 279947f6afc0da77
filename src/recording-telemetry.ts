import type { CameraStatus } from './ingest/camera-status.ts';
import type { RecordingObserver } from './record/recording-service.ts';
import type { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import type { CameraGauges, CameraTotals } from './telemetry/camera-metrics.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { MEDIA_TICKS_PER_SECOND } from './time/units.ts';

/** Codecs of video that are recorded, as a label; by what RFC 6381 has them begin with. */
export const VIDEO_CODECS = ['h264', 'h265'] as const;

/** Turns what recording reports into log lines, one an incident, and into metrics. */
export function observeRecording(log: Logger, metrics: Metrics, incidents: Incidents): RecordingObserver {
  return {
    cameraChanged(camera, state, reason) {
      log.debug({ camera: camera.id, state, reason }, 'a camera changed');
      if (state === 'recording') log.info({ camera: camera.id }, 'recording');
      else {
        incidents.report(`${camera.id} ${state} ${reason}`, (times) =>
          log.warn({ camera: camera.id, state, reason, times }, 'not recording'),
        );
      }
    },
    status(camera, status) {
      log.trace({ camera: camera.id, state: status.state, ...status.stats }, 'a camera every second');
      metrics.camera.reported(camera.id, totalsOf(status), gaugesOf(status));
    },
    wrote: (micros) => metrics.storage.wrote(micros / 1e6),
    threadReported(thread, load, { bytes, budgetBytes }) {
      metrics.thread.reported(thread, load);
      metrics.thread.buffers(thread, bytes, budgetBytes);
    },
    diskProblem(camera, cause, problem) {
      metrics.storage.diskFailed(cause);
      incidents.report(`disk ${cause} ${camera.id}`, (times) =>
        log.error({ camera: camera.id, cause, problem, times }, 'the disk does not take what is recorded'),
      );
    },
    clockStepped(thread, micros) {
      metrics.thread.clockStepped(thread);
      log.warn({ thread, seconds: micros / 1e6 }, 'the clock of this machine was set: new recordings begin');
    },
    threadDied(thread, error, retryMillis) {
      // Without a pause it is the settling after it that failed.
      if (retryMillis > 0) metrics.thread.died(thread);
      log.error({ thread, err: error, retryMillis }, 'a recording thread ended and is started again');
    },
    catalogProblem(error) {
      metrics.storage.catalogFailed();
      log.error({ err: error }, 'the catalog takes nothing; recording goes on');
    },
    recovered({ recovered, discarded }) {
      metrics.storage.settled(recovered, discarded);
      if (recovered + discarded > 0) log.info({ recovered, discarded }, 'an earlier recording was settled');
    },
    watchShed: (pictures) => metrics.motion.shed('tap', pictures),
    watchFailed(error) {
      incidents.report('motion', (times) =>
        log.error({ err: error, times }, 'motion analysis did not take pictures; recording goes on'),
      );
    },
    finding: (finding, fields) => log.info(fields, finding),
  };
}

const totalsOf = ({ stats }: CameraStatus): CameraTotals => ({
  bytes: stats.bytes,
  frames: stats.frames,
  framesDamaged: stats.framesDamaged,
  timestampsRepaired: stats.timestampsRepaired,
  packetsLost: stats.packetsLost,
  recordedSeconds: stats.recordedTicks / MEDIA_TICKS_PER_SECOND,
  reconnects: stats.reconnects,
});

const gaugesOf = ({ state, since, video, audio, certificateEnd, stats }: CameraStatus): CameraGauges => ({
  state,
  stateSince: since / 1e6,
  codec: video ? (video.codecs.startsWith('avc') ? 'h264' : 'h265') : null,
  widthPixels: video && video.width > 0 ? video.width : null,
  heightPixels: video && video.height > 0 ? video.height : null,
  keyFrameIntervalSeconds: stats.gopTicks > 0 ? stats.gopTicks / MEDIA_TICKS_PER_SECOND : null,
  hasSound: audio !== undefined,
  clockOffsetSeconds: toSeconds(stats.clockOffsetMicros),
  clockOffsetErrorSeconds: toSeconds(stats.clockOffsetErrorMicros),
  clockDriftPpm: stats.clockDriftPpm,
  clockDriftErrorPpm: stats.clockDriftErrorPpm,
  certificateEnd: toSeconds(certificateEnd),
});

const toSeconds = (micros: number | null): number | null => (micros === null ? null : micros / 1e6);
