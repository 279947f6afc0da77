import type { EnrolledCamera } from './camera-roster.ts';
import type { MotionObserver } from './motion/motion-observer.ts';
import type { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Turns what motion analysis reports into log lines, one an incident, and into metrics. What it saw goes elsewhere. */
export function observeMotion(
  cameras: readonly EnrolledCamera[],
  log: Logger,
  metrics: Metrics,
  incidents: Incidents,
): Pick<MotionObserver, 'picture' | 'shed' | 'took' | 'problem'> {
  const ids = new Map(cameras.map(({ row }) => [row.cameraNo, row.id]));
  return {
    picture(cameraNo, result) {
      const id = ids.get(cameraNo);
      if (id !== undefined) metrics.motion.picture(id, result);
    },
    shed: (stage) => metrics.motion.shed(stage, 1),
    took: (seconds) => metrics.motion.took(seconds),
    problem(what, { cameraNo, error, ...fields }) {
      const camera = ids.get(cameraNo as number);
      incidents.report(`motion ${what} ${camera ?? ''}`, (times) =>
        log.warn(
          {
            ...(camera !== undefined && { camera }),
            ...(error !== undefined && { err: error }),
            ...fields,
            times,
          },
          what,
        ),
      );
    },
  };
}
