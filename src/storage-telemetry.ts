import type { StorageObserver } from './storage/storage-observer.ts';
import type { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Turns what storage reports into log lines, one an incident, and into metrics. */
export function observeStorage(log: Logger, metrics: Metrics, incidents: Incidents): StorageObserver {
  return {
    uploaded(bytes) {
      log.debug({ bytes }, 'the object store took a segment');
      metrics.storage.uploaded(bytes);
    },
    uploadFailed({ problem, message }, segment) {
      metrics.storage.uploadFailed(problem);
      incidents.report(`upload ${problem} ${message}`, (times) =>
        log.error(
          { problem, segment, reason: message, times },
          'a segment could not be stored; recording goes on',
        ),
      );
    },
    storeRecovered: () => log.info('the object store works again'),
    backlog: ({ segments, bytes, ageMicros }) =>
      metrics.storage.backlog({ segments, bytes, ageSeconds: ageMicros / 1e6 }),
    disk: (space) => metrics.storage.disk(space),
    destroyed(segments, tier) {
      log.debug({ segments, tier }, 'footage was destroyed');
      metrics.storage.destroyed(segments, tier);
    },
    overdue: (segments) => log.info({ segments }, 'footage is past its date and is destroyed'),
    evicted(segments) {
      log.debug({ segments }, 'local copies went, as the object store has them');
      metrics.storage.evicted(segments);
    },
    sacrificed(segments) {
      metrics.storage.sacrificed(segments.length);
      incidents.report('sacrificed', (times) =>
        log.warn({ segments: segments.length, times }, 'the disk is full: footage goes before its time'),
      );
    },
    lost(camera, { start, end, bytes }) {
      metrics.storage.lost();
      log.error({ camera, start, end, bytes }, 'a segment is neither on disk nor in the object store');
    },
    failed(what, error) {
      metrics.storage.failed();
      incidents.report(`storage ${what}`, (times) => log.error({ err: error, times }, what));
    },
  };
}
