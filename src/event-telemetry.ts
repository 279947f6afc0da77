import type { EventBookObserver } from './motion/event-book.ts';
import type { WebhookObserver } from './motion/webhooks/webhooks.ts';
import type { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Turns what becomes of events into log lines, one an incident, and into metrics. */
export function observeEvents(log: Logger, metrics: Metrics, incidents: Incidents): EventBookObserver {
  return {
    failed: (error) => log.error({ err: error }, 'the catalog takes no events; they wait for it'),
    recovered: () => log.info('the catalog takes events again'),
    dropped(writes) {
      metrics.motion.eventsDropped(writes);
      incidents.report('events dropped', (times) =>
        log.error({ times }, 'too many events wait for the catalog: the oldest are lost'),
      );
    },
    refused({ problem, write }) {
      metrics.motion.eventsDropped(1);
      incidents.report(`event refused ${problem}`, (times) =>
        log.error({ problem, write, times }, 'the catalog refuses an event: it is lost'),
      );
    },
  };
}

/** What becomes of what a webhook is to be told, as a label. */
export const WEBHOOK_RESULTS = ['delivered', 'refused', 'unreachable', 'expired', 'overflowed'] as const;

/** The same of what webhooks are told. */
export function observeWebhooks(log: Logger, metrics: Metrics, incidents: Incidents): WebhookObserver {
  return {
    delivered: (hook) => metrics.motion.webhookDelivery(hook, 'delivered', 1),
    failed(hook, { kind, problem }, tries) {
      metrics.motion.webhookDelivery(hook, kind, 1);
      incidents.report(`webhook ${hook} ${problem}`, (times) =>
        log.warn({ hook, problem, tries, times }, 'a webhook did not take an event; it is told again later'),
      );
    },
    recovered: (hook) => log.info({ hook }, 'a webhook takes events again'),
    dropped(hook, expired, overflowed) {
      metrics.motion.webhookDelivery(hook, 'expired', expired);
      metrics.motion.webhookDelivery(hook, 'overflowed', overflowed);
      log.error(
        { hook, expired, overflowed },
        'a webhook was away for too long: it is not told of these events',
      );
    },
    waiting: (hook, deliveries) => metrics.motion.webhookBacklog(hook, deliveries),
    broken: (what, error) =>
      incidents.report(`webhooks ${what}`, (times) => log.error({ err: error, times }, what)),
  };
}
