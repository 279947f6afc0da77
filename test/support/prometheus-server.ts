import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { until } from './vigie.ts';

/** A series of the answer: its labels, and values by time. */
export interface Answer {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

export interface PrometheusServer {
  /** As a panel over the last minute does. */
  over(expr: string): Promise<readonly Answer[]>;
  /** As a table does. */
  now(expr: string): Promise<readonly Answer[]>;
  stop(): Promise<void>;
}

interface Reply {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

/** Whatever a test that failed did not stop ends with the tests. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The real one, which looks at `target` (host and port) every second and has the rules of this file. */
export async function startPrometheus(target: string, rules: string): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-prometheus-'));
  const port = await freePort();
  const configuration = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'vigie', static_configs: [{ targets: [target] }] }],
  };
  await writeFile(join(folder, 'prometheus.yml'), stringify(configuration));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  running.add(child);
  const ended = once(child, 'exit');
  void ended.then(() => running.delete(child));
  const url = `http://127.0.0.1:${port}`;
  await until('Prometheus is ready', async () => (await fetch(`${url}/-/ready`)).ok, 60);

  const ask = async (
    path: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<readonly Answer[]> => {
    const answer = await fetch(`${url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const { status, error, data } = (await answer.json()) as Reply;
    if (status !== 'success') throw new Error(`${parameters['query']}: ${error}`);
    return data.result.map(({ metric, value, values }) => ({
      metric,
      values: (values ?? (value ? [value] : [])).map(([, text]) => Number(text)),
    }));
  };
  return {
    over: (query) => {
      const end = Date.now() / 1_000;
      return ask('query_range', { query, start: String(end - 60), end: String(end), step: '2' });
    },
    now: (query) => ask('query', { query }),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
