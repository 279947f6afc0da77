/** One sample of an answer of `/metrics`. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type Samples = ReadonlyMap<string, readonly Sample[]>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;

/** The text format of Prometheus, as far as our own server writes it. */
export function parseSamples(text: string): Samples {
  const samples = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const match = line.startsWith('#') ? null : LINE.exec(line);
    if (!match) continue;
    const [, name = '', labelText = '', value] = match;
    const labels: Record<string, string> = {};
    for (const [, key, content] of labelText.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
      labels[key as string] = content as string;
    }
    const known = samples.get(name);
    const sample = { labels, value: Number(value) };
    if (known) known.push(sample);
    else samples.set(name, [sample]);
  }
  return samples;
}

/** All samples of a metric together. */
export const sumOf = (samples: Samples, name: string): number =>
  (samples.get(name) ?? []).reduce((sum, { value }) => sum + value, 0);

/** Latencies in seconds; `null`: nothing happened. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Of what a histogram has counted between two answers, as `histogram_quantile` has it: straight lines within buckets. */
export function percentilesBetween(before: Samples, after: Samples, name: string): Percentiles {
  const counts = new Map<number, number>();
  for (const [samples, sign] of [
    [after, 1],
    [before, -1],
  ] as const) {
    for (const { labels, value } of samples.get(`${name}_bucket`) ?? []) {
      const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
      counts.set(bound, (counts.get(bound) ?? 0) + sign * value);
    }
  }
  const buckets = [...counts].toSorted(([a], [b]) => a - b);
  const total = buckets.at(-1)?.[1] ?? 0;
  const at = (share: number): number | null => {
    if (total <= 0) return null;
    const rank = share * total;
    let [lower, below] = [0, 0];
    for (const [bound, count] of buckets) {
      if (count >= rank) {
        if (bound === Number.POSITIVE_INFINITY) return lower;
        return lower + ((bound - lower) * (rank - below)) / Math.max(1, count - below);
      }
      [lower, below] = [bound, count];
    }
    return lower;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Of numbers that were taken one by one. */
export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | null =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
