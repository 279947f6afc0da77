import type { RtmpServiceObserver } from './rtmp/rtmp-service.ts';
import type { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Turns what the RTMP thread reports into log lines, one an incident, and into metrics. */
export function observePushes(log: Logger, metrics: Metrics, incidents: Incidents): RtmpServiceObserver {
  return {
    published(camera, peer) {
      incidents.report(`rtmp published ${camera}`, (times) =>
        log.info({ camera, peer, times }, 'an encoder publishes'),
      );
    },
    refused({ cause, reason, peer, cameraId }) {
      log.debug({ camera: cameraId, cause, reason, peer }, 'an RTMP connection was refused');
      const address = peer.slice(0, peer.lastIndexOf(':'));
      incidents.report(`rtmp refused ${cause} ${address} ${cameraId ?? ''}`, (times) =>
        log.warn({ camera: cameraId, cause, reason, peer, times }, 'an RTMP connection was cut'),
      );
    },
    counts({ refused, dropped, load }) {
      for (const [cause, count] of Object.entries(refused)) metrics.rtmpRefused(cause, count);
      for (const { id, messages } of dropped) metrics.rtmpDropped(id, messages);
      metrics.thread.reported('rtmp', load);
    },
    died(error, retryMillis) {
      metrics.thread.died('rtmp');
      log.error({ err: error, retryMillis }, 'the RTMP thread ended and is started again');
    },
  };
}
