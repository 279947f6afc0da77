import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery, Outbox } from '../../catalog/outbox.ts';
import type { Clock } from '../../time/clock.ts';
import { type WallMicros, wallMicros } from '../../time/units.ts';
import { eventJson } from '../event-json.ts';
import { Patience } from './patience.ts';
import { signature } from './signature.ts';
import { type WebhookOutcome, WebhookSender } from './webhook-request.ts';

const TIMEOUT_MILLIS = 10_000;
const FIRST_RETRY_MILLIS = 1_000;
const LONGEST_RETRY_MILLIS = 300_000;
/** What a webhook that answers refuses so often is put aside, so that what is behind it gets through. */
const TRIES_IN_ORDER = 4;
const FIRST_ASIDE_MICROS = 60_000_000;
const LONGEST_ASIDE_MICROS = 3_600_000_000;
/** Of one webhook: a tenth of a gigabyte in the catalog for ten of them. */
const MOST_WAITING = 100_000;
const CHECK_MILLIS = 60_000;

export interface Webhook {
  /** As in the outbox. */
  readonly key: string;
  /** For people and metrics: never the address. */
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  /** PEM file of the authority that signed its certificate; `undefined`: one that the system knows. */
  readonly caFile: string | undefined;
}

/** Who logs and counts. */
export interface WebhookObserver {
  delivered(hook: string): void;
  failed(hook: string, outcome: Exclude<WebhookOutcome, { kind: 'taken' }>, tries: number): void;
  /** It takes messages again. */
  recovered(hook: string): void;
  dropped(hook: string, expired: number, overflowed: number): void;
  waiting(hook: string, deliveries: number): void;
  /** The catalog is not as it should be: tried again. */
  broken(what: string, error: unknown): void;
}

export interface WebhooksOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly hooks: readonly Webhook[];
  readonly observer: WebhookObserver;
  /** An answer has to be there so soon. */
  readonly timeoutMillis?: number;
}

/**
 * Tells webhooks what the outbox has for them: each by a loop of its own, so that one which is dead or slow is nobody
 * else's business. One message at a time, in order; the same message again until it is taken, at longer and longer
 * intervals. So each arrives at least once, and by its id a receiver knows what it has had.
 */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #stop = new AbortController();
  /** What ends the waiting of loops that have nothing to do. */
  readonly #wakers = new Set<() => void>();
  /** Counts the calls of `wake`: one that comes while the outbox is read must not be slept through. */
  #news = 0;
  #loops: Promise<void>[] = [];

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loops = this.#options.hooks.map((hook) => this.#run(hook));
  }

  /** There is something new in the outbox. */
  wake(): void {
    this.#news++;
    for (const wake of this.#wakers) wake();
  }

  /** What is on its way is cut off: it is told again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.wake();
    await Promise.all(this.#loops);
  }

  async #run(hook: Webhook): Promise<void> {
    const { signal } = this.#stop;
    const { clock, timeoutMillis = TIMEOUT_MILLIS } = this.#options;
    const sender = new WebhookSender({ ...hook, timeoutMillis });
    const patience = new Patience(clock);
    let failures = 0;
    let checked = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      if (performance.now() - checked >= CHECK_MILLIS) {
        await this.#lasting('the outbox of webhooks could not be looked through', () =>
          this.#check(hook, patience.endedBefore()),
        );
        checked = performance.now();
      }
      const news = this.#news;
      const delivery = await this.#lasting('the outbox of webhooks could not be read', () =>
        this.#options.outbox.nextDelivery(hook.key, clock.wall()),
      );
      if (!delivery) {
        await this.#idle(hook, news);
        continue;
      }
      const outcome = await this.#tell(sender, hook, delivery);
      if (signal.aborted && outcome.kind !== 'taken') break;
      await this.#settle(hook, delivery, outcome);
      if (outcome.kind === 'taken') {
        if (failures > 0) this.#options.observer.recovered(hook.name);
        failures = 0;
        continue;
      }
      const asked = outcome.kind === 'refused' ? outcome.retryAfterSeconds * 1_000 : 0;
      await this.#pause(Math.max(asked, doubled(FIRST_RETRY_MILLIS, failures, LONGEST_RETRY_MILLIS)));
      failures++;
    }
    sender.close();
  }

  #tell(
    sender: WebhookSender,
    { secret }: Webhook,
    { id, ended, event, camera }: Delivery,
  ): Promise<WebhookOutcome> {
    const body = JSON.stringify({
      type: ended ? 'event-ended' : 'event-begun',
      event: eventJson(event, camera),
    });
    const seconds = Math.floor(this.#options.clock.wall() / 1e6);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'vigie',
      'x-vigie-delivery': id,
      'x-vigie-signature': signature(secret, seconds, body),
    };
    return sender.post(body, headers, this.#stop.signal);
  }

  async #settle({ name }: Webhook, { deliveryNo, tries }: Delivery, outcome: WebhookOutcome): Promise<void> {
    const { outbox, clock, observer } = this.#options;
    if (outcome.kind === 'taken') {
      observer.delivered(name);
      // Until the catalog has taken that, nothing else is told: after a crash it would be told a second time.
      await this.#lasting('what a webhook was told could not be ticked off', () =>
        outbox.delivered(deliveryNo),
      );
      return;
    }
    observer.failed(name, outcome, tries + 1);
    const aside = outcome.kind === 'refused' ? tries + 1 - TRIES_IN_ORDER : -1;
    const due = aside < 0 ? 0 : clock.wall() + doubled(FIRST_ASIDE_MICROS, aside, LONGEST_ASIDE_MICROS);
    await this.#lasting('what a webhook did not take could not be put off', () =>
      outbox.postpone(deliveryNo, wallMicros(due)),
    );
  }

  async #check({ key, name }: Webhook, before: WallMicros): Promise<void> {
    const { outbox, observer, hooks } = this.#options;
    const { expired, overflowed } = await outbox.dropDeliveries({ hook: key, before, most: MOST_WAITING });
    if (expired + overflowed > 0) observer.dropped(name, expired, overflowed);
    await outbox.dropOthers(
      hooks.map((hook) => hook.key),
      before,
    );
    observer.waiting(name, await outbox.waiting(key));
  }

  /** Tries until it works, or until the end. */
  async #lasting<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    for (let failures = 0; ; failures++) {
      try {
        return await work();
      } catch (error) {
        this.#options.observer.broken(what, error);
      }
      if (this.#stop.signal.aborted) return undefined;
      await this.#pause(doubled(FIRST_RETRY_MILLIS, failures, CHECK_MILLIS));
    }
  }

  /** Until there may be something to do: `news` as it was before the outbox was read. */
  async #idle({ key, name }: Webhook, news: number): Promise<void> {
    const { outbox, clock, observer } = this.#options;
    const due = await this.#lasting('the outbox of webhooks could not be read', () => outbox.nextDue(key));
    if (due === undefined) observer.waiting(name, 0);
    if (this.#news !== news) return;
    const ended = new AbortController();
    const wake = (): void => ended.abort();
    this.#wakers.add(wake);
    const millis = due === undefined ? CHECK_MILLIS : Math.max(0, (due - clock.wall()) / 1_000);
    await this.#pause(Math.min(CHECK_MILLIS, millis), ended.signal);
    this.#wakers.delete(wake);
  }

  async #pause(millis: number, ended?: AbortSignal): Promise<void> {
    const signal = ended ? AbortSignal.any([ended, this.#stop.signal]) : this.#stop.signal;
    await sleep(millis, undefined, { signal }).catch(() => undefined);
  }
}

const doubled = (first: number, times: number, most: number): number => Math.min(most, first * 2 ** times);
