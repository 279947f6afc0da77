import type { Instruments } from './instruments.ts';

export interface MotionWords {
  readonly results: readonly string[];
  readonly shedStages: readonly string[];
  readonly webhookResults: readonly string[];
}

/** Motion detection, and who is told of what it finds. */
export class MotionMetrics {
  readonly #words: MotionWords;
  readonly #pictures;
  readonly #shed;
  readonly #took;
  readonly #eventsDropped;
  readonly #webhookDeliveries;
  readonly #webhookBacklog;

  constructor(instruments: Instruments, words: MotionWords) {
    this.#words = words;
    this.#pictures = instruments.counter(
      'vigie_motion_frames_total',
      'Pictures handed over to look for motion, by what became of them: moving, still, learning (looked at), passed (a key frame that costs so little to code that nothing can move in it), shed, undecodable, failed',
      ['camera', 'result'],
    );
    this.#shed = instruments.counter(
      'vigie_shed_total',
      'What was left out as this machine had no time for it, by where; recording never is',
      ['stage'],
    );
    this.#took = instruments.histogram(
      'vigie_motion_seconds',
      'From a picture being handed over to what was seen in it',
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    );
    this.#eventsDropped = instruments.counter(
      'vigie_events_dropped_total',
      'Events and looked-at minutes that the catalog did not take',
    );
    this.#webhookDeliveries = instruments.counter(
      'vigie_webhook_deliveries_total',
      'What became of a try to tell a webhook of an event (delivered, refused, unreachable), and what was dropped untold (expired, overflowed)',
      ['hook', 'result'],
    );
    this.#webhookBacklog = instruments.gauge(
      'vigie_webhook_backlog',
      'Messages that a webhook has not taken yet',
      ['hook'],
    );
    for (const stage of words.shedStages) this.#shed.inc({ stage }, 0);
  }

  /** A camera that is looked at. */
  addCamera(camera: string): void {
    for (const result of this.#words.results) this.#pictures.inc({ camera, result }, 0);
  }

  /** A webhook of the configuration. */
  addWebhook(hook: string): void {
    for (const result of this.#words.webhookResults) this.#webhookDeliveries.inc({ hook, result }, 0);
    this.#webhookBacklog.set({ hook }, 0);
  }

  picture(camera: string, result: string): void {
    this.#pictures.inc({ camera, result });
  }

  shed(stage: string, pictures: number): void {
    this.#shed.inc({ stage }, pictures);
  }

  took(seconds: number): void {
    this.#took.observe(seconds);
  }

  eventsDropped(writes: number): void {
    this.#eventsDropped.inc(writes);
  }

  webhookDelivery(hook: string, result: string, messages: number): void {
    this.#webhookDeliveries.inc({ hook, result }, messages);
  }

  webhookBacklog(hook: string, messages: number): void {
    this.#webhookBacklog.set({ hook }, messages);
  }
}
