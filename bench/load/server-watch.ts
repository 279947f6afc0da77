import type { ToldByServer } from './measured.ts';
import { parseSamples, percentilesBetween, type Samples, sumOf } from './prometheus.ts';

/** As often as a Prometheus would at most: asking costs the server something, too. */
const ASK_MILLIS = 5_000;
const ANSWER_MILLIS = 10_000;

interface LoopDelay {
  readonly thread: string;
  readonly seconds: number;
}

/** What our server says of itself while it is measured. */
export class ServerWatch {
  readonly #url: string;
  readonly #before: Samples;
  readonly #delays: LoopDelay[] = [];
  readonly #timer: NodeJS.Timeout;
  #asking: Promise<unknown> = Promise.resolve();

  private constructor(url: string, before: Samples) {
    this.#url = url;
    this.#before = before;
    this.#timer = setInterval(() => {
      this.#asking = this.#asking.then(() => this.#ask());
    }, ASK_MILLIS);
  }

  /** @throws Error when it does not answer */
  static async start(url: string): Promise<ServerWatch> {
    return new ServerWatch(url, await metricsOf(url));
  }

  /** @param seconds since the start */
  async stop(seconds: number): Promise<ToldByServer | undefined> {
    clearInterval(this.#timer);
    await this.#asking;
    const after = await this.#ask();
    if (!after) return undefined;
    const grown = (name: string): number => sumOf(after, name) - sumOf(this.#before, name);
    return {
      write: percentilesBetween(this.#before, after, 'vigie_segment_write_seconds'),
      loopDelay: this.#loopDelay(),
      gapSeconds: grown('vigie_gap_seconds_total'),
      storedBytesPerSecond: grown('vigie_upload_bytes_total') / seconds,
      shed: grown('vigie_shed_total'),
    };
  }

  /** A server that is too busy to answer is judged by its files. */
  async #ask(): Promise<Samples | undefined> {
    try {
      const samples = await metricsOf(this.#url);
      for (const { labels, value } of samples.get('vigie_event_loop_delay_seconds') ?? []) {
        this.#delays.push({ thread: labels['thread'] ?? '', seconds: value });
      }
      return samples;
    } catch {
      return undefined;
    }
  }

  /** Of the thread that is worst off. */
  #loopDelay(): ToldByServer['loopDelay'] {
    let found = { usual: 0, worst: 0, thread: '' };
    for (const thread of new Set(this.#delays.map((delay) => delay.thread))) {
      const delays = this.#delays
        .filter((delay) => delay.thread === thread)
        .map(({ seconds }) => seconds)
        .toSorted((a, b) => a - b);
      const usual = delays[delays.length >> 1] ?? 0;
      if (usual >= found.usual) found = { usual, worst: delays.at(-1) ?? 0, thread };
    }
    return found;
  }
}

export async function metricsOf(url: string): Promise<Samples> {
  const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(ANSWER_MILLIS) });
  return parseSamples(await answer.text());
}
