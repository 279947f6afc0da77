import type { CameraRow } from './catalog/catalog.ts';
import type { SubStreamObserver } from './substream/sub-stream-service.ts';
import type { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Turns what the smaller streams report into log lines, one an incident, and into metrics. */
export function observeSubStreams(
  cameras: readonly { readonly row: CameraRow }[],
  log: Logger,
  metrics: Metrics,
  incidents: Incidents,
): SubStreamObserver {
  const ids = new Map(cameras.map(({ row }) => [row.cameraNo, row.id]));
  return {
    subStreamChanged(cameraNo, state, reason) {
      const camera = ids.get(cameraNo);
      if (state === 'playing') log.info({ camera }, 'the detection stream plays');
      else {
        incidents.report(`${camera} detection ${state} ${reason}`, (times) =>
          log.warn(
            { camera, state, reason, times },
            'the detection stream brings nothing; recording goes on',
          ),
        );
      }
    },
    threadReported: (thread, load) => metrics.thread.reported(thread, load),
    threadDied(thread, error, retryMillis) {
      metrics.thread.died(thread);
      log.error(
        { thread, err: error, retryMillis },
        'the thread of detection streams ended and is started again',
      );
    },
    watchShed: (pictures) => metrics.motion.shed('tap', pictures),
    watchFailed(error) {
      incidents.report('motion', (times) =>
        log.error({ err: error, times }, 'motion analysis did not take pictures; recording goes on'),
      );
    },
  };
}
