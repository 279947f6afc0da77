import type { CameraRow, Catalog } from './catalog/catalog.ts';
import type { Config } from './config/config.ts';
import { observeEvents, observeWebhooks } from './event-telemetry.ts';
import { EventBook } from './motion/event-book.ts';
import { hookKey } from './motion/webhooks/signature.ts';
import { Webhooks } from './motion/webhooks/webhooks.ts';
import type { Incidents } from './telemetry/incidents.ts';
import type { Logger } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { Clock } from './time/clock.ts';

/** Where events go: into the catalog, and from there to those who want to be told. */
export interface EventOutlets {
  readonly book: EventBook;
  problems(): Iterable<string>;
  /** After whoever tells the book of events. */
  stop(): Promise<void>;
}

/** Settles what a crash has left open, and begins to tell webhooks what they are owed. */
export async function startEventOutlets(options: {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly webhooks: Config['webhooks'];
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly incidents: Incidents;
}): Promise<EventOutlets> {
  const { catalog, clock, webhooks: configured, log, metrics, incidents } = options;
  const numbers = new Map((await catalog.cameras()).map((row: CameraRow) => [row.id, row.cameraNo]));
  const book = new EventBook({
    catalog: catalog.motion,
    clock,
    subscriptions: configured.map(({ url, kinds, cameras }) => ({
      hook: hookKey(url),
      kinds: kinds && new Set(kinds),
      cameraNos: cameras && new Set(cameras.flatMap((id) => numbers.get(id) ?? [])),
    })),
    observer: observeEvents(log, metrics, incidents),
  });
  for (const index of configured.keys()) metrics.motion.addWebhook(nameOf(configured, index));
  const webhooks = new Webhooks({
    outbox: catalog.outbox,
    clock,
    hooks: configured.map(({ url, secret, caFile }, index) => ({
      ...{ key: hookKey(url), url, secret, caFile },
      name: nameOf(configured, index),
    })),
    observer: observeWebhooks(log, metrics, incidents),
  });
  book.onChange(() => webhooks.wake());
  const settled = await book.settle();
  if (settled > 0) log.info({ events: settled }, 'events that a crash had left open are ended');
  webhooks.start();
  return {
    book,
    problems: () => (book.problem === undefined ? [] : [book.problem]),
    async stop() {
      await book.stop();
      await webhooks.stop();
    },
  };
}

/** The host, and a number where several have the same: the rest of an address may be secret. */
function nameOf(webhooks: Config['webhooks'], index: number): string {
  const hosts = webhooks.map(({ url }) => new URL(url).host);
  const host = hosts[index] as string;
  const before = hosts.slice(0, index).filter((other) => other === host).length;
  return before === 0 ? host : `${host} (${before + 1})`;
}
