import type { RecordingObserver } from './record/recording-service.ts';
import type { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { MEDIA_TICKS_PER_SECOND } from './time/units.ts';

/** Turns what recording reports into log lines, one an incident, and into metrics. */
export function observeRecording(log: Logger, metrics: Metrics, incidents: Incidents): RecordingObserver {
  return {
    cameraChanged(camera, state, reason) {
      if (state === 'recording') log.info({ camera: camera.id }, 'recording');
      else {
        incidents.report(`${camera.id} ${state} ${reason}`, (times) =>
          log.warn({ camera: camera.id, state, reason, times }, 'not recording'),
        );
      }
    },
    status(camera, { state, stats }) {
      metrics.cameraReported(
        camera.id,
        {
          bytes: stats.bytes,
          frames: stats.frames,
          packetsLost: stats.packetsLost,
          recordedSeconds: stats.recordedTicks / MEDIA_TICKS_PER_SECOND,
          reconnects: stats.reconnects,
        },
        {
          state,
          clockOffsetSeconds: stats.clockOffsetMicros === null ? null : stats.clockOffsetMicros / 1e6,
          clockDriftPpm: stats.clockDriftPpm,
        },
      );
    },
    wrote: (micros) => metrics.wrote(micros / 1e6),
    loopDelay: (thread, seconds) => metrics.loopDelay(thread, seconds),
    diskProblem(camera, cause, problem) {
      incidents.report(`disk ${cause} ${camera.id}`, (times) =>
        log.error({ camera: camera.id, cause, problem, times }, 'the disk does not take what is recorded'),
      );
    },
    clockStepped: (thread, micros) =>
      log.warn({ thread, seconds: micros / 1e6 }, 'the clock of this machine was set: new recordings begin'),
    threadDied: (thread, error, retryMillis) =>
      log.error({ thread, err: error, retryMillis }, 'a recording thread ended and is started again'),
    catalogProblem: (error) => log.error({ err: error }, 'the catalog takes nothing; recording goes on'),
    recovered({ recovered, discarded }) {
      if (recovered + discarded > 0) log.info({ recovered, discarded }, 'an earlier recording was settled');
    },
    finding: (finding, fields) => log.info(fields, finding),
  };
}
