/** Prometheus text, taken apart. */
export interface Samples {
  /** Names with their labels, as they stand there. */
  readonly series: readonly string[];
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;

export function parseSamples(text: string): Samples {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = SAMPLE.exec(line);
    if (match) values.set(seriesName(match[1] as string, labelsOf(match[2] ?? '')), Number(match[3]));
  }
  return {
    series: [...values.keys()],
    value: (name, labels = {}) => values.get(seriesName(name, labels)),
  };
}

function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .toSorted();
  return `${name}{${pairs.join(',')}}`;
}

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((match) => [
      match[1] as string,
      JSON.parse(`"${match[2]}"`) as string,
    ]),
  );
