import { parseSamples, percentilesBetween, type Samples } from '../load/prometheus.ts';
import { treeCost } from '../load/process-tree.ts';
import type { Watched } from './trend.ts';

type Points = [number, number][];

const ANSWER_MILLIS = 10_000;

/** What is looked at, and what of a rise is let pass. */
const WATCHED = {
  memory: { name: 'memory', unit: 'MB', tolerance: { share: 0.05, least: 4 } },
  heap: { name: 'JavaScript heap', unit: 'MB', tolerance: { share: 0.1, least: 8 } },
  external: { name: 'buffers outside the heap', unit: 'MB', tolerance: { share: 0.1, least: 8 } },
  handles: { name: 'handles', unit: 'open', tolerance: { share: 0.01, least: 2 } },
  cpu: { name: 'processor', unit: '% of a core', tolerance: { share: 0.1, least: 2 } },
  loop: { name: 'loop delay p99', unit: 'ms', tolerance: { share: 0.25, least: 10 } },
  write: { name: 'write p99', unit: 'ms', tolerance: { share: 0.25, least: 10 } },
} as const;

/** Memory, handles and latency of a server, taken again and again. */
export class SoakSamples {
  readonly #pid: number;
  readonly #url: string;
  readonly #began = performance.now();
  readonly #points: Readonly<Record<keyof typeof WATCHED, Points>> = {
    ...{ memory: [], heap: [], external: [], handles: [], cpu: [], loop: [], write: [] },
  };
  #before: Samples | undefined;
  #cpu: { readonly at: number; readonly seconds: number } | undefined;

  constructor(pid: number, url: string) {
    this.#pid = pid;
    this.#url = url;
  }

  /** @returns whether the server answered */
  async take(): Promise<boolean> {
    const now = performance.now();
    const cost = treeCost([this.#pid]);
    this.#add('memory', cost.residentBytes / 1e6);
    this.#add('handles', cost.handles);
    if (this.#cpu)
      this.#add('cpu', ((cost.cpuSeconds - this.#cpu.seconds) / ((now - this.#cpu.at) / 1_000)) * 100);
    this.#cpu = { at: now, seconds: cost.cpuSeconds };
    const samples = await this.#ask();
    if (!samples) return false;
    const first = (name: string): number => samples.get(name)?.[0]?.value ?? 0;
    this.#add('heap', first('nodejs_heap_size_used_bytes') / 1e6);
    this.#add('external', first('nodejs_external_memory_bytes') / 1e6);
    const delays = (samples.get('vigie_event_loop_delay_seconds') ?? []).map(({ value }) => value);
    this.#add('loop', Math.max(0, ...delays) * 1_000);
    if (this.#before) {
      const { p99 } = percentilesBetween(this.#before, samples, 'vigie_segment_write_seconds');
      if (p99 !== null) this.#add('write', p99 * 1_000);
    }
    this.#before = samples;
    return true;
  }

  all(): readonly Watched[] {
    return Object.entries(WATCHED).map(([key, watched]) => ({
      ...watched,
      points: this.#points[key as keyof typeof WATCHED],
    }));
  }

  #add(key: keyof typeof WATCHED, value: number): void {
    this.#points[key].push([(performance.now() - this.#began) / 1_000, value]);
  }

  async #ask(): Promise<Samples | undefined> {
    try {
      const answer = await fetch(`${this.#url}/metrics`, { signal: AbortSignal.timeout(ANSWER_MILLIS) });
      return parseSamples(await answer.text());
    } catch {
      return undefined;
    }
  }
}
